"""Twenty people: a file refused for each reason, files put right, people overseas, in initial training, at exams."""

from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.contract import ContractType
from app.seed.published_catalogue import FRANCILIN, LA_FABRIK
from app.seed.scenarios.fictional_employers import (
    CCAS,
    CLIC,
    COMMUNAUTE,
    COMPTOIR,
    ECRANS,
    FRANCE_SERVICES,
    LAGON,
    MAIRIE,
    MEDIATHEQUE,
    PASSEURS,
    RAVINE,
    SYNDICAT,
)
from app.seed.scenarios.modules import AI, AIDANTS, CAFE_IA, CYBER, DISABILITY, FULL_TITLE, GREEN, INITIAL, PARENTS
from app.seed.scenarios.people_by_entitlement import IN_2021, IN_2022, IN_2023, JUSTIFIED, UNJUSTIFIED
from app.seed.scenarios.scenario import Course, Exam, Filed, Notified, Person, Positioned, Post, Terminated

FAILED = CertificationOutcome.FAILED
EXCUSED, ABSENT = CertificationOutcome.ABSENT_JUSTIFIED, CertificationOutcome.ABSENT_UNJUSTIFIED
DS, CONTRACT, VALIDATION = "ds_file_number", "contract_uploaded_on", "validated_on"

