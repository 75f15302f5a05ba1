"""E-mails: who an event is written to, the decision that it tells, what an e-mail is about, the mail server's lane."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ABOUT = ("adviser_id", "registration_id", "decision_id")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("recipients", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("outbox", sa.Column("decision_id", sa.Uuid(), nullable=True))
    for name in ABOUT:
        op.add_column("delivery", sa.Column(name, sa.Uuid(), nullable=True))
    op.create_index(
        "ix_delivery_adviser_id",
        "delivery",
        ["adviser_id", "id"],
        unique=False,
        postgresql_where=sa.text("adviser_id IS NOT NULL"),
    )
    op.create_index(
        "uq_delivery_over_quota",
        "delivery",
        ["decision_id", "recipient"],
        unique=True,
        postgresql_where=sa.text("channel = 'email' AND type = 'registration.over_quota'"),
    )
    op.execute("INSERT INTO lane (id, channel) VALUES ('00000000-0000-0000-0000-000000000001', 'email')")


def downgrade() -> None:
    op.execute("DELETE FROM delivery_attempt a USING delivery d WHERE a.delivery_id = d.id AND d.channel = 'email'")
    op.execute("DELETE FROM delivery WHERE channel = 'email'")
    op.execute("DELETE FROM lane WHERE channel = 'email'")
    op.drop_index("uq_delivery_over_quota", "delivery")
    op.drop_index("ix_delivery_adviser_id", "delivery")
    for name in reversed(ABOUT):
        op.drop_column("delivery", name)
    for name in ("decision_id", "recipients"):
        op.drop_column("outbox", name)
