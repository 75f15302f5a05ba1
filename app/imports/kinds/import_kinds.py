"""What can be imported."""

from collections.abc import Mapping

from app.api.http.problems.problem_details import printable_name
from app.imports.batch import Kind
from app.imports.columns import heading_aliases
from app.imports.columns.column_recognition import Recognised
from app.imports.columns.heading_matching import meaning, seems
from app.imports.files.spreadsheet import Sheet
from app.imports.kinds.advisers import ADVISERS_KIND
from app.imports.kinds.certifications import CERTIFICATIONS_KIND
from app.imports.kinds.contracts import CONTRACTS_KIND
from app.imports.kinds.registrations import REGISTRATIONS_KIND
from app.persistence.administration.imports import ImportKind

KINDS: Mapping[ImportKind, Kind] = {
    ImportKind.ADVISERS: ADVISERS_KIND,
    ImportKind.CONTRACTS: CONTRACTS_KIND,
    ImportKind.CERTIFICATIONS: CERTIFICATIONS_KIND,
    ImportKind.REGISTRATIONS: REGISTRATIONS_KIND,
}


_ASIDE = {*map(meaning, heading_aliases.ASIDE)}
# They say whose identifier it is only to the kind of import that knows them.
_BARE = {*map(meaning, ("id", "Identifiant"))}


def suspect_columns(sheet: Sheet, recognised: Recognised) -> dict[str, str]:
    """The unknown columns that seem to be what decides much, by their headings, and what each seems to be, in French.

    A heading that another kind of import knows is no surprise.
    """
    found = dict(recognised.doubtful)
    for place, heading in enumerate(sheet.headings):
        if place in recognised.columns or place in recognised.of_rejects or _is_elsewhere(heading):
            continue
        seemed = seems(heading, (row.cells[place] for row in sheet.rows if place < len(row.cells)))
        if seemed:
            found[printable_name(heading) or f"colonne {place + 1}"] = seemed
    return found


def _is_elsewhere(heading: str) -> bool:
    said = meaning(heading)
    return said in _ASIDE or (said not in _BARE and any(kind.columns.is_known(heading) for kind in KINDS.values()))
