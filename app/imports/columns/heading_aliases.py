"""The headings of the neighbouring systems' files, beside the names of our own fields.

`canonical_heading` compares them: of several that differ in accents, capitals, order or stop words, one is enough. The
files: of the dashboard (Tableau de pilotage) the advisers, the candidates, those recruited, the
terminations and their requests, the contracts of the past, those without activity, those of a hub; of the former
platform those recruited, the training dates, the certifications, the Pix results; the follow-up of contracts of the
support desk; the tables of the warehouse.
"""

CONUM_ID = (
    "Id conseiller", "ID Conum", "idPG", "cn_pg_id", "conseiller_numerique_id_pg", "Numéro Conum", "N° conseiller",
    "ID CNFS", "ID CN", "Id conseiller numérique", "Identifiant conseiller", "idPG du conseiller",
)  # fmt: skip
FIRST_NAME = ("Prénom", "Prénom CNFS", "Prénom du conseiller")
LAST_NAME = ("Nom", "Nom de famille", "Nom CNFS", "Nom du conseiller")

# Of several addresses of one person, the one at work comes first; one that was closed, last.
EMAIL_AT_WORK = ("Email professionnel", "Email professionnelle", "emailPro", "mail_pro", "Adresse mail professionnelle")
EMAIL = (
    "Mail", "Email conseiller", "Email CNFS", "Adresse mail", "Adresse e-mail", "Adresse électronique",
    "Adresse mail CNFS", "Email conseiller numérique",
)  # fmt: skip
EMAIL_FALLBACK = (
    "Email personnelle", "Email personnel", "Email perso", "Adresse mail personnelle", "Email professionnel secondaire",
    "Email @conseiller-numerique.fr", "emailCN",
)  # fmt: skip
DEPARTMENT = ("Département", "Département du conseiller", "Code département du conseiller")
DEPARTMENT_CODES = ("Code département", "code_dept", "Code dpt")  # beside columns of an employer, the employer's

ENTERED_ON = (
    "Date de début formation", "Début de formation", "datePrisePoste", "Date d’entrée en formation",
    "Entrée en formation", "Date de départ en formation", "Départ en formation", "Date d’entrée en formation initiale",
    "Date de début de formation initiale",
)  # fmt: skip
ENDED_ON = (
    "Date de fin formation", "Fin de formation", "Date de sortie de formation", "Sortie de formation",
    "Date de fin de formation initiale", "Date de sortie de formation initiale",
)  # fmt: skip

CONTRACT_TYPE = ("Type de contrat", "CT V1", "Nature du contrat")
STARTS_ON = ("Date de début de contrat", "Début de contrat", "dateDebutDeContrat", "date_debut", "Date de début de CT")
ENDS_ON = ("Date de fin de contrat", "Fin de contrat", "date_fin", "Date de fin de CT")
TERMINATED_ON = ("Date de rupture", "Date de rupture du contrat")
TERMINATION_MOTIVE = ("Motif de rupture", "Motif de la rupture du contrat")
DS_FILE_NUMBER = (
    "N° DS", "Numéro dossier DS", "Dossier DS", "Numéro de dossier Démarches simplifiées",
    "Dossier Démarches simplifiées", "Numéro Démarches simplifiées",
)  # fmt: skip
UPLOADED_ON = ("Contrat déposé le", "Date de dépôt du contrat")
VALIDATED_ON = ("Validé le", "Date de validation du recrutement")
VALIDATION = "Date de validation"  # beside a termination, the termination's

SIRET = ("SIRET", "SIRET structure", "SIRET SA", "SIRET employeur", "SIRET de la structure employeuse")
EMPLOYER_NAME = (
    "Nom structure", "Structure", "Dénomination", "Raison sociale", "Nom SA", "Nom SA Jerecrute", "Nom employeur",
)  # fmt: skip
LEGAL_FORM = ("Statut juridique", "Public/privé", "publique", "Type de structure", "Type SA")
EMPLOYER_KIND = "Type"  # beside the type of the contract, that of the employer
EMPLOYER_DEPARTMENT = ("Département de la structure", "Code département structure", "Code département employeur")
EMPLOYER_EMAIL = (
    "Email structure", "Contact structure", "Contact principal de la structure", "Email contact SA", "Email SA",
    "Email contact structure", "Email employeur", "Email de la structure employeuse",
)  # fmt: skip

# Not imported, but they show that the columns beside them are an employer's.
OTHER_EMPLOYER_HEADINGS = (
    "ID structure",
    "idPG structure",
    "ID long structure",
    "ID SA",
    "structure_id",
    "Code commune",
    "Code région",
)
EMPLOYER = (*SIRET, *EMPLOYER_NAME, *LEGAL_FORM, *EMPLOYER_DEPARTMENT, *EMPLOYER_EMAIL, *OTHER_EMPLOYER_HEADINGS)
# Known and not imported: nobody is warned of them, though they look like columns that decide much.
KNOWN_IRRELEVANT = (
    *OTHER_EMPLOYER_HEADINGS, "ID long conseiller", "Id ou email CNFS", "Email du supérieur hiérarchique",
    "Id du gestionnaire", "Email du gestionnaire", "Emails administrateurs", "ID poste", "poste_conum_id",
    "personne_id", "dataspace_id",
)  # fmt: skip
