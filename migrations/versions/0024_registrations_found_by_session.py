"""Registrations are found by the first day, the reference and the reasons of their session (GET /v1/registrations).

Locks: both indexes are built beside the writers (CONCURRENTLY), each in a transaction of its own; an interrupted one is
left invalid by PostgreSQL, and built anew. Statistics change the catalogue alone. A BRIN index is of some pages, and
costs a writer next to nothing; that of references has only the registrations with one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

FIRST_DAY, REFERENCE = "ix_registration_first_day", "ix_registration_reference"


def upgrade() -> None:
    _drop()
    with op.get_context().autocommit_block():
        op.create_index(
            FIRST_DAY,
            "registration",
            ["session_starts_on"],
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32},
            postgresql_concurrently=True,
        )
        op.create_index(
            REFERENCE,
            "registration",
            ["session_reference"],
            postgresql_where=sa.text("session_reference IS NOT NULL"),
            postgresql_concurrently=True,
        )
    op.execute("CREATE STATISTICS decision_reasons ON (reasons::jsonb), (reasons::text) FROM decision")


def _drop() -> None:
    op.execute("DROP STATISTICS IF EXISTS decision_reasons")
    with op.get_context().autocommit_block():
        for name in (FIRST_DAY, REFERENCE):
            op.drop_index(name, "registration", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    _drop()
