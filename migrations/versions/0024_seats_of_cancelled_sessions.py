"""How many had a seat of a session when it was cancelled: statistics tell those cancelled for want of people.

Locks: a column without a default changes the catalogue alone (ACCESS EXCLUSIVE on `session`, an instant, behind a lock
that is given up after a second).
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # While an exclusive lock is waited for, writers wait behind it.
    op.execute("SET LOCAL lock_timeout = '1s'")
    op.add_column("session", sa.Column("taken_when_cancelled", sa.Integer()))


def downgrade() -> None:
    op.drop_column("session", "taken_when_cancelled")
