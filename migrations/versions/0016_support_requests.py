"""Support requests: what a person is asked to look at (section 5bis).

Locks: a new table, to which nobody writes yet; its foreign keys take SHARE ROW EXCLUSIVE on `adviser`, `registration`,
`certification` and `training_organisation`, an instant, since there is no row to check.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SERVICE = "registrations_service"
ORGANISATION = "registrations_training_organisation"
CHECKS = {
    "kind": "kind IN ('contestation', 'justification')",
    "status": "status IN ('open', 'granted', 'rejected', 'withdrawn')",
    "opened_by": "opened_by IN ('adviser', 'platform', 'training_organisation', 'admin')",
    "effect": "effect IN ('derogation', 'carry_over', 'attendance', 'annulment')",
    "granted": "effect IS NULL OR status = 'granted'",
    "answered": "(status IN ('granted', 'rejected')) = (answered_at IS NOT NULL)",
    "withdrawn": "(status = 'withdrawn') = (withdrawn_at IS NOT NULL)",
}
REFERENCES = ("adviser", "registration", "certification", "training_organisation")


def upgrade() -> None:
    # While an exclusive lock is waited for, writers wait behind it.
    op.execute("SET LOCAL lock_timeout = '1s'")
    op.create_table(
        "support_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("adviser_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("certification_id", sa.Uuid(), nullable=True),
        sa.Column("bucket", sa.Text(), nullable=True),
        sa.Column("period", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_by_client", sa.Uuid(), nullable=False),
        sa.Column("training_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("answer_due_on", sa.Date(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=True),
        sa.Column("answer_motive", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.CheckConstraint(check, name=op.f(f"ck_support_request_{name}")) for name, check in CHECKS.items()),
        *(
            sa.ForeignKeyConstraint([f"{table}_id"], [f"{table}.id"], name=op.f(f"fk_support_request_{table}_id"))
            for table in REFERENCES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_request")),
    )
    op.create_index(op.f("ix_support_request_adviser_id"), "support_request", ["adviser_id"])
    op.create_index("ix_support_request_updated_at", "support_request", ["updated_at", "id"])
    op.create_index(
        "ix_support_request_open", "support_request", ["answer_due_on"], postgresql_where=sa.text("status = 'open'")
    )
    _limit_to_the_viewer()


def _limit_to_the_viewer() -> None:
    """A training organisation sees those that it opened (migration 0002 says how a table is shown)."""
    op.execute(f"GRANT SELECT ON support_request TO {ORGANISATION}")
    op.execute("ALTER TABLE support_request ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY service ON support_request TO {SERVICE} USING (true)")
    op.execute(
        f"CREATE POLICY viewer ON support_request FOR SELECT TO {ORGANISATION} "
        "USING (training_organisation_id = viewer())"
    )


def downgrade() -> None:
    op.drop_table("support_request")
