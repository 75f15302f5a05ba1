"""Twenty people, by what became of their funded rights: used, free, exceeded, given back, carried over."""

from app.domain.facts.registration_terms import Attendance, Payer
from app.seed.scenarios.fictional_employers import (
    CCAS,
    CLIC,
    COMMUNAUTE,
    COMPTOIR,
    ECRANS,
    FRANCE_SERVICES,
    MAIRIE,
    MEDIATHEQUE,
    PASSEURS,
    SYNDICAT,
)
from app.seed.scenarios.modules import AI, CAFE_IA, CYBER, DISABILITY, GREEN, INITIAL, PARENTS
from app.seed.scenarios.scenario import (
    Cancelled,
    Carried,
    Course,
    Declined,
    Exam,
    Kept,
    Moved,
    Person,
    Positioned,
    Post,
    Terminated,
)

IN_2021, IN_2022, IN_2023 = ("2021-05-10", "2021-07-23"), ("2022-03-14", "2022-06-03"), ("2023-02-06", "2023-04-21")
JUSTIFIED, UNJUSTIFIED = Attendance.ABSENT_JUSTIFIED, Attendance.ABSENT_UNJUSTIFIED

PEOPLE_BY_ENTITLEMENT: tuple[Person, ...] = (
    Person(
        900001, "Anaïs Lemoine", "Première année : aucun des deux modules suivi, examens à présenter",
        posts=(Post(MAIRIE, "-130", "+965"),), courses=(Course(INITIAL, "-80", then=(Positioned("-90"),)),),
    ),
    Person(
        900002, "Bastien Kerdoncuff", "Première année : un module suivi, un droit bientôt perdu, un Café IA à venir",
        posts=(Post(COMMUNAUTE, "-350", "+750"),),
        courses=(Course(INITIAL, "-320", then=(Positioned("-330"),)), Course(CYBER, "-60"), Course(CAFE_IA, "+34")),
        exams=(Exam("mediateur-numerique-ccp1", "-255"), Exam("pix", "-250")),
    ),
    Person(
        900003, "Chloé Guivarch", "Première année : deux modules suivis, le troisième attend son choix",
        posts=(Post(CCAS, "-280", "+815"),),
        courses=(
            Course(INITIAL, "-240", then=(Positioned("-250"),)), Course(CYBER, "-120"), Course(GREEN, "-60"),
            Course(AI, "+21"),
        ),
        exams=(Exam("mediateur-numerique-ccp1", "-170"), Exam("pix", "-165")),
    ),
    Person(
        900004, "Damien Le Bihan", "Entré en 2024 : deux modules, puis le droit annuel une fois l’année écoulée",
        posts=(Post(MEDIATHEQUE, "2024-03-18"),),
        courses=(
            Course(INITIAL, "2024-04-15", asked="2024-03-20", then=(Positioned("2024-04-04", 70),)),
            Course(GREEN, "2024-06-11"), Course(CYBER, "2024-10-08"),
            Course(AI, "2024-12-03", then=(Declined("2024-11-18"),)),
            Course(DISABILITY, "2025-02-11", then=(Declined("2025-01-20"),)),
            Course(PARENTS, "2025-05-20"), Course(AI, "2026-03-10"), Course(DISABILITY, "+45"),
        ),
        exams=(Exam("remn-ccp1", "2024-06-27"), Exam("pix", "2024-07-04")),
    ),
    Person(
        900005, "Élodie Tanguy", "Report d’un droit de première année, utilisé",
        posts=(Post(COMMUNAUTE, "2024-02-05", "2027-02-04"),),
        courses=(
            Course(GREEN, "2024-10-08"), Course(CYBER, "2025-05-20"), Course(AI, "2025-09-09"),
            Course(PARENTS, "2026-01-20"),
        ),
        carried=(Carried("first_year", "2025-03-18", "Congé de maternité d’octobre 2024 à février 2025"),),
        trained=("2024-03-04", "2024-05-17"),
    ),
    Person(
        900006, "Florian Morvan", "Report d’un droit de première année, non utilisé",
        posts=(Post(SYNDICAT, "2024-08-19"),), department="22",
        courses=(Course(CYBER, "2025-03-11"), Course(PARENTS, "2025-11-18")),
        carried=(Carried("first_year", "2025-09-16", "Arrêt de travail au printemps 2025"),),
        trained=("2024-09-02", "2024-10-25"),
    ),
    Person(
        900007, "Gaëlle Riou", "Un droit par an ; un second module gardé aux frais de l’employeur",
        posts=(Post(MAIRIE, "2021-03-01"),), trained=IN_2021,
        courses=(
            Course(CYBER, "2024-05-14"), Course(PARENTS, "2024-10-08", then=(Kept("2024-09-20", Payer.EMPLOYER),)),
            Course(GREEN, "2025-02-11"), Course(AI, "2026-02-03"), Course(DISABILITY, "+28"),
        ),
        exams=(Exam("remn-ccp1", "2021-10-12"), Exam("pix", "2021-10-19")),
    ),
    Person(
        900008, "Hervé Cozic", "Droit de 2024 utilisé pendant le délai de grâce, au premier trimestre 2025",
        posts=(Post(CCAS, "2022-02-01"),), trained=IN_2022,
        courses=(
            Course(GREEN, "2025-03-11", asked="2025-01-30"), Course(AI, "2025-03-27"), Course(CYBER, "2026-01-20"),
            Course(CAFE_IA, "+50"),
        ),
        exams=(Exam("remn-ccp1", "2022-09-13"), Exam("pix", "2022-09-20")),
    ),
    Person(
        900009, "Inès Quéméner", "Un droit par an, celui de l’année est libre",
        posts=(Post(FRANCE_SERVICES, "2023-01-09"),), trained=IN_2023,
        courses=(Course(CYBER, "2024-06-11"), Course(AI, "2025-09-09")),
    ),
    Person(
        900010, "Julien Hamon", "Dispensé (CATIC), recruté en fin d’année : droit de 2025 reporté et utilisé",
        posts=(Post(COMPTOIR, "2025-11-24", "2028-11-23"),),
        courses=(Course(PARENTS, "2026-03-10"), Course(GREEN, "2026-09-10")),
        exams=(Exam("catic", "2018-06-22"),),
        carried=(Carried("civil_year:2025", "2025-12-18", "Recrutement le 24 novembre : aucune session restante"),),
    ),
    Person(
        900011, "Katell Drouet", "Report du droit de 2024, non utilisé avant la fin de 2025",
        posts=(Post(MEDIATHEQUE, "2021-04-06"),), trained=IN_2021, courses=(Course(AI, "2026-03-10"),),
        carried=(Carried("civil_year:2024", "2025-01-14", "Longue maladie"),),
    ),
    Person(
        900012, "Loïc Pennec", "Dispensé (licence professionnelle), entré ensuite en formation initiale",
        posts=(Post(CLIC, "2024-01-15"),),
        courses=(
            Course(CYBER, "2024-09-17"), Course(INITIAL, "2025-02-03", then=(Positioned("2025-01-21", 70),)),
            Course(PARENTS, "2025-05-20"), Course(GREEN, "2025-10-07"), Course(AI, "2026-03-10"),
        ),
        exams=(
            Exam("licence-pro-usages-tic", "2023-06-30"), Exam("remn-ccp1", "2025-04-29"), Exam("pix", "2025-05-06"),
        ),
    ),
    Person(
        900013, "Maëlle Jouan", "Café IA en plus du droit annuel ; le second ne se finance pas",
        posts=(Post(CLIC, "2022-01-10"),), trained=IN_2022,
        courses=(
            Course(CAFE_IA, "2024-12-10"), Course(CYBER, "2025-02-11"), Course(CAFE_IA, "2025-04-08"),
            Course(GREEN, "2025-06-12"), Course(CAFE_IA, "2026-04-14", then=(Declined("2026-03-20"),)),
        ),
    ),
    Person(
        900014, "Nolwenn Salaün", "Employeur privé : au-delà du quota, l’OPCO est proposé",
        posts=(Post(ECRANS, "-260", "+470"),), trained=("-240", "-190"),
        courses=(Course(CYBER, "-120"), Course(PARENTS, "-60"), Course(GREEN, "+25")),
    ),
    Person(
        900015, "Owen Bothorel", "Employeur privé : un second module pris en charge par l’OPCO",
        posts=(Post(PASSEURS, "2023-01-02"),), trained=IN_2023,
        courses=(
            Course(CYBER, "2024-05-14"), Course(AI, "2025-05-13"),
            Course(DISABILITY, "2025-10-07", then=(Kept("2025-09-15", Payer.OPCO),)), Course(GREEN, "2026-05-19"),
        ),
    ),
    Person(
        900016, "Pauline Le Gall", "Absence non justifiée : le droit est perdu, le module suivant payé par elle-même",
        posts=(Post(MAIRIE, "2022-02-14"),), trained=IN_2022,
        courses=(
            Course(CYBER, "2024-06-11"), Course(AI, "2025-05-06", outcome=UNJUSTIFIED),
            Course(GREEN, "2025-10-07", then=(Kept("2025-09-22", Payer.SELF),)), Course(PARENTS, "+38"),
        ),
    ),
    Person(
        900017, "Quentin Abgrall", "Annulation avant le premier jour : la plus ancienne attente est financée",
        posts=(Post(COMMUNAUTE, "2021-03-15"),), trained=IN_2021,
        courses=(
            Course(CYBER, "2024-09-17"),
            Course(GREEN, "2025-06-12", asked="2025-04-07", then=(Cancelled("2025-05-22", "Nécessité de service"),)),
            Course(AI, "2025-09-18", asked="2025-04-08"),
            Course(DISABILITY, "2025-11-18", asked="2025-04-09", then=(Declined("2025-06-02"),)),
            Course(PARENTS, "2026-02-03"),
        ),
    ),
    Person(
        900018, "Rozenn Le Floch", "Absence justifiée : le droit est rendu et finance l’inscription qui attendait",
        posts=(Post(FRANCE_SERVICES, "2022-01-17"),), trained=IN_2022,
        courses=(
            Course(GREEN, "2024-05-14"),
            Course(AI, "2025-05-06", outcome=JUSTIFIED, motive="medical_certificate"),
            Course(CYBER, "2025-10-07", asked="2025-04-15"), Course(DISABILITY, "2026-01-20"),
        ),
    ),
    Person(
        900019, "Simon Guillou", "Le droit suit la personne d’un employeur à l’autre ; une attente restée sans réponse",
        posts=(
            Post(MAIRIE, "2022-02-01", then=(Terminated("2025-07-01", "2025-08-29", "Mobilité"),)),
            Post(CCAS, "2025-09-01"),
        ),
        trained=IN_2022,
        courses=(
            Course(CYBER, "2024-06-11"), Course(GREEN, "2025-05-13"), Course(PARENTS, "2025-11-18"),
            Course(AI, "2026-05-19"),
        ),
    ),
    Person(
        900020, "Tiphaine Rault", "Session déplacée d’une année sur l’autre, puis d’un mois",
        posts=(Post(PASSEURS, "2023-01-16"),), trained=IN_2023,
        courses=(
            Course(CYBER, "2024-11-19", then=(Moved("2024-11-04", "2025-04-08"),)),
            Course(AI, "2026-01-20", then=(Moved("2026-01-06", "2026-02-03"),)), Course(GREEN, "+56"),
        ),
    ),
)  # fmt: skip
