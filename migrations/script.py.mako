"""${message}.

On a table in use: add what the old code ignores first, remove what it reads later; a constraint comes NOT VALID, then
is validated; an index comes CONCURRENTLY, in a migration of its own.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
