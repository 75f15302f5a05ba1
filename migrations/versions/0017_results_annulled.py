"""Results that were annulled; one result of an adviser, a qualification and a day counts.

Locks: columns without a value change the catalogue alone (ACCESS EXCLUSIVE on `certification`, an instant, behind a
lock that is given up after a second). The index is built beside its writers (SHARE UPDATE EXCLUSIVE, which stops no
write), outside a transaction; one that was interrupted is left invalid by PostgreSQL, and is built anew.

Formerly a second result of one day was stored, and the rules read both. Of those, the one that decided stays: obtained,
else failed, else an absence that costs, else a justified one, the first recorded of two equal ones. The others are
annulled, which changes nothing of what anybody was told. They are few: the lines of no other result are locked.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

COLUMNS: Mapping[str, type[TypeEngine[Any]]] = {
    "annulled_on": sa.Date,
    "annulled_motive": sa.Text,
    "annulled_by": sa.Uuid,
}
ONE_A_DAY = "uq_certification_result"
ANNUL_DUPLICATES = """WITH ranked AS (
    SELECT id, row_number() OVER (PARTITION BY adviser_id, qualification, "on" ORDER BY
        array_position(ARRAY['obtained', 'failed', 'absent_unjustified', 'absent_justified'], outcome), id) AS place
    FROM certification WHERE annulled_on IS NULL
)
UPDATE certification c SET annulled_on = (now() AT TIME ZONE 'Europe/Paris')::date,
    annulled_motive = 'Doublon : un autre résultat du même jour compte.', next_attempt_payer = NULL,
    version = c.version + 1, updated_at = now()
FROM ranked r WHERE r.id = c.id AND r.place > 1"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '1s'")  # while an exclusive lock is waited for, writers wait behind it
    for name, kind in COLUMNS.items():
        op.add_column("certification", sa.Column(name, kind(), nullable=True), if_not_exists=True)
    _drop_index()
    with op.get_context().autocommit_block():
        op.execute(ANNUL_DUPLICATES)
        op.create_index(
            ONE_A_DAY,
            "certification",
            ["adviser_id", "qualification", "on"],
            unique=True,
            postgresql_where=sa.text("annulled_on IS NULL"),
            postgresql_concurrently=True,
        )


def _drop_index() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(ONE_A_DAY, "certification", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    _drop_index()
    for name in reversed([*COLUMNS]):
        op.drop_column("certification", name)
