"""Which column holds which field: by the field's name in the API, and by the headings that neighbouring systems use."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.api.http.fields.text_normalisation import printable_name
from app.imports.columns.cell_parsers import CellParser
from app.imports.columns.heading_matching import canonical_heading
from app.imports.files.cell_content import fold_text, read_text
from app.imports.files.spreadsheet import FileRefused
from app.wording.languages import Sentence

REJECTED_LINE, REJECTED_COLUMN, REASON = "Ligne rejetée", "Colonne en cause", "Motif du rejet"
# The columns that a file of rejected lines adds in front: they are passed over when the corrected file is imported.
REJECTS_FILE_HEADINGS = {fold_text(heading) for heading in (REJECTED_LINE, REJECTED_COLUMN, REASON)}


@dataclass(frozen=True, slots=True)
class Column:
    """A field by its name in the API, how its cells are read, and the other headings it is known by.

    Of several columns of one field, `preferred_headings` come first and `fallback_headings` last, each in their order.
    An empty cell is null, as it would be in the API; with `empty_keeps_known` it keeps the known value. With
    `is_lookup`, a look-up that found nothing makes the cell unreadable. The API has no field of what is
    `only_in_spreadsheets`; in JSON, a field has the type of what `reads_like`, or else `read`, reads.
    """

    name: str
    read: CellParser = read_text
    headings: tuple[str, ...] = ()
    empty_keeps_known: bool = False
    preferred_headings: tuple[str, ...] = ()
    fallback_headings: tuple[str, ...] = ()
    is_lookup: bool = False
    only_in_spreadsheets: bool = False
    reads_like: CellParser | None = None

    @property
    def ranked_headings(self) -> Iterator[tuple[str, int]]:
        """Each heading with its rank: the lowest comes first."""
        yield from (
            (heading, rank - len(self.preferred_headings)) for rank, heading in enumerate(self.preferred_headings)
        )
        yield from ((heading, 0) for heading in (self.name, *self.headings))
        yield from ((heading, rank) for rank, heading in enumerate(self.fallback_headings, start=1))


@dataclass(frozen=True, slots=True)
class ContextualHeading:
    """A heading that means the field `means`, or nothing when that is None, in a file that has one of `others` as well;
    `doubt` says in French what else it might have meant."""

    heading: str
    others: tuple[str, ...]
    means: str | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class RecognisedColumns:
    """The columns of a file by their places from 0, the preferred ones first; `ignored` are the unknown headings,
    `doubtful` those that might mean something, with what that is in French."""

    headings: tuple[str, ...]
    columns: Mapping[int, Column]
    ignored: tuple[str, ...]
    rejects_columns: frozenset[int]
    doubtful: Mapping[str, str]
    object_place: int | None = None
    """Where each line has a JSON object; None in a file that has columns instead."""

    def heading_of(self, name: str) -> str:
        """How the file calls a field; the field's own name when the file has no such column."""
        found = [self.headings[place] for place, column in self.columns.items() if column.name == name]
        return " / ".join(found) or name


def _rejects_columns(headings: Sequence[str]) -> frozenset[int]:
    return frozenset(place for place, heading in enumerate(headings) if fold_text(heading) in REJECTS_FILE_HEADINGS)


def recognise_objects(headings: Sequence[str], place: int) -> RecognisedColumns:
    """The columns of a file whose lines are JSON objects, in the one at `place`: no other has a meaning."""
    rejects_columns = _rejects_columns(headings)
    ignored = [
        printable_name(heading)
        for at, heading in enumerate(headings)
        if heading and at != place and at not in rejects_columns
    ]
    return RecognisedColumns(tuple(headings), {}, tuple(ignored), rejects_columns, {}, place)


class ColumnSet:
    """The columns of one kind of import."""

    def __init__(self, *columns: Column, contextual: Sequence[ContextualHeading] = ()) -> None:
        self.all = columns
        self._by_name = {column.name: column for column in columns}
        self._known: dict[str, tuple[Column, int]] = {}
        for column in columns:
            for heading, rank in column.ranked_headings:
                self._known[fold_text(heading)] = self._known[canonical_heading(heading)] = column, rank
        self._contextual = {
            canonical_heading(item.heading): (item, {*map(canonical_heading, item.others)}) for item in contextual
        }

    def is_known(self, heading: str) -> bool:
        return self._look_up(heading) is not None

    def _look_up(self, heading: str) -> tuple[Column, int] | None:
        return self._known.get(canonical_heading(heading)) or self._known.get(fold_text(heading))

    def recognise(self, headings: Sequence[str], row: int = 1) -> RecognisedColumns:
        """The columns of these headings, found in `row`. Raise FileRefused when two mean the same, or none is known."""
        present = {*map(canonical_heading, headings)}
        found: dict[int, tuple[Column, int]] = {}
        ignored: list[str] = []
        for place, heading in enumerate(headings):
            known = self._resolve(heading, present)
            if known is not None:
                found[place] = known
            elif heading and fold_text(heading) not in REJECTS_FILE_HEADINGS:
                ignored.append(printable_name(heading))
        self._check_headings(headings, found, row)
        columns = {place: found[place][0] for place in sorted(found, key=lambda place: found[place][1])}
        return RecognisedColumns(
            tuple(headings), columns, tuple(ignored), _rejects_columns(headings), dict(self._doubts(headings, present))
        )

    def _resolve(self, heading: str, present: set[str]) -> tuple[Column, int] | None:
        contextual = self._applicable(heading, present)
        if contextual is None:
            return self._look_up(heading)
        return (self._by_name[contextual.means], 0) if contextual.means else None

    def _applicable(self, heading: str, present: set[str]) -> ContextualHeading | None:
        contextual, others = self._contextual.get(canonical_heading(heading), (None, set[str]()))
        return contextual if others & present - {canonical_heading(heading)} else None

    def _doubts(self, headings: Sequence[str], present: set[str]) -> Iterator[tuple[str, str]]:
        for heading in headings:
            contextual = self._applicable(heading, present)
            if contextual is not None and contextual.doubt:
                yield printable_name(heading), contextual.doubt

    def _check_headings(self, headings: Sequence[str], found: Mapping[int, tuple[Column, int]], row: int) -> None:
        meanings = [*found.values()]
        ambiguous = ", ".join(
            printable_name(headings[place]) for place, meaning in found.items() if meanings.count(meaning) > 1
        )
        if ambiguous:
            message = Sentence(
                fr=f"Plusieurs colonnes disent la même chose : {ambiguous}. Gardez-en une.",
                en=f"Several columns say the same: {ambiguous}. Keep one of them.",
            )
            raise FileRefused("ambiguous-columns", message)
        if not found:
            accepted = ", ".join(column.name for column in self.all)
            message = Sentence(
                fr=f"Aucun intitulé de colonne n’est reconnu à la ligne {row}. Colonnes acceptées : {accepted}.",
                en=f"No column heading is recognised on line {row}. Accepted columns: {accepted}.",
            )
            raise FileRefused("unknown-columns", message)
