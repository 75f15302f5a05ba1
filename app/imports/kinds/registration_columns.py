"""The columns of past registrations, and the words that their cells may use for codes."""

from app.domain.facts.registration import Funding, Payer, Status
from app.domain.facts.session import SessionFormat
from app.imports.adviser_matching import PERSON
from app.imports.columns.cell_parsers import boolean, civil_day, one_of
from app.imports.columns.column_recognition import Column, Columns
from app.imports.files.cell_content import text

WORDS = {
    **{status.value: status for status in Status},
    **dict.fromkeys(("suivie", "réalisée", "terminée", "présent", "présente"), Status.COMPLETED),
    "absence justifiée": Status.ABSENT_JUSTIFIED,
    **dict.fromkeys(("absence injustifiée", "absence non justifiée"), Status.ABSENT_UNJUSTIFIED),
    **dict.fromkeys(("annulée", "annulé"), Status.CANCELLED),
}
FUNDINGS = {
    **dict.fromkeys(("state", "État", "financée", "prise en charge", "oui"), Funding.STATE),
    **dict.fromkeys(("none", "non financée", "sans prise en charge", "aucune", "non"), Funding.NONE),
}
PAYERS = {
    **{payer.value: payer for payer in Payer},
    **dict.fromkeys(("État",), Payer.STATE),
    **dict.fromkeys(("employeur", "structure"), Payer.EMPLOYER),
    **dict.fromkeys(("conseiller", "lui-même", "elle-même", "personnel"), Payer.SELF),
}
FORMATS = {
    **{held.value: held for held in SessionFormat},
    **dict.fromkeys(("à distance", "distanciel"), SessionFormat.REMOTE),
    **dict.fromkeys(("présentiel", "en présence", "sur place"), SessionFormat.ON_SITE),
    **dict.fromkeys(("hybride", "mixte"), SessionFormat.HYBRID),
}
COLUMNS = Columns(
    *PERSON,
    Column("module_code", text, ("Module", "Formation", "Code du module")),
    Column("training_organisation_id", text, ("Organisme", "Organisme de formation")),
    Column("session.starts_on", civil_day, ("Date de début", "Début de session", "date_debut")),
    Column("session.ends_on", civil_day, ("Date de fin", "Fin de session", "date_fin")),
    Column("session.format", one_of(FORMATS), ("Format", "Modalité")),
    Column("session.place", text, ("Lieu",)),
    Column("session.reference", text, ("Référence de session", "Référence")),
    Column("requested_on", civil_day, ("Date de demande", "Demandée le")),
    Column("employer_agreement", boolean, ("Accord de l’employeur",)),
    Column("status", one_of(WORDS), ("Statut",)),
    Column("funding", one_of(FUNDINGS), ("Prise en charge", "Financement")),
    Column("payer", one_of(PAYERS), ("Payeur",)),
    Column("cancelled_on", civil_day, ("Date d’annulation", "Annulée le")),
    Column("motive", text, ("Motif",)),
)
