"""What the lines of one transaction are carried out with, and what a kind of import must provide."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from app.domain.facts.policy import Policies
from app.imports.files.cell_content import fold_text
from app.imports.lines.adviser_matching import KnownAdvisers
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

    def apply_line(self, line: Line) -> bool:
        """Whether the line changes anything.

        Raise LineRejected, and whatever the API would answer with a problem: the line then changes nothing.
        """
        ...

    async def write(self, transaction: Transaction) -> None:
        """Write the changes, with all that follows from them."""
        ...


@dataclass(frozen=True, slots=True)
class ImportDefinition:
    """A kind of import: the column that identifies the person, and the order of one person's lines."""

    person_column: str
    sort_key: Callable[[Line], Any]
    start: Callable[[Transaction, ImportBatch, Sequence[Line]], Awaitable[PendingChanges]]


def index_by_name(values: Iterable[tuple[Value, Sequence[str]]]) -> dict[str, Value]:
    """Each value by each of its names, as `fold_text` leaves them."""
    return {fold_text(name): value for value, names in values for name in names}


def look_up_name(values: Mapping[str, Value], written: str, column: str) -> Value:
    """The value of this name. Raise LineRejected."""
    found = values.get(fold_text(written))
    if found is None:
        raise line_rejected("Le catalogue n’a rien de ce nom.", column)
    return found
