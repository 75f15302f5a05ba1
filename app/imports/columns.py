"""Which columns mean what: the fields of the API by their names, and the headings that neighbouring systems use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.api.problems import as_shown
from app.imports.cells import Reader, folded, text
from app.imports.sheet import FileRefused
from app.wording.languages import Sentence

REJECTED_LINE, REJECTED_COLUMN, REASON = "Ligne rejetée", "Colonne en cause", "Motif du rejet"
# What a file of rejected lines has before its own columns: corrected, it is imported as it stands.
OF_REJECTS = {folded(heading) for heading in (REJECTED_LINE, REJECTED_COLUMN, REASON)}


@dataclass(frozen=True, slots=True)
class Column:
    """A field by its name in the API, how its cells are read, and the other headings it is known by.

    A cell without content is null, as it would be in the API, unless it `lasts`: then what is known stays. `expected`
    says in French what the API says by a pattern.
    """

    name: str
    read: Reader = text
    headings: tuple[str, ...] = ()
    lasts: bool = False
    expected: str | None = None


class Columns:
    """Those of one kind of import."""

    def __init__(self, *columns: Column) -> None:
        self.all = columns
        self._known = {folded(heading): item for item in columns for heading in (item.name, *item.headings)}

    def expected(self, name: str | None) -> str | None:
        """What a field must be, in French; None when the API says it well."""
        return next((column.expected for column in self.all if column.name == name), None)

    def is_known(self, heading: str) -> bool:
        return folded(heading) in self._known

    def recognised(self, headings: Sequence[str]) -> "Recognised":
        """Raise FileRefused when two columns mean the same, or none means anything."""
        found: dict[int, Column] = {}
        ignored: list[str] = []
        for place, heading in enumerate(headings):
            column = self._known.get(folded(heading))
            if column is not None:
                found[place] = column
            elif heading and folded(heading) not in OF_REJECTS:
                ignored.append(as_shown(heading))
        self._check(headings, found)
        of_rejects = frozenset(place for place, heading in enumerate(headings) if folded(heading) in OF_REJECTS)
        return Recognised(tuple(headings), found, tuple(ignored), of_rejects)

    def _check(self, headings: Sequence[str], found: Mapping[int, Column]) -> None:
        names = [column.name for column in found.values()]
        doubled = [place for place, column in found.items() if names.count(column.name) > 1]
        twice = ", ".join(as_shown(headings[place]) for place in doubled)
        if twice:
            said = Sentence(
                fr=f"Plusieurs colonnes disent la même chose : {twice}. Gardez-en une.",
                en=f"Several columns say the same: {twice}. Keep one of them.",
            )
            raise FileRefused("ambiguous-columns", said)
        if not found:
            accepted = ", ".join(column.name for column in self.all)
            said = Sentence(
                fr=f"Aucun intitulé de colonne n’est reconnu. Colonnes acceptées : {accepted}.",
                en=f"No column heading is recognised. Accepted columns: {accepted}.",
            )
            raise FileRefused("unknown-columns", said)


@dataclass(frozen=True, slots=True)
class Recognised:
    """The columns of a file by their places, and the headings that mean nothing here."""

    headings: tuple[str, ...]
    columns: Mapping[int, Column]
    ignored: tuple[str, ...]
    of_rejects: frozenset[int]

    def heading_of(self, name: str) -> str:
        """How the file calls a field; the field's own name when the file has no such column."""
        return next((self.headings[place] for place, column in self.columns.items() if column.name == name), name)
