"""A registration for which a deed on its session failed waits for its next attempt, and the others go on.

Locks: columns without a value to fill change the catalogue alone (ACCESS EXCLUSIVE, an instant, behind a lock that is
given up after a second). The index is built beside the writers (CONCURRENTLY), in a transaction of its own; an
interrupted one is left invalid by PostgreSQL, and built anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0022"
branch_labels = None
depends_on = None

INDEX = "ix_session_deed_target_registration_id"


def upgrade() -> None:
    # While an exclusive lock is waited for, writers wait behind it.
    op.execute("SET LOCAL lock_timeout = '1s'")
    op.add_column("session_deed", sa.Column("failing", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column(
        "session_deed_target", sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("session_deed_target", sa.Column("retry_at", sa.DateTime(timezone=True)))
    _drop_index()
    with op.get_context().autocommit_block():
        op.create_index(INDEX, "session_deed_target", ["registration_id"], postgresql_concurrently=True)


def _drop_index() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, "session_deed_target", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    _drop_index()
    op.drop_column("session_deed_target", "retry_at")
    op.drop_column("session_deed_target", "failures")
    op.drop_column("session_deed", "failing")
