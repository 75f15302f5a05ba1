"""An audit entry: who does what; that of a change is written in the round trip that commits it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

AUDIT_COLUMNS = ("id", "at", "client_id", "action", "refused", "request_id", "subject_ids")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who does what, in which request, at the aware instant `at`. The command line has no client and no request."""

    client_id: UUID | None
    action: str
    request_id: UUID | None
    at: datetime

    def new_id(self) -> UUID:
        """A new UUIDv7 of the instant `at`."""
        return uuid7(nanoseconds=int(self.at.timestamp() * 1_000_000) * 1000)

    def row(self, subjects: Iterable[UUID | str], *, refused: bool = False) -> dict[str, Any]:
        """The columns of this entry about these ids, each of them once."""
        return {
            "id": self.new_id(),
            "at": self.at,
            "client_id": self.client_id,
            "action": self.action,
            "refused": refused,
            "request_id": self.request_id,
            "subject_ids": [*dict.fromkeys(subjects)],
        }

    def insert_statement(self, subjects: Iterable[str]) -> str:
        """SQL that inserts this entry; `subjects` are SQL for the ids of what is changed.

        Only the digits of UUIDs, an instant and an identifier are written into it. Raise ValueError for another action.
        """
        if not self.action.isidentifier():
            raise ValueError(self.action)
        values = (
            uuid_literal(self.new_id()),
            f"'{self.at.isoformat()}'",
            uuid_literal(self.client_id) if self.client_id else "NULL",
            f"'{self.action}'",
            "false",
            uuid_literal(self.request_id) if self.request_id else "NULL",
            f"ARRAY[{', '.join(subjects)}]::uuid[]",
        )
        return f"INSERT INTO audit_log ({', '.join(AUDIT_COLUMNS)}) VALUES ({', '.join(values)})"


def lowest_id_at(at: datetime) -> UUID:
    """The lowest id that an entry of the aware instant `at`, or a later one, can have."""
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)


def uuid_literal(value: UUID) -> str:
    """SQL for the id: only its hexadecimal digits are written."""
    return f"'{value.hex}'::uuid"
