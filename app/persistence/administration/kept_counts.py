"""Counts of registrations that are kept, so that statistics take as long in a large database as in a small one.

A background task counts what changed since its mark, in the order of changes: it takes off what a registration was
counted as (`counted_registration`), and adds what it is now. Whoever reads adds to the counts, in the same statement
and in the same way, what changed since the mark: statistics are exact however late the task is. While much is not
counted, as after the upgrade of a large database, nobody should read them: that takes longer than counting all anew.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from app.persistence.engine.database import Database, Reader
from app.persistence.engine.readers import read_count
from app.persistence.engine.transactions.change_watermark import read_watermark

CHANGES_PER_STATEMENT = 2_000  # registrations, and as many advisers
MOST_UNCOUNTED = 10_000  # changes of registrations, and as many of advisers: a reader adds some 50 in a millisecond

NEVER = datetime.min.replace(tzinfo=UTC)

# What is counted together, beside the month. The number of cells, not of registrations, is what is read: so few labels
# are together as the questions need.
KINDS: Sequence[Sequence[str]] = (
    ("training_organisation_id", "module_code", "status", "funding", "over_quota", "derogated", "corrected"),
    ("department", "status", "funding", "derogated", "corrected"),
    ("reason", "status", "funding", "derogated", "corrected"),
    ("days_to_decision",),
    ("days_to_session",),
)

AFTER_QUOTA = """CASE WHEN EXISTS (
    SELECT FROM decision o WHERE o.registration_id = r.id AND o.outcome = 'over_quota'
) THEN CASE WHEN r.status = 'awaiting_choice' THEN 'waiting' WHEN r.status IN ('cancelled', 'refused') THEN r.status
    WHEN r.funding = 'state' THEN 'funded' WHEN r.payer IS NOT NULL THEN 'kept' ELSE 'released' END END"""
DAYS_TO_DECISION = "greatest(0, (d.decided_at AT TIME ZONE 'Europe/Paris')::date - r.requested_on)"
DAYS_TO_SESSION = "greatest(0, r.session_starts_on - r.requested_on)"

_COLUMNS = (
    "requested_on", "training_organisation_id", "module_code", "department", "status", "funding", "reasons",
    "over_quota", "derogated", "corrected", "days_to_decision", "days_to_session",
)  # fmt: skip


def changes_between(mark: str, until: str) -> str:
    """CTEs: `signed` has what changed from the instant `mark` until `until`, as it is now (1) and was counted (-1)."""
    return f"""changed AS MATERIALIZED (
    SELECT id FROM registration WHERE updated_at >= {mark} AND updated_at < {until}
    UNION SELECT moved.id FROM adviser a CROSS JOIN LATERAL (
        SELECT c.id FROM registration r JOIN counted_registration c ON c.id = r.id
        WHERE r.adviser_id = a.id AND c.department IS DISTINCT FROM a.department OFFSET 0
    ) moved WHERE a.updated_at >= {mark} AND a.updated_at < {until}
), fresh AS MATERIALIZED (
    SELECT now.* FROM changed c CROSS JOIN LATERAL (
        SELECT r.id, r.requested_on, r.training_organisation_id, r.module_code, a.department, r.status, r.funding,
            ARRAY(SELECT reason ->> 'code' FROM json_array_elements(d.reasons) reason) AS reasons,
            {AFTER_QUOTA} AS over_quota, r.derogated, r.attendance_corrected AS corrected,
            {DAYS_TO_DECISION} AS days_to_decision, {DAYS_TO_SESSION} AS days_to_session
        FROM registration r JOIN decision d ON d.id = r.decision_id JOIN adviser a ON a.id = r.adviser_id
        WHERE r.id = c.id OFFSET 0
    ) now
), signed AS (
    SELECT 1 AS sign, * FROM fresh
    UNION ALL SELECT -1, was.* FROM changed c CROSS JOIN LATERAL (
        SELECT id, {", ".join(_COLUMNS)} FROM counted_registration WHERE id = c.id OFFSET 0
    ) was
)"""


def labels_of(kind: int) -> str:
    """SQL of the rows of labels, of this kind, of a counted registration `s`; several when it has several reasons."""
    values = ", ".join("reason" if name == "reason" else f"s.{name}::text" for name in KINDS[kind])
    reasons = " FROM unnest(CASE s.reasons WHEN '{}' THEN ARRAY[NULL] ELSE s.reasons END) reason"
    return f"SELECT {kind} AS kind, ARRAY[{values}] AS labels{reasons if 'reason' in KINDS[kind] else ''}"


MONTH = "date_trunc('month', s.requested_on)::date"

# Each step is planned anew: a plan made while nothing was kept looks through all that is kept, for each registration.
READ_MARK = """SELECT reached, set_config('plan_cache_mode', 'force_custom_plan', true)
FROM counting_mark FOR UPDATE SKIP LOCKED"""

READ_IS_CLOSE = """SELECT NOT (EXISTS (SELECT FROM registration WHERE updated_at >= reached OFFSET $1)
    OR EXISTS (SELECT FROM adviser WHERE updated_at >= reached OFFSET $1)) AS is_close FROM counting_mark"""

# So far that neither list has more changes than a statement should count; changes of one instant stay together.
FIND_END = """SELECT least($2, (
    SELECT updated_at FROM registration WHERE updated_at >= $1 ORDER BY updated_at OFFSET $3 LIMIT 1
) + interval '1 microsecond', (
    SELECT updated_at FROM adviser WHERE updated_at >= $1 ORDER BY updated_at OFFSET $3 LIMIT 1
) + interval '1 microsecond') AS until"""

# The mark is moved to the last change that is counted, no further.
COUNT_CHANGES = f"""WITH {changes_between("$1", "$2")}, differences AS (
    SELECT kind, {MONTH} AS month, labels, sum(sign) AS count FROM signed s CROSS JOIN LATERAL (
        {" UNION ALL ".join(labels_of(kind) for kind in range(len(KINDS)))}
    ) cells GROUP BY 1, 2, 3 HAVING sum(sign) <> 0
), counted AS (
    INSERT INTO registration_count AS k (kind, month, labels, count) SELECT kind, month, labels, count FROM differences
    ON CONFLICT (kind, month, labels) DO UPDATE SET count = k.count + EXCLUDED.count
), kept AS (
    INSERT INTO counted_registration (id, {", ".join(_COLUMNS)}) SELECT * FROM fresh
    ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS)}
), last AS (
    SELECT greatest((SELECT max(updated_at) FROM registration WHERE updated_at >= $1 AND updated_at < $2),
        (SELECT max(updated_at) FROM adviser WHERE updated_at >= $1 AND updated_at < $2)) AS at
), moved AS (
    UPDATE counting_mark SET reached = last.at + interval '1 microsecond' FROM last WHERE last.at IS NOT NULL
    RETURNING 1
)
SELECT count(*) FROM moved"""


async def count_next_changes(database: Database, now: datetime) -> bool:
    """Count some of the changes since the mark; return whether there were any, or may be as soon as another has
    written. One process at a time does."""
    watermark = await read_watermark(database, now, NEVER)
    if watermark == NEVER:  # as while reminders are written, which takes an instant
        return True
    async with database.transaction() as tx:
        mark = await tx.one(READ_MARK)
        if mark is None:
            return False
        end = await tx.one(FIND_END, mark["reached"], watermark, CHANGES_PER_STATEMENT)
        return end is not None and await read_count(tx, COUNT_CHANGES, mark["reached"], end["until"]) > 0


async def nearly_all_is_counted(reader: Reader) -> bool:
    """Whether at most MOST_UNCOUNTED changes are left to who reads the counts."""
    row = await reader.one(READ_IS_CLOSE, MOST_UNCOUNTED)
    return row is not None and bool(row["is_close"])
