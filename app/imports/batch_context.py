"""What the lines of one transaction are carried out with, and what a kind of import must provide."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from app.domain.facts.policy import Policies
from app.imports.files.cell_content import fold_text
from app.imports.lines.adviser_matching import KnownAdvisers, PersonReference
from app.imports.lines.line_parsing import Line, line_rejected
from app.persistence.engine.database import Transaction
from app.use_cases.request_context import RequestContext

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """`people` are locked. `lines_by_subject` has the number of the last line about an adviser or a contract, by id;
    `sent_at` is when the client sent a file that has waited since."""

    people: KnownAdvisers
    policies: Policies
    context: RequestContext
    lines_by_subject: dict[UUID, int]
    sent_at: datetime | None = None

    def check_not_contradicted(self, subject: UUID) -> None:
        """Raise LineRejected when an earlier line is about the same: the two would take turns at each import."""
        if subject in self.lines_by_subject:
            raise line_rejected(f"La ligne {self.lines_by_subject[subject]} en dit autre chose : gardez-en une.")


class PendingChanges(Protocol):
    """The changes that some lines make, in memory until they are written."""

    @property
    def subjects(self) -> Sequence[UUID]:
        """The ids of the changed rows."""
        ...

    def apply_line(self, line: Line, /) -> bool:
        """Whether the line changes anything.

        Raise LineRejected, and whatever the API would answer with a problem: the line then changes nothing.
        """
        ...

    async def write(self, transaction: Transaction, /) -> None:
        """Write the changes, with all that follows from them."""
        ...


@dataclass(frozen=True, slots=True)
class ImportDefinition:
    """A kind of import: the column that identifies the person, and the order of one person's lines.

    Line by line, each has a transaction of its own: `start` carries it out, and may raise what rejects it. A line that
    has one of `own_keys` is about what these name, whoever else it names.
    """

    person_column: str
    sort_key: Callable[[Line], Any]
    start: Callable[[Transaction, ImportBatch, Sequence[Line]], Awaitable[PendingChanges]]
    is_line_by_line: bool = False
    own_keys: tuple[str, ...] = ()

    def reference(self, line: Line) -> PersonReference:
        """The person whom the line names."""
        return PersonReference.from_values({} if self._own_keys(line) else line.values, self.person_column)

    def matching_keys(self, line: Line) -> tuple[str, ...]:
        """Lines that share a key may be about the same."""
        return self._own_keys(line) or self.reference(line).matching_keys or (f"line:{line.number}",)

    def _own_keys(self, line: Line) -> tuple[str, ...]:
        named = ((name, line.values.get(name)) for name in self.own_keys)
        return tuple(f"{name}:{value}" for name, value in named if value is not None)


@dataclass(frozen=True, slots=True)
class CarriedOutLine:
    """What a line changed that was carried out by itself: the ids of the changed rows."""

    subjects: Sequence[UUID] = ()

    def apply_line(self, _: Line) -> bool:
        return bool(self.subjects)

    async def write(self, _: Transaction) -> None:
        """It is written already."""


def index_by_name(values: Iterable[tuple[Value, Sequence[str]]]) -> dict[str, Value]:
    """Each value by each of its names, as `fold_text` leaves them."""
    return {fold_text(name): value for value, names in values for name in names}


def look_up_name(values: Mapping[str, Value], written: str, column: str) -> Value:
    """The value of this name. Raise LineRejected."""
    found = values.get(fold_text(written))
    if found is None:
        raise line_rejected("Le catalogue n’a rien de ce nom.", column)
    return found
