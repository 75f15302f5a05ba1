"""Deliveries: webhook endpoints with their secrets, what is due to whom, every attempt, and how receivers fare."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SERVICE = "registrations_service"
ORGANISATION = "registrations_training_organisation"

OF_THE_VIEWER = "EXISTS (SELECT FROM webhook_endpoint w WHERE w.id = {} AND w.training_organisation_id = viewer())"
ROWS_OF_THE_VIEWER = {
    "webhook_endpoint": "training_organisation_id = viewer()",
    "lane": OF_THE_VIEWER.format("lane.id"),
    "delivery": OF_THE_VIEWER.format("delivery.lane_id"),
    "delivery_attempt": "EXISTS (SELECT FROM delivery d WHERE d.id = delivery_attempt.delivery_id)",
}


def upgrade() -> None:
    op.create_table(
        "lane",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("openings", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warning", sa.Text(), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('webhook', 'email')", name=op.f("ck_lane_channel")),
        sa.CheckConstraint("warning IN ('failing', 'last_day')", name=op.f("ck_lane_warning")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("lane_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("replay", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(channel = 'webhook') = (body IS NOT NULL)", name=op.f("ck_delivery_body")),
        sa.CheckConstraint("(state = 'due') = (next_attempt_at IS NOT NULL)", name=op.f("ck_delivery_due")),
        sa.CheckConstraint(
            "(state = 'in_flight') = (claim IS NOT NULL) AND (claim IS NULL) = (lease_until IS NULL)",
            name=op.f("ck_delivery_claim"),
        ),
        sa.CheckConstraint("(state IN ('due', 'in_flight')) = (settled_at IS NULL)", name=op.f("ck_delivery_settled")),
        sa.CheckConstraint("channel IN ('webhook', 'email')", name=op.f("ck_delivery_channel")),
        sa.CheckConstraint(
            "recipient IN ('endpoint', 'adviser', 'employer', 'training_organisation')",
            name=op.f("ck_delivery_recipient"),
        ),
        sa.CheckConstraint(
            "state IN ('due', 'in_flight', 'delivered', 'dead', 'skipped', 'cancelled')", name=op.f("ck_delivery_state")
        ),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name=op.f("fk_delivery_lane_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("event_id", "lane_id", "recipient", name=op.f("uq_delivery_event_id")),
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["lane_id", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'due'"),
    )
    op.create_index(
        "ix_delivery_in_flight",
        "delivery",
        ["lane_id", "lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'in_flight'"),
    )
    op.create_index("ix_delivery_lane", "delivery", ["lane_id", "id"], unique=False)
    op.create_table(
        "delivery_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("replay", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_attempt_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
    )
    op.create_index(op.f("ix_delivery_attempt_delivery_id"), "delivery_attempt", ["delivery_id"], unique=False)
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("training_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("feed_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("disabled_because", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'disabled') = (disabled_because IS NOT NULL)", name=op.f("ck_webhook_endpoint_disabled")
        ),
        sa.CheckConstraint(
            "disabled_because IN ('owner', 'failing', 'gone')", name=op.f("ck_webhook_endpoint_disabled_because")
        ),
        sa.CheckConstraint("status IN ('active', 'disabled', 'deleted')", name=op.f("ck_webhook_endpoint_status")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_webhook_endpoint_client_id")),
        sa.ForeignKeyConstraint(["id"], ["lane.id"], name=op.f("fk_webhook_endpoint_id")),
        sa.ForeignKeyConstraint(
            ["training_organisation_id"],
            ["training_organisation.id"],
            name=op.f("fk_webhook_endpoint_training_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_index(op.f("ix_webhook_endpoint_client_id"), "webhook_endpoint", ["client_id"], unique=False)
    op.create_index(op.f("ix_webhook_endpoint_feed_id"), "webhook_endpoint", ["feed_id"], unique=False)
    op.create_index(
        op.f("ix_webhook_endpoint_training_organisation_id"),
        "webhook_endpoint",
        ["training_organisation_id"],
        unique=False,
    )
    op.create_table(
        "endpoint_warning",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('failing', 'last_day', 'disabled', 'gone')", name=op.f("ck_endpoint_warning_kind")
        ),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_endpoint_warning_endpoint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint_warning")),
    )
    op.create_table(
        "webhook_secret",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_webhook_secret_endpoint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_secret")),
    )
    op.create_index(op.f("ix_webhook_secret_endpoint_id"), "webhook_secret", ["endpoint_id"], unique=False)
    _limit_to_the_viewer()


def _limit_to_the_viewer() -> None:
    for table, rows in ROWS_OF_THE_VIEWER.items():
        op.execute(f"GRANT SELECT ON {table} TO {ORGANISATION}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"CREATE POLICY viewer ON {table} FOR SELECT TO {ORGANISATION} USING ({rows})")


def downgrade() -> None:
    for table in ("webhook_secret", "endpoint_warning", *reversed(ROWS_OF_THE_VIEWER)):
        op.execute(f"DROP TABLE {table} CASCADE")
