"""The columns of attendance, and the words that its cells may use for codes."""

from app.domain.facts.registration_terms import Attendance
from app.imports.columns.cell_parsers import code_for_word, identifier, only_in_json
from app.imports.columns.column_recognition import Column, ColumnSet
from app.imports.files.cell_content import UnreadableCell, read_text
from app.imports.files.spreadsheet import Cell
from app.imports.lines.person_columns import PERSON_COLUMNS

OUTCOME_WORDS = {
    **{outcome.value: outcome for outcome in Attendance},
    **dict.fromkeys(("présent", "présente", "suivie", "suivi", "oui"), Attendance.COMPLETED),
    **dict.fromkeys(
        ("absence justifiée", "absent justifié", "absente justifiée", "excusé", "excusée"), Attendance.ABSENT_JUSTIFIED
    ),
    **dict.fromkeys(
        ("absence injustifiée", "absence non justifiée", "absent injustifié", "absent non justifié"),
        Attendance.ABSENT_UNJUSTIFIED,
    ),
}
MOTIVE_WORDS = {
    "certificat médical": "medical_certificate",
    "force majeure": "force_majeure",
    "besoin de l’employeur": "employer_need",
    "nécessité de service": "employer_need",
}
ABSENT = "« Absent » ne dit pas si l’absence est justifiée : écrivez absence justifiée ou injustifiée."

_read_outcome = code_for_word(OUTCOME_WORDS)


def outcome(cell: Cell) -> str:
    """Yes is an attendance. Raise UnreadableCell for no, which may be any absence."""
    if cell is True:
        return Attendance.COMPLETED
    if cell is False or read_text(cell).casefold() in {"non", "absent", "absente", "abs"}:
        raise UnreadableCell(ABSENT)
    return _read_outcome(cell)


ATTENDANCE_COLUMNS = ColumnSet(
    Column("registration_id", identifier, ("Inscription", "Id inscription", "Numéro d’inscription")),
    Column("session_reference", read_text, ("Référence", "Référence de session", "Réf", "N° de session", "Session")),
    *PERSON_COLUMNS,
    Column("outcome", outcome, ("Assiduité", "Présence", "Résultat", "Statut", "Émargement")),
    Column("motive", code_for_word(MOTIVE_WORDS), ("Motif", "Motif d’absence")),
    Column("note", read_text, ("Précision", "Remarque", "Commentaire", "Observations")),
    Column("absences", only_in_json, ("Jours manqués",)),
)
