"""The registrations of a session are found by an index; their foreign key is checked.

Locks: the index is built beside the writers (CONCURRENTLY), and VALIDATE reads the table under SHARE UPDATE EXCLUSIVE,
which keeps nobody from writing; each is a transaction of its own. An interrupted index is left invalid by PostgreSQL,
and built anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INDEX = "ix_registration_session"


def upgrade() -> None:
    _drop_index()
    with op.get_context().autocommit_block():
        op.create_index(
            INDEX,
            "registration",
            ["session_id", "id"],
            postgresql_where=sa.text("session_id IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.execute("ALTER TABLE registration VALIDATE CONSTRAINT fk_registration_session_id")


def _drop_index() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, "registration", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    _drop_index()
