"""What a session was before it moved, which those who are registered are told.

Locks: a new column that may be null changes the catalogue only: an instant on `session_deed`, which is small, behind a
lock that is given up after a second.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '1s'")
    op.add_column("session_deed", sa.Column("former", postgresql.JSON(), nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '1s'")
    op.drop_column("session_deed", "former")
