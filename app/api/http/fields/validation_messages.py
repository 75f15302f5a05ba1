"""What each kind of field must be, for people: no sentence shows a pattern."""

from app.wording.languages import Sentence

BODY_REQUIRED = Sentence(fr="Un corps JSON est requis.", en="A JSON body is required.")
UUID = Sentence(fr="Doit être un UUID.", en="Must be a UUID.")
CIVIL_DATE = Sentence(fr="Doit être une date AAAA-MM-JJ.", en="Must be a date YYYY-MM-DD.")
CALENDAR_DATE = Sentence(fr="Doit être une date du calendrier, AAAA-MM-JJ.", en="Must be a calendar date, YYYY-MM-DD.")
DATE_IN_RANGE = Sentence(
    fr="Doit être comprise entre 1950-01-01 et 2099-12-31.", en="Must be between 1950-01-01 and 2099-12-31."
)
DATE_PARAMETER = Sentence(
    fr="Une date AAAA-MM-JJ, de 1950-01-01 à 2099-12-31.", en="A date YYYY-MM-DD, from 1950-01-01 to 2099-12-31."
)
INSTANT = Sentence(
    fr="Doit être un instant RFC 3339 avec son décalage, comme 2026-01-31T00:00:00Z.",
    en="Must be an RFC 3339 instant with its offset, such as 2026-01-31T00:00:00Z.",
)
NO_CONTROL_CHARACTER = Sentence(
    fr="Ne doit pas contenir de caractère de contrôle.", en="Must not contain any control character."
)
NO_REPLACEMENT_CHARACTER = Sentence(
    fr="Un caractère n’a pas pu être lu là d’où vient ce texte (« \ufffd ») : écrivez-le de nouveau.",
    en="A character could not be read where this text comes from (“\ufffd”): write it again.",
)
DEPARTMENT = Sentence(
    fr="Doit être un code de département : 35, 2A, 974…", en="Must be the code of a department: 35, 2A, 974…"
)
CODE = Sentence(
    fr="Doit être un code du catalogue, de 60 caractères au plus : minuscules sans accent, chiffres et traits d’union, "
    "comme cafe-ia.",
    en="Must be a code of the catalogue, of at most 60 characters: lower-case letters without accents, digits and "
    "hyphens, like cafe-ia.",
)
BUCKET = Sentence(
    fr="Doit être un droit du dossier de formation : first_year, civil_year:2026, supplementary:cafe-ia ou "
    "carry_over:civil_year:2025.",
    en="Must be an entitlement of the training record: first_year, civil_year:2026, supplementary:cafe-ia or "
    "carry_over:civil_year:2025.",
)
CONUM_ID = Sentence(
    fr="Doit être un ID Conum : un nombre entier, de 1 à 9007199254740991.",
    en="Must be a Conum ID: an integer from 1 to 9007199254740991.",
)
YEAR = Sentence(fr="Doit être une année, de 1950 à 2099.", en="Must be a year from 1950 to 2099.")
URL = Sentence(
    fr="Doit être une adresse web qui commence par https://, sans espace ni accent.",
    en="Must be a web address that begins with https://, without spaces or accents.",
)
EVENT_TYPES = Sentence(
    fr="Doit être un type d’événement, comme registration.accepted ou registration.*, ou * pour tous.",
    en="Must be a type of event, like registration.accepted or registration.*, or * for all.",
)
EVENT_TYPE = Sentence(
    fr="Doit être un type d’événement, comme registration.accepted.",
    en="Must be a type of event, like registration.accepted.",
)
ISSUER_CLIENT_ID = Sentence(
    fr="Doit être un client_id : au plus 200 caractères sans espace ni accent.",
    en="Must be a client_id: at most 200 characters without spaces or accents.",
)
OPERATION = Sentence(
    fr="Doit être l’operationId d’une opération, comme registerAdviser.",
    en="Must be the operationId of an operation, like registerAdviser.",
)
SIRET = Sentence(
    fr="Doit être un SIRET (14 chiffres) ou un RIDET (7 ou 10 chiffres).",
    en="Must be a SIRET (14 digits) or a RIDET (7 or 10 digits).",
)
CHECK_DIGIT = Sentence(
    fr="N’est pas un SIRET valide : la clé de contrôle est fausse.",
    en="Is not a valid SIRET: the check digit is wrong.",
)
SIREN_CHECK_DIGIT = Sentence(
    fr="N’est pas un SIRET valide : la clé de ses 9 premiers chiffres, le SIREN, est fausse.",
    en="Is not a valid SIRET: the check digit of its first 9 digits, the SIREN, is wrong.",
)
PLACEHOLDER = Sentence(
    fr="N’est le numéro d’aucune structure : des zéros, ou des chiffres répétés.",
    en="Is the number of no employer: zeros, or repeated digits.",
)
INVALID_FORMAT = Sentence(fr="N’a pas la forme attendue.", en="Does not have the expected form.")
