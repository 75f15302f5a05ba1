"""Reminders: what advisers were told before it was too late, and how far the day's look has come."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reminder",
        sa.Column("adviser_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["adviser_id"], ["adviser.id"], name=op.f("fk_reminder_adviser_id")),
        sa.PrimaryKeyConstraint("adviser_id", "key", name=op.f("pk_reminder")),
    )
    op.create_table(
        "reminder_round",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reached", sa.Uuid(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_reminder_round_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_round")),
    )
    op.execute("INSERT INTO reminder_round (id, day) VALUES (1, '2000-01-01')")


def downgrade() -> None:
    op.drop_table("reminder_round")
    op.drop_table("reminder")
