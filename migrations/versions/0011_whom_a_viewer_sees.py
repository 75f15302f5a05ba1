"""Whom a training organisation sees: nobody any more once all its registrations of them are cancelled.

Two policies change, which only the catalogue knows of: `ALTER POLICY` holds ACCESS EXCLUSIVE on `adviser` and on
`certification` for as long as it takes to write a line there, reads no row and writes none.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

REGISTERED = (
    "EXISTS (SELECT FROM registration r WHERE r.adviser_id = {}.{} AND r.training_organisation_id = viewer(){})"
)
NOT_CANCELLED = " AND r.status <> 'cancelled'"


def _limit(condition: str) -> None:
    adviser = REGISTERED.format("adviser", "id", condition)
    certification = REGISTERED.format("certification", "adviser_id", condition)
    op.execute(f"ALTER POLICY viewer ON adviser USING ({adviser})")
    op.execute(f"ALTER POLICY viewer ON certification USING (training_organisation_id = viewer() OR {certification})")


def upgrade() -> None:
    _limit(NOT_CANCELLED)


def downgrade() -> None:
    _limit("")
