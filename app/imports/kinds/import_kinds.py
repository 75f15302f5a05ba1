"""What can be imported."""

from collections.abc import Mapping

from app.api.http.problems.problem_details import printable_name
from app.imports.batch import ImportDefinition
from app.imports.columns import heading_aliases
from app.imports.columns.column_recognition import RecognisedColumns
from app.imports.columns.heading_matching import canonical_heading, guess_field
from app.imports.files.spreadsheet import Sheet
from app.imports.kinds.advisers import ADVISER_IMPORT
from app.imports.kinds.certifications import CERTIFICATION_IMPORT
from app.imports.kinds.contracts import CONTRACT_IMPORT
from app.imports.kinds.registrations import REGISTRATION_IMPORT
from app.persistence.administration.import_kind import ImportKind

IMPORT_DEFINITIONS: Mapping[ImportKind, ImportDefinition] = {
    ImportKind.ADVISERS: ADVISER_IMPORT,
    ImportKind.CONTRACTS: CONTRACT_IMPORT,
    ImportKind.CERTIFICATIONS: CERTIFICATION_IMPORT,
    ImportKind.REGISTRATIONS: REGISTRATION_IMPORT,
}


_KNOWN_IRRELEVANT = {*map(canonical_heading, heading_aliases.KNOWN_IRRELEVANT)}
# They say whose identifier it is only to the kind of import that knows them.
_AMBIGUOUS_ID_HEADINGS = {*map(canonical_heading, ("id", "Identifiant"))}


def suspect_columns(sheet: Sheet, recognised: RecognisedColumns) -> dict[str, str]:
    """The unknown columns that seem to be what decides much, by their headings, and what each seems to be, in French.

    A heading that another kind of import knows is no surprise.
    """
    found = dict(recognised.doubtful)
    for place, heading in enumerate(sheet.headings):
        if place in recognised.columns or place in recognised.rejects_columns or _is_known_elsewhere(heading):
            continue
        seemed = guess_field(heading, (row.cells[place] for row in sheet.rows if place < len(row.cells)))
        if seemed:
            found[printable_name(heading) or f"colonne {place + 1}"] = seemed
    return found


def _is_known_elsewhere(heading: str) -> bool:
    said = canonical_heading(heading)
    return said in _KNOWN_IRRELEVANT or (
        said not in _AMBIGUOUS_ID_HEADINGS
        and any(kind.columns.is_known(heading) for kind in IMPORT_DEFINITIONS.values())
    )
