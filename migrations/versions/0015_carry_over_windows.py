"""A carry-over keeps the window that it was granted with, whatever becomes of the right that it came from.

What is stored gets the window that its right gives: the year after a civil year; after a first year, the day after W to
the end of the next year, W being reckoned from the first entry into initial training by the policy of the day of the
decision. When the file no longer gives such a first year, or gives one that made a right already over on that day, the
window is taken to begin on the day of the decision.

Locks: ACCESS EXCLUSIVE on `carry_over` alone, a small table (a row for each decision of the support desk), long enough
to fill its two columns. A process of the former version can't grant a carry-over any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FILL_CIVIL_YEARS = """UPDATE carry_over SET
    valid_from = make_date(split_part(bucket, ':', 2)::int + 1, 1, 1),
    valid_until = make_date(split_part(bucket, ':', 2)::int + 1, 12, 31)
WHERE bucket LIKE 'civil\\_year:%'"""

FILL_FIRST_YEARS = """UPDATE carry_over SET valid_from = granted.valid_from,
    valid_until = make_date(extract(year FROM granted.valid_from - 1)::int + 1, 12, 31)
FROM (
    SELECT c.id, CASE WHEN entry.entered_on >= (p.content -> 'two_modules' ->> 'entered_on_or_after')::date
            AND extract(year FROM entry.ends_on) + 1 >= extract(year FROM c.decided_on)
        THEN entry.ends_on + 1 ELSE c.decided_on END AS valid_from
    FROM carry_over c JOIN adviser a ON a.id = c.adviser_id
    LEFT JOIN LATERAL (SELECT content FROM policy
        ORDER BY effective_from <= c.decided_on DESC, abs(effective_from - c.decided_on) LIMIT 1) p ON true
    LEFT JOIN LATERAL (SELECT min(entered_on) AS entered_on, (min(entered_on) + make_interval(
            months => (p.content -> 'two_modules' ->> 'window_months')::int))::date AS ends_on
        FROM (SELECT a.initial_training_entered_on UNION ALL SELECT unnest(a.former_entries) UNION ALL
            SELECT r.session_starts_on FROM registration r JOIN module m ON m.code = r.module_code
            WHERE r.adviser_id = a.id AND r.status IN ('accepted', 'completed') AND m.kind = 'initial_training'
        ) entries (entered_on)) entry ON true
    WHERE c.bucket = 'first_year'
) granted WHERE granted.id = carry_over.id"""


def upgrade() -> None:
    # While an exclusive lock is waited for, writers wait behind it.
    op.execute("SET LOCAL lock_timeout = '1s'")
    op.add_column("carry_over", sa.Column("valid_from", sa.Date(), nullable=True))
    op.add_column("carry_over", sa.Column("valid_until", sa.Date(), nullable=True))
    op.execute(FILL_CIVIL_YEARS)
    op.execute(FILL_FIRST_YEARS)
    op.alter_column("carry_over", "valid_from", nullable=False)
    op.alter_column("carry_over", "valid_until", nullable=False)
    op.create_check_constraint(op.f("ck_carry_over_order"), "carry_over", "valid_until >= valid_from")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_carry_over_order"), "carry_over")
    op.drop_column("carry_over", "valid_until")
    op.drop_column("carry_over", "valid_from")
