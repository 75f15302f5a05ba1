"""What depends on a value of SECRET_KEY: keys digested under it, secrets sealed by it, links signed by it."""

from collections.abc import Mapping
from datetime import date, datetime

from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.secrets.secret_box import WEBHOOK_SECRET_PURPOSE
from app.persistence.identities.identity_digests import DIGEST_KEY_PURPOSE

# Every table with a column `sealed`, and the purpose of its secrets.
SEALED_TABLES: Mapping[str, str] = {"webhook_secret": WEBHOOK_SECRET_PURPOSE, "digest_key": DIGEST_KEY_PURPOSE}

RECORD_USE = "INSERT INTO secret_value (fingerprint, first_used_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
READ_FIRST_USE = "SELECT first_used_at FROM secret_value WHERE fingerprint = $1"

KEYS_UNDER_OTHERS = """SELECT k.id, k.last_used_at, k.expires_at, c.name, c.role
FROM api_key k JOIN client c ON c.id = k.client_id
WHERE k.digested_under IS DISTINCT FROM $1 AND k.revoked_at IS NULL AND c.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > $2)
ORDER BY c.name, k.created_at, k.id"""

# The links of messages sent before that can be answered still: a choice is awaited, or a refusal could be put right.
COUNT_LINKS = """SELECT count(*) AS links, max(r.session_starts_on) - 1 AS until
FROM registration r JOIN decision d ON d.id = r.decision_id JOIN adviser a ON a.id = r.adviser_id
WHERE r.session_starts_on > $2 AND a.anonymised_at IS NULL AND (
    (r.status = 'awaiting_choice' AND d.decided_at < $1)
    OR (r.status = 'refused' AND EXISTS (
        SELECT FROM delivery e WHERE e.adviser_id = r.adviser_id AND e.registration_id = r.id
            AND e.type = 'registration.regularisable' AND e.recipient = 'adviser' AND e.created_at < $1)))"""


async def record_use(transaction: Transaction, fingerprint: str, now: datetime) -> None:
    """Record since when this value seals and signs, unless it is recorded."""
    await transaction.run(RECORD_USE, fingerprint, now)


async def first_used_at(reader: Reader, fingerprint: str) -> datetime | None:
    """Since when the value is used; None when that is not recorded."""
    row = await reader.one(READ_FIRST_USE, fingerprint)
    return row["first_used_at"] if row else None


async def list_sealed(reader: Reader, table: str) -> list[Row]:
    """The ids and sealed secrets of one of SEALED_TABLES."""
    return await reader.many(f"SELECT id, sealed FROM {table} ORDER BY id")


async def replace_sealed(transaction: Transaction, table: str, row: Row, sealed: bytes) -> None:
    """Replace the sealed secret of the row, unless it was changed meanwhile."""
    statement = f"UPDATE {table} SET sealed = $3 WHERE id = $1 AND sealed = $2"
    await transaction.run(statement, row["id"], row["sealed"], sealed)


async def keys_under_other_secrets(reader: Reader, fingerprint: str, now: datetime) -> list[Row]:
    """The live keys that are not known to be digested under this value."""
    return await reader.many(KEYS_UNDER_OTHERS, fingerprint, now)


async def count_links_sent_before(reader: Reader, instant: datetime, today: date) -> tuple[int, date | None]:
    """How many personal links sent before the instant can still be answered, and until when at most."""
    row = await reader.one(COUNT_LINKS, instant, today) or {"links": 0, "until": None}
    return row["links"], row["until"]
