"""The columns of exam results, and the words that their cells may use for codes."""

from app.domain.facts.certification import CertificationOutcome
from app.imports.columns.cell_parsers import civil_day, code_for_word
from app.imports.columns.column_recognition import Column, ColumnSet
from app.imports.files.cell_content import UnreadableCell, fold_text, read_text
from app.imports.files.spreadsheet import Cell
from app.imports.lines.person_columns import PERSON_COLUMNS

OUTCOME_WORDS = {
    **dict.fromkeys(
        ("obtenu", "obtenue", "réussi", "admis", "admise", "certifié", "oui"), CertificationOutcome.OBTAINED
    ),
    **dict.fromkeys(("échoué", "échec", "ajourné", "ajournée", "refusé"), CertificationOutcome.FAILED),
    "absence justifiée": CertificationOutcome.ABSENT_JUSTIFIED,
    **dict.fromkeys(("absence injustifiée", "absence non justifiée"), CertificationOutcome.ABSENT_UNJUSTIFIED),
    **{outcome.value: outcome for outcome in CertificationOutcome},
}
MOTIVE_WORDS = {
    "certificat médical": "medical_certificate",
    "force majeure": "force_majeure",
    "test covid positif": "covid_positive_test",
}


_read_outcome = code_for_word(OUTCOME_WORDS)


def outcome(cell: Cell) -> str:
    """Yes is a success. Raise UnreadableCell for no, which may be a failure, an absence or an exam to come."""
    if cell is True:
        return CertificationOutcome.OBTAINED
    if cell is False or fold_text(read_text(cell)) == "non":
        raise UnreadableCell(
            "« Non » ne dit pas si l’examen a été échoué ou n’a pas eu lieu : écrivez échoué ou absent."
        )
    return _read_outcome(cell)


CERTIFICATION_COLUMNS = ColumnSet(
    *PERSON_COLUMNS,
    Column("qualification", read_text, ("Certification", "Titre", "Diplôme")),
    Column("outcome", outcome, ("Résultat", "certifie", "Certifié")),
    Column("on", civil_day, ("Date", "Date d’obtention", "Date de l’examen", "date_obtention")),
    Column("motive", code_for_word(MOTIVE_WORDS), ("Motif", "Motif d’absence")),
    Column("training_organisation_id", read_text, ("Organisme", "Organisme de formation")),
)
