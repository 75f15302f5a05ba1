"""The counts of registrations that are kept tell derogations and corrected attendance apart.

They begin empty again, as when they were made: the worker counts what is there, some at a time, and until it has,
registrations are counted one by one. A worker of the former release fails to count, and counts nothing wrongly: the new
columns have no default.

Locks: `TRUNCATE` and the new columns take ACCESS EXCLUSIVE on two tables that only the worker writes to, and that are
empty: an instant.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

COLUMNS = ("derogated", "corrected")


def _begin_again() -> None:
    # While an exclusive lock is waited for, readers of statistics wait behind it.
    op.execute("SET LOCAL lock_timeout = '1s'")
    op.execute("TRUNCATE registration_count, counted_registration")
    op.execute("UPDATE counting_mark SET reached = '-infinity'")


def upgrade() -> None:
    _begin_again()
    for name in COLUMNS:
        op.add_column("counted_registration", sa.Column(name, sa.Boolean(), nullable=False))


def downgrade() -> None:
    _begin_again()
    for name in COLUMNS:
        op.drop_column("counted_registration", name)
