"""Lists that stay as quick as the tables grow.

Indexes of large tables: built beside their writers (SHARE UPDATE EXCLUSIVE, which stops no write), outside a
transaction. One that was interrupted is left invalid by PostgreSQL, and is built anew. `ALTER POLICY` changes a line of
the catalogue behind ACCESS EXCLUSIVE on `adviser` and on `certification`, in a transaction of its own: an instant.

The counts of registrations that are kept begin empty: the worker counts what is there, some at a time.

The policies say the same as before; `OFFSET 0` has them asked of each adviser shown. Without it, every statement first
looked up all registrations of the organisation.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_outbox_adviser_id", "outbox", ["adviser_id"], "sequenced_at IS NOT NULL"),
    ("ix_adviser_anonymised_at", "adviser", ["anonymised_at"], "anonymised_at IS NOT NULL"),
)
REGISTERED = """EXISTS (SELECT FROM registration r WHERE r.adviser_id = {}.{} AND r.training_organisation_id = viewer()
    AND r.status <> 'cancelled'{})"""


def _limit(ending: str) -> None:
    adviser = REGISTERED.format("adviser", "id", ending)
    certification = REGISTERED.format("certification", "adviser_id", ending)
    op.execute(f"ALTER POLICY viewer ON adviser USING ({adviser})")
    op.execute(f"ALTER POLICY viewer ON certification USING (training_organisation_id = viewer() OR {certification})")


def upgrade() -> None:
    # While an exclusive lock is waited for, writers wait behind it.
    op.execute("SET LOCAL lock_timeout = '1s'")
    _keep_counts()
    _limit(" OFFSET 0")
    _drop_indexes()
    with op.get_context().autocommit_block():
        for name, table, columns, where in INDEXES:
            op.create_index(name, table, columns, postgresql_where=sa.text(where), postgresql_concurrently=True)


def _keep_counts() -> None:
    op.create_table(
        "registration_count",
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("labels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "month", "labels", name=op.f("pk_registration_count")),
    )
    op.create_table(
        "counted_registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("training_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("module_code", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("funding", sa.Text(), nullable=True),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("over_quota", sa.Text(), nullable=True),
        sa.Column("days_to_decision", sa.Integer(), nullable=False),
        sa.Column("days_to_session", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counted_registration")),
    )
    op.create_index(op.f("ix_counted_registration_requested_on"), "counted_registration", ["requested_on"])
    op.create_table(
        "counting_mark",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("reached", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_counting_mark_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counting_mark")),
    )
    op.execute("INSERT INTO counting_mark (id, reached) VALUES (1, '-infinity')")


def _drop_indexes() -> None:
    with op.get_context().autocommit_block():
        for name, table, _, _ in INDEXES:
            op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    _drop_indexes()
    _limit("")
    for table in ("counting_mark", "counted_registration", "registration_count"):
        op.drop_table(table)
