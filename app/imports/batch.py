"""Where lines are carried out: the people they name, locked, the policies, and who asks. One for each transaction."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from app.domain.facts.policy import Policies
from app.imports.adviser_matching import KnownAdvisers
from app.imports.columns.column_recognition import ColumnSet
from app.imports.files.cell_content import fold_text
from app.imports.line_parsing import Line, line_rejected
from app.persistence.engine.database import Transaction
from app.use_cases.request_context import RequestContext

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """`stated` are the lines that spoke of an adviser or a contract so far, by its id; `sent_at` is when a file that
    waited was sent."""

    people: KnownAdvisers
    policies: Policies
    context: RequestContext
    lines_by_subject: dict[UUID, int]
    sent_at: datetime | None = None

    def check_not_contradicted(self, subject: UUID) -> None:
        """Two lines that say different things of one would take turns at each import. Raise Rejected."""
        if subject in self.lines_by_subject:
            raise line_rejected(f"La ligne {self.lines_by_subject[subject]} en dit autre chose : gardez-en une.")


class PendingChanges(Protocol):
    """What some lines come to, in memory until it is written."""

    @property
    def subjects(self) -> Sequence[UUID]:
        """The ids of what is changed."""
        ...

    def apply_line(self, line: Line) -> bool:
        """Whether the line changes anything; a line that is refused changes nothing.

        Raise Rejected, and whatever the API would answer with a problem.
        """
        ...

    async def write(self, transaction: Transaction) -> None:
        """With all that follows from it."""
        ...


@dataclass(frozen=True, slots=True)
class ImportDefinition:
    """One kind of import: its columns, the one that identifies the person, and the order of one person's lines."""

    columns: ColumnSet
    person_column: str
    sort_key: Callable[[Line], Any]
    start: Callable[[Transaction, ImportBatch, Sequence[Line]], Awaitable[PendingChanges]]


def index_by_name(values: Iterable[tuple[Value, Sequence[str]]]) -> dict[str, Value]:
    """Each value by its code and its title, as people write them."""
    return {fold_text(name): value for value, names in values for name in names}


def look_up_name(values: Mapping[str, Value], written: str, column: str) -> Value:
    """Raise Rejected."""
    found = values.get(fold_text(written))
    if found is None:
        raise line_rejected("Le catalogue n’a rien de ce nom.", column)
    return found
