"""Reads as a training organisation: row-level security shows it only what is its own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from app.domain.facts.policy import Policy
from app.persistence.engine.connection_pool import ConnectionPool
from app.persistence.engine.driver_types import AsyncpgConnection, Row

TENANT = "viewer"


@dataclass(frozen=True, slots=True)
class TenantReader:
    """A reader of what one training organisation may see. The connections of `pool` act as the role of training
    organisations only: statements are planned for one role, and a connection that changed roles would plan again."""

    pool: ConnectionPool
    policies: dict[str, Policy]
    training_organisation_id: UUID

    async def one(self, sql: str, *values: object) -> Row | None:
        async with self._connection() as connection:
            return await connection.fetchrow(sql, *values)

    async def many(self, sql: str, *values: object) -> list[Row]:
        async with self._connection() as connection:
            return await connection.fetch(sql, *values)

    async def one_by_id(self, sql: str, key: UUID) -> Row | None:
        return await self.one(sql, [key])

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[AsyncpgConnection]:
        """Lend a connection whose session is set to this organisation; its next read need not set it again."""
        async with self.pool.acquire() as pooled:
            if pooled.session_state.get(TENANT) != self.training_organisation_id:
                pooled.session_state[TENANT] = None
                try:
                    await pooled.connection.execute(
                        f"SET app.training_organisation_id = '{self.training_organisation_id.hex}'"
                    )
                except BaseException:
                    # Its session may be of either organisation now.
                    pooled.connection.terminate()
                    raise
                pooled.session_state[TENANT] = self.training_organisation_id
            yield pooled.connection
