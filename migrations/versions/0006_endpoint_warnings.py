"""Warnings about webhook endpoints become e-mails to their owners, and say how the endpoint failed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = ("endpoint", "adviser", "employer", "training_organisation")


def upgrade() -> None:
    _number_warnings("uuid DEFAULT gen_random_uuid()")
    op.alter_column("endpoint_warning", "id", server_default=None)
    op.drop_column("endpoint_warning", "told_at")
    op.add_column("endpoint_warning", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("endpoint_warning", "failures", server_default=None)
    op.add_column("endpoint_warning", sa.Column("status", sa.SmallInteger(), nullable=True))
    op.add_column("endpoint_warning", sa.Column("error", sa.Text(), nullable=True))
    _limit_recipients((*KINDS, "endpoint_owner"))


def downgrade() -> None:
    op.execute("""DELETE FROM delivery_attempt USING delivery
        WHERE delivery.id = delivery_id AND recipient = 'endpoint_owner'""")
    op.execute("DELETE FROM delivery WHERE recipient = 'endpoint_owner'")
    _limit_recipients(KINDS)
    for name in ("error", "status", "failures"):
        op.drop_column("endpoint_warning", name)
    op.add_column("endpoint_warning", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    _number_warnings("bigint GENERATED ALWAYS AS IDENTITY")


def _number_warnings(kind: str) -> None:
    op.drop_column("endpoint_warning", "id")
    op.execute(f"ALTER TABLE endpoint_warning ADD COLUMN id {kind} CONSTRAINT pk_endpoint_warning PRIMARY KEY")


def _limit_recipients(kinds: tuple[str, ...]) -> None:
    op.drop_constraint("ck_delivery_recipient", "delivery")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.execute(f"ALTER TABLE delivery ADD CONSTRAINT ck_delivery_recipient CHECK (recipient IN ({listed})) NOT VALID")
    op.execute("ALTER TABLE delivery VALIDATE CONSTRAINT ck_delivery_recipient")
