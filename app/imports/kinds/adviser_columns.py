"""The columns of advisers, and the words for an adviser who was not trained yet."""

import re
from datetime import date

from app.imports.columns import heading_aliases
from app.imports.columns.cell_parsers import boolean, civil_day, department, identifier
from app.imports.columns.column_recognition import Column, ColumnSet, ContextualHeading
from app.imports.files.cell_content import fold_text, read_text
from app.imports.files.spreadsheet import Cell
from app.imports.lines.person_columns import CONUM_ID, EMAIL, FIRST_NAME, LAST_NAME

ENTERED_ON, ENDED_ON = "initial_training.entered_on", "initial_training.ended_on"

# On text as `fold_text` leaves it. An exemption requested or refused exempts nobody; a course under way is a course.
_EXEMPTED = re.compile("exempte?e?(?!e|ion|non).*")
_WAITS_FOR_TRAINING = re.compile(
    "formation(avenir|en(janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)(20..)?)"
)
_DAY = re.compile(r"\d+[/.-]\d+")


def is_exempt_or_waiting(comment: str) -> bool:
    """Whether the comment says that the adviser is exempt from training, or still waits for it."""
    words = fold_text(comment)
    return bool(_WAITS_FOR_TRAINING.fullmatch(words) or (_EXEMPTED.fullmatch(words) and "?" not in comment))


def training_day(cell: Cell) -> date | None:
    """None for `exempté`, and for `Formation en septembre`; words beside a day are not read."""
    is_none = isinstance(cell, str) and is_exempt_or_waiting(cell) and not _DAY.search(cell)
    return None if is_none else civil_day(cell)


ADVISER_COLUMNS = ColumnSet(
    Column("id", identifier, ("Identifiant", "Id Coop", "coop_utilisateur_id"), empty_keeps_known=True),
    CONUM_ID,
    FIRST_NAME,
    LAST_NAME,
    EMAIL,
    Column(
        "department",
        department,
        (*heading_aliases.DEPARTMENT, *heading_aliases.DEPARTMENT_CODES),
        empty_keeps_known=True,
    ),
    Column("in_scheme", boolean, ("Dans le dispositif",), empty_keeps_known=True),
    Column(ENTERED_ON, training_day, heading_aliases.ENTERED_ON, reads_like=civil_day),
    Column(ENDED_ON, training_day, heading_aliases.ENDED_ON, reads_like=civil_day),
    Column(
        "comment",
        read_text,
        ("Commentaire", "Commentaires", "Observations", "Remarques"),
        empty_keeps_known=True,
        only_in_spreadsheets=True,
    ),
    contextual=[ContextualHeading(heading, heading_aliases.EMPLOYER) for heading in heading_aliases.DEPARTMENT_CODES],
)
