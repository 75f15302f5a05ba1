"""The event feed: dense positions for each audience, and the epoch they belong to.

What stands in the outbox so far was told before there was anybody to tell: it enters the feed and nobody's mailbox.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SERVICE = "registrations_service"
ORGANISATION = "registrations_training_organisation"

EPOCH = """
INSERT INTO feed_epoch (id, epoch, server, begun_at)
SELECT 1, gen_random_uuid(), concat_ws('/', system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8),
    'feed_epoch'::regclass::oid), now()
FROM pg_control_system()
"""

ROWS_OF_THE_VIEWER = {"feed": "id = viewer()", "feed_entry": "feed_id = viewer()"}

# Several organisations may be told one event.
TOLD_TO_THE_VIEWER = "EXISTS (SELECT FROM feed_entry e WHERE e.outbox_id = outbox.id AND e.feed_id = viewer())"
OF_THE_VIEWER = "training_organisation_id = viewer()"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("history", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute("UPDATE outbox SET history = true")
    op.create_table(
        "feed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
    )
    op.create_table(
        "feed_entry",
        sa.Column("feed_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_feed_entry_outbox_id")),
        sa.PrimaryKeyConstraint("feed_id", "position", name=op.f("pk_feed_entry")),
        sa.UniqueConstraint("outbox_id", "feed_id", name=op.f("uq_feed_entry_outbox_id")),
    )
    op.create_table(
        "feed_epoch",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_feed_epoch_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_epoch")),
    )
    op.execute(EPOCH)
    _limit_to_the_viewer()


def _limit_to_the_viewer() -> None:
    op.execute(f"GRANT SELECT ON feed, feed_entry, feed_epoch TO {ORGANISATION}")
    for table, rows in ROWS_OF_THE_VIEWER.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"CREATE POLICY viewer ON {table} FOR SELECT TO {ORGANISATION} USING ({rows})")
    op.execute(f"ALTER POLICY viewer ON outbox USING ({TOLD_TO_THE_VIEWER})")


def downgrade() -> None:
    op.execute(f"ALTER POLICY viewer ON outbox USING ({OF_THE_VIEWER})")
    op.drop_table("feed_epoch")
    op.drop_table("feed_entry")
    op.drop_table("feed")
    op.drop_column("outbox", "history")
