"""What was given up is found at once, and so are the e-mails about a registration.

Indexes of a table that grows: built beside its writers (SHARE UPDATE EXCLUSIVE, which stops no write), outside a
transaction. One that was interrupted is left invalid by PostgreSQL, and is built anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_delivery_dead", ["channel", "id"], "state = 'dead'"),
    ("ix_delivery_registration_id", ["registration_id", "id"], "registration_id IS NOT NULL"),
)


def upgrade() -> None:
    downgrade()
    with op.get_context().autocommit_block():
        for name, columns, where in INDEXES:
            op.create_index(name, "delivery", columns, postgresql_where=sa.text(where), postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, _, _ in INDEXES:
            op.drop_index(name, "delivery", postgresql_concurrently=True, if_exists=True)
