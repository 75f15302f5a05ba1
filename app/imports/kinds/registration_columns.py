"""The columns of past registrations, and the words that their cells may use for codes."""

from app.domain.facts.registration_terms import Funding, Payer, Status
from app.domain.facts.session import SessionFormat
from app.imports.columns.cell_parsers import boolean, civil_day, code_for_word
from app.imports.columns.column_recognition import Column, ColumnSet
from app.imports.files.cell_content import read_text
from app.imports.lines.person_columns import PERSON_COLUMNS

STATUS_WORDS = {
    **{status.value: status for status in Status},
    **dict.fromkeys(("suivie", "réalisée", "terminée", "présent", "présente"), Status.COMPLETED),
    "absence justifiée": Status.ABSENT_JUSTIFIED,
    **dict.fromkeys(("absence injustifiée", "absence non justifiée"), Status.ABSENT_UNJUSTIFIED),
    **dict.fromkeys(("annulée", "annulé"), Status.CANCELLED),
}
FUNDING_WORDS = {
    **dict.fromkeys(("state", "État", "financée", "prise en charge", "oui"), Funding.STATE),
    **dict.fromkeys(("none", "non financée", "sans prise en charge", "aucune", "non"), Funding.NONE),
}
PAYER_WORDS = {
    **{payer.value: payer for payer in Payer},
    **dict.fromkeys(("État",), Payer.STATE),
    **dict.fromkeys(("employeur", "structure"), Payer.EMPLOYER),
    **dict.fromkeys(("conseiller", "lui-même", "elle-même", "personnel"), Payer.SELF),
}
FORMAT_WORDS = {
    **{session_format.value: session_format for session_format in SessionFormat},
    **dict.fromkeys(
        ("à distance", "distanciel", "en distanciel", "visio", "visioconférence", "en ligne"), SessionFormat.REMOTE
    ),
    **dict.fromkeys(("présentiel", "en présentiel", "en présence", "sur place"), SessionFormat.ON_SITE),
    **dict.fromkeys(("hybride", "mixte"), SessionFormat.HYBRID),
}
REGISTRATION_COLUMNS = ColumnSet(
    *PERSON_COLUMNS,
    Column("module_code", read_text, ("Module", "Formation", "Code du module")),
    Column("training_organisation_id", read_text, ("Organisme", "Organisme de formation")),
    Column("session.starts_on", civil_day, ("Date de début", "Début de session", "date_debut")),
    Column("session.ends_on", civil_day, ("Date de fin", "Fin de session", "date_fin")),
    Column("session.format", code_for_word(FORMAT_WORDS), ("Format", "Modalité")),
    Column("session.place", read_text, ("Lieu",)),
    Column("session.reference", read_text, ("Référence de session", "Référence")),
    Column("requested_on", civil_day, ("Date de demande", "Demandée le")),
    Column("employer_agreement", boolean, ("Accord de l’employeur",)),
    Column("status", code_for_word(STATUS_WORDS), ("Statut",)),
    Column("funding", code_for_word(FUNDING_WORDS), ("Prise en charge", "Financement")),
    Column("payer", code_for_word(PAYER_WORDS), ("Payeur",)),
    Column("cancelled_on", civil_day, ("Date d’annulation", "Annulée le")),
    Column("motive", read_text, ("Motif",)),
)
