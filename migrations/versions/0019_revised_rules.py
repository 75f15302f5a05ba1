"""Decisions name the version of their rules; a person may set reasons aside; attendance is kept, and put right.

Locks: columns with a constant default, or none, change the catalogue alone (ACCESS EXCLUSIVE on `registration` and on
`decision`, an instant, behind a lock that is given up after a second); no row is rewritten. The tables are new.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

REGISTRATION_COLUMNS = (
    sa.Column("notified_on", sa.Date()),
    sa.Column("derogated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("agreed_funding", sa.Text()),
    sa.Column("agreed_payer", sa.Text()),
    sa.Column("absence_counts", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("attendance_corrected", sa.Boolean(), server_default=sa.text("false"), nullable=False),
)
DECISION_COLUMNS = (
    sa.Column("rules_version", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
    sa.Column("waived", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
)


def upgrade() -> None:
    # While an exclusive lock is waited for, writers wait behind it.
    op.execute("SET LOCAL lock_timeout = '1s'")
    for column in REGISTRATION_COLUMNS:
        op.add_column("registration", column)
    for column in DECISION_COLUMNS:
        op.add_column("decision", column)
    op.create_table(
        "derogation",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("adviser_id", sa.Uuid(), nullable=False),
        sa.Column("motive", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_derogation_registration_id")
        ),
        sa.PrimaryKeyConstraint("registration_id", "decided_at", name=op.f("pk_derogation")),
    )
    op.create_table(
        "attendance_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("adviser_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("motive", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("absences", postgresql.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('completed', 'absent_justified', 'absent_unjustified')",
            name=op.f("ck_attendance_record_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_attendance_record_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_record")),
    )
    op.create_index(
        "ix_attendance_record_registration_id", "attendance_record", ["registration_id", "recorded_at", "id"]
    )


def downgrade() -> None:
    op.drop_table("attendance_record")
    op.drop_table("derogation")
    for column in DECISION_COLUMNS:
        op.drop_column("decision", column.name)
    for column in REGISTRATION_COLUMNS:
        op.drop_column("registration", column.name)
