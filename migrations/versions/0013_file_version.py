"""Each adviser's file has a version, which whoever locks the file raises: what was decided on an earlier one is not
written.

Locks: a column with a constant default changes the catalogue alone (ACCESS EXCLUSIVE on `adviser`, an instant, behind a
lock that is given up after five seconds); no row is rewritten.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("adviser", sa.Column("file_version", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    op.drop_column("adviser", "file_version")
