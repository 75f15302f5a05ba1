"""How far a list by change is complete: whatever changed before its watermark is seen by whoever reads after it.

A change bears the instant at which it was asked for, and is committed later: a reader who goes on from the last one
seen would miss it. So each transaction holds its instant as a lock, shared with all of the same second, from its first
statement on; the server frees it once the commit is visible, also when that waits for a standby. One that begins with
an instant older than MARGIN, by the clock of the database, is refused. Whoever lists looks at the lowest instant held,
then at the rows.
"""

from datetime import UTC, datetime, timedelta

from app.persistence.engine.transactions.idempotency import RowReader

MARGIN = timedelta(seconds=30)  # from the instant of a request to its transaction, and between the clocks of machines
LOCK_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # what is held counts from it, in 31 bits: until 2068
MAX_LOCK_SECONDS = 2**31 - 1
LOCK_CLASS = 7241908
WATERMARKED_TABLES = ("adviser", "contract", "registration", "certification", "module", "training_organisation")

# Whoever writes there without holding an instant is no transaction of this version: a former one that still runs, or a
# person at a prompt. Nobody knows their instants, so that nothing is complete until they have ended.
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
    """SQL that holds the instant until the transaction has ended, and its commit is visible."""
    seconds = min(MAX_LOCK_SECONDS, max(0, int((at - LOCK_EPOCH).total_seconds())))
    return f"pg_advisory_xact_lock_shared({LOCK_CLASS}, {seconds})"


def is_recent_enough(at: datetime) -> str:
    """SQL for whether no watermark can have passed the instant; to be asked once it is held."""
    return f"clock_timestamp() < '{(at + MARGIN).isoformat()}'"


async def read_watermark(reader: RowReader, now: datetime, since: datetime) -> datetime:
    """No change before it, in whole seconds, is seen later than by the next statement; not after `since` while others
    write than this service. `now` is the caller's: its own changes are not later either when its clock is."""
    row = await reader.one(READ_HELD_INSTANTS)
    if row is None:
        raise LookupError("the database says nothing of its locks")
    watermark: datetime = min(now, row["now"]) - MARGIN
    if row["lowest"] is not None:
        watermark = min(watermark, LOCK_EPOCH + timedelta(seconds=row["lowest"]))
    if row["others_write"]:
        watermark = min(watermark, since)
    return watermark.replace(microsecond=0)