PEOPLE_BY_REFUSAL: tuple[Person, ...] = (
    Person(
        900021, "Ulysse Maréchal", "Ni entré en formation initiale, ni dispensé : chaque module est refusé",
        posts=(Post(MEDIATHEQUE, "2025-01-06"),),
        courses=(Course(CYBER, "2025-05-13"), Course(AI, "2026-03-10"), Course(GREEN, "+30")),
    ),
    Person(
        900022, "Valentine Rocher", "Dossier vide, structure sans habilitation, formation initiale à suivre",
        posts=(Post(COMPTOIR, "2025-03-03", "2028-03-02", missing=(DS, CONTRACT, VALIDATION)),),
        courses=(Course(AIDANTS, "2025-05-13"), Course(INITIAL, "2025-09-15"), Course(INITIAL, "+64")),
    ),
    Person(
        900023, "William Texier", "Contrat arrivé à son terme, non renouvelé",
        posts=(Post(CCAS, "2022-06-01", "2025-05-31"),), trained=IN_2022,
        courses=(Course(CYBER, "2024-09-17"), Course(AI, "2025-05-20"), Course(GREEN, "2025-06-12")),
    ),
    Person(
        900024, "Yaëlle Besnard", "Contrat rompu : une inscription acceptée est refusée, son droit rendu",
        posts=(Post(ECRANS, "2021-03-01", then=(Terminated("2025-02-20", "2025-02-28"),)),), trained=IN_2021,
        courses=(Course(GREEN, "2024-10-08"), Course(AI, "2025-03-11"), Course(CYBER, "2025-05-13")),
    ),
    Person(
        900025, "Zacharie Oger", "Dispensé (CATIC) ; un premier module demandé avant le début du contrat",
        posts=(Post(FRANCE_SERVICES, "2025-09-01", known="2025-05-05"),),
        courses=(
            Course(CYBER, "2025-06-12"), Course(CYBER, "2025-10-07"), Course(DISABILITY, "2026-01-20"),
            Course(CAFE_IA, "+34"),
        ),
        exams=(Exam("catic", "2016-06-24"),),
    ),
    Person(
        900026, "Aurore Pichon", "Sans contrat",
        trained=IN_2022, courses=(Course(GREEN, "2025-05-13"), Course(AI, "+21")),
    ),
    Person(
        900027, "Brendan Lucas", "Renouvellement enfin validé : le refus peut être réexaminé, l’avis est attendu",
        posts=(
            Post(CCAS, "2023-01-16", "-121"),
            Post(CCAS, "-120", "+610", missing=(VALIDATION,), renews=True, then=(Filed("-6"),)),
        ),
        trained=IN_2023,
        courses=(Course(CYBER, "2024-06-11"), Course(GREEN, "2025-02-11"), Course(AI, "+24", asked="-20")),
    ),
    Person(
        900028, "Clémence Blin", "Dispensée (CCP1 Médiateur numérique) ; contrat renouvelé, ni déposé ni validé",
        posts=(
            Post(SYNDICAT, "2025-09-01", "2026-03-31", type=ContractType.PEC),
            Post(SYNDICAT, "2026-04-01", "2027-03-31", missing=(CONTRACT, VALIDATION), renews=True),
        ),
        department="22",
        courses=(Course(PARENTS, "2025-11-18"), Course(CYBER, "2026-05-19"), Course(GREEN, "+40")),
        exams=(Exam("mediateur-numerique-ccp1", "2025-07-25"),),
    ),
    Person(
        900029, "Denez Roussel", "Dispensé (ancien titre) ; refusé, dossier complété, avis donné, accepté",
        posts=(
            Post(FRANCE_SERVICES, "2025-02-03", missing=(CONTRACT, VALIDATION), then=(Filed("2025-04-22"),)),
        ),
        courses=(
            Course(AIDANTS, "2025-05-13", then=(Notified("2025-04-17"), Notified("2025-04-24"))),
            Course(AI, "2026-02-03"), Course(CYBER, "+42"),
        ),
        exams=(Exam("conseiller-mediateur-numerique", "2015-07-03"),),
    ),
    Person(
        900030, "Enora Thébault", "Dispensée (CCP1 REMN), deux mi-temps ; l’assiduité de son Café IA est à enregistrer",
        posts=(
            Post(MAIRIE, "2024-01-15", "2027-01-14", type=ContractType.CDP),
            Post(MEDIATHEQUE, "2024-03-04", "2027-03-03", missing=(CONTRACT, VALIDATION)),
        ),
        courses=(
            Course(GREEN, "2024-05-14"), Course(CYBER, "2025-05-20"), Course(DISABILITY, "2026-03-10"),
            Course(CAFE_IA, "-9", outcome=None),
        ),
        exams=(Exam("remn-ccp1", "2022-11-08"),),
    ),
    Person(
        900031, "Fañch Leroux", "Dispensé (titre REMN) ; Aidants Connect demande l’habilitation de la structure",
        posts=(Post(PASSEURS, "2024-02-05"),),
        courses=(
            Course(CYBER, "2024-10-08"), Course(GREEN, "2025-05-20"), Course(AIDANTS, "2025-11-18"),
            Course(AIDANTS, "+35"),
        ),
        exams=(Exam("remn", "2023-11-30"),),
    ),
    Person(
        900032, "Gwenola Moisan", "Formation initiale déjà financée, redemandée par un nouvel employeur",
        posts=(
            Post(COMPTOIR, "2022-01-10", "2025-01-09"), Post(CLIC, "2025-06-02"),
        ),
        trained=IN_2022,
        courses=(Course(CYBER, "2024-09-17"), Course(INITIAL, "2025-09-15"), Course(AIDANTS, "2025-10-07")),
    ),
    Person(
        900033, "Hippolyte Lainé", "S’adresse au mauvais organisme, puis suit la formation initiale de sa région",
        posts=(Post(SYNDICAT, "2025-02-03"),), department="22",
        courses=(
            Course(INITIAL, "2025-03-17", organisation=FRANCILIN),
            Course(INITIAL, "2025-04-07", then=(Positioned("2025-03-25", 70),)),
            Course(CAFE_IA, "2025-06-17"), Course(CYBER, "2025-09-18"), Course(DISABILITY, "+49"),
        ),
        exams=(Exam("remn-ccp1", "2025-06-24"), Exam("pix", "2025-07-01")),
    ),
    Person(
        900034, "Ibrahim Hoarau", "La Réunion : formation initiale avec Francil’In",
        posts=(Post(RAVINE, "2024-08-26"),), department="974",
        courses=(
            Course(INITIAL, "2024-09-30", asked="2024-08-29", organisation=LA_FABRIK),
            Course(INITIAL, "2024-10-07", asked="2024-09-03", then=(Positioned("2024-09-24", 70),)),
            Course(AI, "2025-02-11"), Course(CAFE_IA, "2025-05-13"), Course(PARENTS, "2025-09-09"),
            Course(CYBER, "2026-01-20"),
        ),
        exams=(Exam("remn-ccp1", "2024-12-12"), Exam("pix", "2024-12-17")),
    ),
    Person(
        900035, "Jessica Attoumani", "Mayotte : formation initiale manquée, le module qui la suivait est refusé",
        posts=(Post(LAGON, "2025-01-20"),), department="976",
        courses=(
            Course(INITIAL, "2025-03-03", outcome=UNJUSTIFIED),
            Course(CYBER, "2025-05-13", asked="2025-02-10"), Course(GREEN, "2025-10-07"), Course(INITIAL, "+60"),
        ),
    ),
    Person(
        900036, "Kévin Boulanger", "Médiateur hors dispositif : les modules, sans financement, et rien d’autre",
        in_scheme=False,
        courses=(
            Course(CYBER, "2025-05-13"), Course(INITIAL, "2025-09-15"),
            Course(FULL_TITLE, "2025-09-22", employer_agreement=True), Course(CAFE_IA, "2025-12-02"),
            Course(AI, "+33"),
        ),
    ),
    Person(
        900037, "Ludivine Chauvel", "CCP1 échoué puis obtenu ; titre complet refusé, puis préparé et obtenu",
        posts=(Post(CLIC, "2023-01-09"),), trained=IN_2023,
        courses=(
            Course(FULL_TITLE, "2024-02-05", asked="2024-01-15"), Course(AI, "2024-11-19"),
            Course(FULL_TITLE, "2025-03-17", employer_agreement=True), Course(AIDANTS, "2025-09-18"),
        ),
        exams=(
            Exam("remn-ccp1", "2023-06-15", FAILED), Exam("pix", "2023-06-20"), Exam("remn-ccp1", "2024-02-15"),
            Exam("remn-ccp2", "2025-06-26"), Exam("remn-ccp3", "2025-06-26"), Exam("remn", "2025-07-04"),
        ),
    ),
    Person(
        900038, "Mathis Renard", "CCP1 : absent sur certificat médical, puis obtenu ; titre complet demandé trop tard",
        posts=(Post(MAIRIE, "2025-01-06"),),
        courses=(
            Course(INITIAL, "2025-02-03", then=(Positioned("2025-01-21"),)), Course(GREEN, "2025-06-12"),
            Course(AI, "2025-10-07", outcome=JUSTIFIED, motive="medical_certificate"), Course(CYBER, "2025-12-02"),
            Course(FULL_TITLE, "2025-11-03", employer_agreement=True),
        ),
        exams=(
            Exam("remn-ccp1", "2025-04-29", EXCUSED, "medical_certificate"), Exam("pix", "2025-05-13"),
            Exam("remn-ccp1", "2025-05-27"),
        ),
    ),
    Person(
        900039, "Nadège Foucher", "Absente au CCP1 et à Pix sans justification ; titre complet refusé deux fois",
        posts=(Post(COMMUNAUTE, "2025-02-03"),),
        courses=(
            Course(INITIAL, "2025-03-03", then=(Positioned("2025-02-18"),)), Course(CYBER, "2025-06-17"),
            Course(FULL_TITLE, "2025-09-15", then=(Notified("2025-09-02", employer_agreement=True),)),
        ),
        exams=(Exam("remn-ccp1", "2025-06-10", ABSENT), Exam("pix", "2025-06-12", ABSENT)),
    ),
    Person(
        900040, "Ophélie Gicquel", "Dispensée (titre Médiateur numérique) ; des sessions à venir à déplacer ou annuler",
        posts=(Post(ECRANS, "2025-10-06"),),
        courses=(Course(PARENTS, "2025-12-02"), Course(AI, "2026-03-10"), Course(CYBER, "+31"), Course(CAFE_IA, "+63")),
        exams=(Exam("mediateur-numerique", "2025-09-12"),),
    ),
)  # fmt: skip
