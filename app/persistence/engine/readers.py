"""What a statement that reads is run on, whatever lends the connection."""

from typing import Protocol
from uuid import UUID

from app.domain.facts.policy import Policy
from app.persistence.engine.driver_types import Row
from app.persistence.engine.secrets.keyring import Keyring


class Reader(Protocol):
    """Runs statements that read: the database, where each is a transaction of its own, or a transaction under way.

    `policies` caches the versions already read: they never change, and each database has its own.
    """

    @property
    def policies(self) -> dict[str, Policy]: ...

    async def one(self, sql: str, *values: object) -> Row | None: ...

    async def many(self, sql: str, *values: object) -> list[Row]: ...


class LookupReader(Reader, Protocol):
    """A reader of whatever is asked for by its id."""

    async def one_by_id(self, sql: str, key: UUID) -> Row | None:
        """The row of this id, None when there is none. `sql` finds the rows of the ids in `$1`, and returns `id`."""
        ...


class KeyedReader(Reader, Protocol):
    """A reader that also has the keys of the secrets stored in the database."""

    @property
    def keyring(self) -> Keyring: ...


async def read_count(reader: Reader, sql: str, *values: object) -> int:
    """The column `count` of the one row; 0 when there is none."""
    row = await reader.one(sql, *values)
    return int(row["count"]) if row else 0
