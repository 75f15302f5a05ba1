"""Files of anonymised advisers, found again by digests of their identity: never from the file to the person."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row

INSERT_IDENTITY = """INSERT INTO former_identity (adviser_id, kind, digest, anonymised_at)
SELECT $1, kind, digest, $4 FROM unnest($2::text[], $3::bytea[]) AS given (kind, digest)
ON CONFLICT (digest, adviser_id) DO UPDATE SET anonymised_at = EXCLUDED.anonymised_at"""

FIND = """SELECT i.adviser_id, i.kind, i.digest, i.anonymised_at, a.anonymised_at IS NOT NULL AS is_anonymised
FROM former_identity i JOIN adviser a ON a.id = i.adviser_id WHERE i.digest = ANY($1::bytea[])
ORDER BY i.adviser_id, i.kind"""

# The carry-over can still be used; the unit that it came from can't.
COPY_CARRY_OVERS = """INSERT INTO carry_over (id, adviser_id, bucket, units, motive, decided_on, decided_by, created_at,
    valid_from, valid_until)
SELECT gen_random_uuid(), $2, bucket, units, motive, decided_on, decided_by, created_at, valid_from, valid_until
FROM carry_over WHERE adviser_id = ANY($1)"""

# So that the next return finds the present file; nothing leads from it to the former one.
MOVE_IDENTITIES = """WITH moved AS (
    DELETE FROM former_identity WHERE adviser_id = ANY($1) RETURNING kind, digest, anonymised_at
)
INSERT INTO former_identity (adviser_id, kind, digest, anonymised_at)
SELECT $2, kind, digest, max(anonymised_at) FROM moved GROUP BY kind, digest ON CONFLICT DO NOTHING"""

FIND_ANONYMISED_SINCE = "SELECT digest FROM former_identity WHERE anonymised_at >= $1"


async def store_identity(transaction: Transaction, adviser: UUID, digests: Mapping[str, bytes], now: datetime) -> None:
    """Store the digests, by kind, by which the adviser can be recognised."""
    await transaction.run(INSERT_IDENTITY, adviser, [*digests], [*digests.values()], now)


async def find_by_digests(reader: Reader, digests: Collection[bytes]) -> list[Row]:
    """The files with one of these digests."""
    return await reader.many(FIND, [*digests])


async def anonymised_since(reader: Reader, instant: datetime) -> list[bytes]:
    """The digests of those anonymised at this instant or later."""
    return [row["digest"] for row in await reader.many(FIND_ANONYMISED_SINCE, instant)]


async def transfer_to_adviser(transaction: Transaction, files: Collection[UUID], adviser: UUID) -> None:
    """Copy the carry-overs of these files to `adviser`, an existing one, and move their digests there."""
    await transaction.run(COPY_CARRY_OVERS, [*files], adviser)
    await transaction.run(MOVE_IDENTITIES, [*files], adviser)
