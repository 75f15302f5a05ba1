"""Published sessions, their seats, and the deeds that concern every registration of one (section 5ter).

Locks: the tables are new. A registration may name a session: a column without a default and a foreign key that is not
checked yet change the catalogue alone (ACCESS EXCLUSIVE on `registration`, SHARE ROW EXCLUSIVE for the keys, an
instant, behind a lock that is given up after a second). An event may be about no adviser: the same, on `outbox`.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SERVICE = "registrations_service"
ORGANISATION = "registrations_training_organisation"
OWN_REGISTRATION = (
    "EXISTS (SELECT FROM registration r WHERE r.id = seat.registration_id AND r.training_organisation_id = viewer())"
)


def upgrade() -> None:
    # While an exclusive lock is waited for, writers wait behind it.
    op.execute("SET LOCAL lock_timeout = '1s'")
    _create_session()
    _create_seat()
    _create_deeds()
    op.add_column("registration", sa.Column("session_id", sa.Uuid()))
    op.execute(
        "ALTER TABLE registration ADD CONSTRAINT fk_registration_session_id"
        " FOREIGN KEY (session_id) REFERENCES session (id) NOT VALID"
    )
    op.execute("ALTER TABLE outbox ALTER COLUMN adviser_id DROP NOT NULL")
    op.execute(f"GRANT SELECT ON session, seat, session_deed TO {ORGANISATION}")
    op.execute("ALTER TABLE seat ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY service ON seat TO {SERVICE} USING (true)")
    op.execute(f"CREATE POLICY viewer ON seat FOR SELECT TO {ORGANISATION} USING ({OWN_REGISTRATION})")


def _create_session() -> None:
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("module_code", sa.Text(), nullable=False),
        sa.Column("training_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("hours", postgresql.JSON(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("place_name", sa.Text()),
        sa.Column("place_address", sa.Text()),
        sa.Column("place_department", sa.Text()),
        sa.Column("link", sa.Text()),
        sa.Column("seats_minimum", sa.Integer()),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("seats_taken", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("seats_waiting", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("arrivals", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("registration_closes_on", sa.Date()),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.Column("cancellation_motive", sa.Text()),
        sa.Column("taken_when_cancelled", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("format IN ('remote', 'on_site', 'hybrid')", name=op.f("ck_session_format")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_session_order")),
        sa.CheckConstraint("seats_taken BETWEEN 0 AND capacity", name=op.f("ck_session_seats")),
        sa.CheckConstraint("seats_waiting >= 0", name=op.f("ck_session_waiting")),
        sa.ForeignKeyConstraint(["module_code"], ["module.code"], name=op.f("fk_session_module_code")),
        sa.ForeignKeyConstraint(
            ["training_organisation_id"],
            ["training_organisation.id"],
            name=op.f("fk_session_training_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("training_organisation_id", "reference", name="uq_session_reference"),
        sa.UniqueConstraint("id", "capacity", name="uq_session_capacity"),
    )
    op.create_index("ix_session_updated_at", "session", ["updated_at", "id"])
    op.create_index("ix_session_starts_on", "session", ["starts_on", "id"])
    op.create_index("ix_session_waiting", "session", ["starts_on"], postgresql_where=sa.text("seats_waiting > 0"))


def _create_seat() -> None:
    op.create_table(
        "seat",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("arrival", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer()),
        sa.CheckConstraint("number BETWEEN 1 AND capacity", name=op.f("ck_seat_number")),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_seat_registration_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["session_id", "capacity"], ["session.id", "session.capacity"], name="fk_seat_session", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_seat")),
        sa.UniqueConstraint("session_id", "number", name="uq_seat_number", deferrable=True, initially="IMMEDIATE"),
    )
    op.create_index("ix_seat_arrival", "seat", ["session_id", "arrival"])


def _create_deeds() -> None:
    op.create_table(
        "session_deed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tells", sa.Boolean(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid()),
        sa.Column("concerned", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("former", postgresql.JSON()),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('move', 'confirmation', 'cancellation')", name=op.f("ck_session_deed_kind")),
        sa.CheckConstraint("done BETWEEN 0 AND concerned", name=op.f("ck_session_deed_done")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_session_deed_session_id")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_session_deed_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_deed")),
    )
    op.create_index(op.f("ix_session_deed_session_id"), "session_deed", ["session_id"])
    op.create_index(
        "ix_session_deed_open", "session_deed", ["requested_at"], postgresql_where=sa.text("finished_at IS NULL")
    )
    op.create_table(
        "session_deed_target",
        sa.Column("deed_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["deed_id"], ["session_deed.id"], name=op.f("fk_session_deed_target_deed_id")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_session_deed_target_registration_id")
        ),
        sa.PrimaryKeyConstraint("deed_id", "registration_id", name=op.f("pk_session_deed_target")),
    )
    op.create_index("ix_session_deed_target_registration_id", "session_deed_target", ["registration_id"])
    op.create_index(
        "ix_session_deed_target_open", "session_deed_target", ["deed_id"], postgresql_where=sa.text("done_at IS NULL")
    )


def downgrade() -> None:
    op.drop_column("registration", "session_id")
    for table in ("session_deed_target", "session_deed", "seat", "session"):
        op.drop_table(table)
