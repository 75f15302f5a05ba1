"""The watermark of lists by change: every change before it is visible to whoever reads after it.

A change bears the instant of its request and is committed later: a reader who goes on from the last change seen would
miss it. So each transaction holds its instant, in whole seconds, as a shared advisory lock from its first statement on;
the server frees it once the commit is visible, also when that waits for a standby. A transaction whose instant is older
than MARGIN by the database's clock is refused. The watermark is the lowest instant held, read before the rows.
"""

from datetime import UTC, datetime, timedelta

from app.persistence.engine.readers import Reader

MARGIN = timedelta(seconds=30)  # from a request to its transaction, and between the clocks of machines
LOCK_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # the locks count seconds from it, in 31 bits: until 2068
MAX_LOCK_SECONDS = 2**31 - 1
LOCK_CLASS = 7241908
WATERMARKED_TABLES = (
    "adviser", "contract", "registration", "certification", "support_request", "session", "module",
    "training_organisation",
)  # fmt: skip

# A writer that holds no instant is a former version that still runs, or a person at a prompt. Their instants are not
# known, so that nothing is complete until they have ended.
READ_HELD_INSTANTS = f"""WITH held AS MATERIALIZED (
    SELECT * FROM pg_locks
    WHERE granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
), instants AS (
    SELECT objid::bigint AS seconds, virtualtransaction FROM held
    WHERE locktype = 'advisory' AND classid = {LOCK_CLASS} AND objsubid = 2
)
SELECT statement_timestamp() AS now, (SELECT min(seconds) FROM instants) AS lowest, EXISTS (
    SELECT FROM held WHERE mode = 'RowExclusiveLock'
        AND relation = ANY('{{{", ".join(WATERMARKED_TABLES)}}}'::regclass[])
        AND virtualtransaction NOT IN (SELECT virtualtransaction FROM instants)
) AS others_write"""


def hold_instant(at: datetime) -> str:
    """SQL that locks the instant until the transaction has ended, its commit visible."""
    return f"pg_advisory_xact_lock_shared({LOCK_CLASS}, {lock_seconds(at)})"


def lock_seconds(at: datetime) -> int:
    """The instant as the second number of its lock, beside LOCK_CLASS."""
    return min(MAX_LOCK_SECONDS, max(0, int((at - LOCK_EPOCH).total_seconds())))


def is_recent_enough(at: datetime) -> str:
    """SQL for whether no watermark can have passed the instant; ask it once the instant is held."""
    return f"clock_timestamp() < '{(at + MARGIN).isoformat()}'"


async def read_watermark(reader: Reader, now: datetime, since: datetime) -> datetime:
    """The instant, in whole seconds, before which every change is visible to the next statement. It is at most `since`
    while something else than this service writes, and at most `now`, the caller's clock, less MARGIN."""
    row = await reader.one(READ_HELD_INSTANTS)
    if row is None:
        raise LookupError("the database says nothing of its locks")
    watermark: datetime = min(now, row["now"]) - MARGIN
    if row["lowest"] is not None:
        watermark = min(watermark, LOCK_EPOCH + timedelta(seconds=row["lowest"]))
    if row["others_write"]:
        watermark = min(watermark, since)
    return watermark.replace(microsecond=0)
