"""The transaction under way, as use cases see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.domain.facts.policy import Policy
from app.persistence.engine.driver_types import AsyncpgConnection, Row
from app.persistence.engine.secrets.keyring import Keyring
from app.persistence.engine.transactions.audit_entries import uuid_literal


@dataclass(frozen=True, slots=True)
class Transaction:
    """`decisions` are those it wrote, counted once it is committed; `audit_subjects` is SQL for the ids of what it
    changes, which its audit entry keeps."""

    connection: AsyncpgConnection
    policies: dict[str, Policy]
    decisions: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    audit_subjects: list[str] = field(default_factory=list[str])
    keyring: Keyring = field(default_factory=Keyring)

    def add_audit_subjects(self, *subjects: UUID) -> None:
        """Add subjects to the audit entry, beside those of the lock."""
        self.audit_subjects.extend(uuid_literal(subject) for subject in subjects)

    async def one(self, sql: str, *values: object) -> Row | None:
        return await self.connection.fetchrow(sql, *values)

    async def many(self, sql: str, *values: object) -> list[Row]:
        return await self.connection.fetch(sql, *values)

    async def run(self, sql: str, *values: object) -> None:
        await self.connection.execute(sql, *values)
