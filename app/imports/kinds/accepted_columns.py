"""The columns that each kind of import accepts: all that a file is read by, without what its lines then change."""

from collections.abc import Mapping

from app.api.http.fields.text_normalisation import printable_name
from app.imports.columns import heading_aliases
from app.imports.columns.column_recognition import ColumnSet, RecognisedColumns
from app.imports.columns.heading_matching import canonical_heading, guess_field
from app.imports.files.spreadsheet import Sheet
from app.imports.kinds.adviser_columns import ADVISER_COLUMNS
from app.imports.kinds.certification_columns import CERTIFICATION_COLUMNS
from app.imports.kinds.contract_columns import CONTRACT_COLUMNS
from app.imports.kinds.registration_columns import REGISTRATION_COLUMNS
from app.imports.kinds.sessions.attendance_columns import ATTENDANCE_COLUMNS
from app.imports.kinds.sessions.session_columns import SESSION_COLUMNS
from app.persistence.administration.import_kind import ImportKind

ACCEPTED_COLUMNS: Mapping[ImportKind, ColumnSet] = {
    ImportKind.ADVISERS: ADVISER_COLUMNS,
    ImportKind.CONTRACTS: CONTRACT_COLUMNS,
    ImportKind.CERTIFICATIONS: CERTIFICATION_COLUMNS,
    ImportKind.REGISTRATIONS: REGISTRATION_COLUMNS,
    ImportKind.SESSIONS: SESSION_COLUMNS,
    ImportKind.ATTENDANCE: ATTENDANCE_COLUMNS,
}

_KNOWN_IRRELEVANT = {*map(canonical_heading, heading_aliases.KNOWN_IRRELEVANT)}
# Only the kind of import that knows them can tell whose identifier they are.
_AMBIGUOUS_ID_HEADINGS = {*map(canonical_heading, ("id", "Identifiant"))}


def suspect_columns(sheet: Sheet, recognised: RecognisedColumns) -> dict[str, str]:
    """The unknown columns that look like one that decides much: their headings, and what each looks like, in French.

    A heading that another kind of import knows is left out.
    """
    found = dict(recognised.doubtful)
    for place, heading in enumerate(sheet.headings):
        if place in recognised.columns or place in recognised.rejects_columns or _is_known_elsewhere(heading):
            continue
        guess = guess_field(heading, (row.cells[place] for row in sheet.rows if place < len(row.cells)))
        if guess:
            found[printable_name(heading) or f"colonne {place + 1}"] = guess
    return found


def _is_known_elsewhere(heading: str) -> bool:
    canonical = canonical_heading(heading)
    return canonical in _KNOWN_IRRELEVANT or (
        canonical not in _AMBIGUOUS_ID_HEADINGS
        and any(columns.is_known(heading) for columns in ACCEPTED_COLUMNS.values())
    )
