"""What an import says of itself: what its lines are, where it is, and what became of its lines and columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_END_OF_SUSPECT = ""  # separates them from the others; no heading is empty


class ImportKind(StrEnum):
    ADVISERS = "advisers"
    CONTRACTS = "contracts"
    CERTIFICATIONS = "certifications"
    REGISTRATIONS = "registrations"
    SESSIONS = "sessions"
    ATTENDANCE = "attendance"


class ImportStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LineCounts:
    """How many lines were read, found unchanged, rejected."""

    read: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, slots=True)
class IgnoredColumns:
    """The headings of the columns that are not imported; `suspect` are those that may be misspelt."""

    headings: Sequence[str]
    suspect: Sequence[str] = ()

    @property
    def stored(self) -> list[str]:
        """One list for the database: the suspect ones, a separator, the others."""
        others = [heading for heading in self.headings if heading not in self.suspect]
        return [*self.suspect, _END_OF_SUSPECT, *others] if self.suspect else others


def headings_by_column(kept: Sequence[str]) -> dict[str, list[str]]:
    """The lists that IgnoredColumns stored as one: the suspect headings, and all headings."""
    suspect = [*kept[: kept.index(_END_OF_SUSPECT)]] if _END_OF_SUSPECT in kept else []
    return {"suspect_columns": suspect, "ignored_columns": [heading for heading in kept if heading != _END_OF_SUSPECT]}
