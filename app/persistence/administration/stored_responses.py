"""The responses stored under idempotency keys, forgotten by age."""

from datetime import datetime

from app.persistence.engine.database import Reader
from app.persistence.engine.readers import read_count
from app.persistence.schema.retention_periods import RESPONSES_RETENTION

DELETE_EXPIRED = "WITH old AS (DELETE FROM idempotency WHERE created_at < $1 RETURNING 1) SELECT count(*) FROM old"


async def delete_expired_responses(reader: Reader, now: datetime) -> int:
    """Delete the responses kept longer than promised; return how many."""
    return await read_count(reader, DELETE_EXPIRED, now - RESPONSES_RETENTION)
