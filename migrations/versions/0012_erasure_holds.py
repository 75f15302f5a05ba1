"""Erasure that holds: rejected lines found by whom they name, whoever comes back recognised, secrets that are sealed
again.

Locks: columns without a value or with a constant one, triggers and constraints that are not checked yet change the
catalogue alone (`adviser`, `registration`, `delivery`, `api_key`, `import_job`: an instant each, behind a lock that is
given up after five seconds); no table is rewritten. The check of `delivery` reads it while others write, in a
transaction of its own. The new tables are empty.

The lines that are kept for seven days as one file each can't be looked up by whom they name, and go: what was rejected
is rejected again when the file is sent again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

RECIPIENTS = ("endpoint", "adviser", "employer", "training_organisation", "endpoint_owner")

# An adviser's unit has one holder, of the present file or of an earlier one. Whoever writes a registration has a share
# of the adviser's row (its foreign key), and whoever hands units over takes the whole of it: of two that meet, the
# second one sees what the first one left, even if it forgot to lock.
REFUSE_USED_UNIT = """
CREATE FUNCTION refuse_used_unit() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF EXISTS (SELECT FROM public.adviser WHERE id = NEW.adviser_id AND NEW.unit = ANY (former_units)) THEN
        RAISE unique_violation USING MESSAGE = 'this unit was used before an erasure', CONSTRAINT = 'former_unit';
    END IF;
    RETURN NULL;
END
$$
"""
REFUSE_HELD_UNIT = """
CREATE FUNCTION refuse_held_unit() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    PERFORM FROM public.adviser WHERE id = NEW.id FOR UPDATE;
    IF EXISTS (SELECT FROM public.registration WHERE adviser_id = NEW.id AND unit = ANY (NEW.former_units)) THEN
        RAISE unique_violation USING MESSAGE = 'a registration holds this unit', CONSTRAINT = 'former_unit';
    END IF;
    RETURN NULL;
END
$$
"""
ON_REGISTRATION = """CREATE TRIGGER former_unit AFTER INSERT OR UPDATE OF unit ON registration
FOR EACH ROW WHEN (NEW.unit IS NOT NULL) EXECUTE FUNCTION refuse_used_unit()"""
ON_ADVISER = """CREATE TRIGGER former_unit AFTER UPDATE OF former_units ON adviser
FOR EACH ROW WHEN (OLD.former_units IS DISTINCT FROM NEW.former_units) EXECUTE FUNCTION refuse_held_unit()"""


def upgrade() -> None:
    _recognise()
    _keep_lines()
    op.add_column("api_key", sa.Column("digested_under", sa.Text(), nullable=True))
    op.create_table(
        "secret_value",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_secret_value")),
    )
    _limit_recipients((*RECIPIENTS, "support"))


def _recognise() -> None:
    op.create_table(
        "digest_key",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_digest_key_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_key")),
    )
    op.create_table(
        "former_identity",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("adviser_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('conum_id', 'email')", name=op.f("ck_former_identity_kind")),
        sa.ForeignKeyConstraint(["adviser_id"], ["adviser.id"], name=op.f("fk_former_identity_adviser_id")),
        sa.PrimaryKeyConstraint("digest", "adviser_id", name=op.f("pk_former_identity")),
    )
    op.create_index(op.f("ix_former_identity_adviser_id"), "former_identity", ["adviser_id"])
    op.add_column("adviser", _none_yet("former_units", sa.Text()))
    op.add_column("adviser", _none_yet("former_entries", sa.Date()))
    for statement in (REFUSE_USED_UNIT, REFUSE_HELD_UNIT, ON_REGISTRATION, ON_ADVISER):
        op.execute(statement)


def _none_yet(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, postgresql.ARRAY(kind), server_default=sa.text("'{}'"), nullable=False)


def _keep_lines() -> None:
    op.create_table(
        "import_reject",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("subjects", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["import_job.id"], name=op.f("fk_import_reject_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_import_reject")),
    )
    op.create_index(
        "ix_import_reject_subjects",
        "import_reject",
        ["subjects"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_column("import_job", "rejects")
    op.add_column("import_job", sa.Column("rejects_heading", sa.Text(), nullable=True))


def _limit_recipients(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.drop_constraint("ck_delivery_recipient", "delivery")
    op.execute(f"ALTER TABLE delivery ADD CONSTRAINT ck_delivery_recipient CHECK (recipient IN ({listed})) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE delivery VALIDATE CONSTRAINT ck_delivery_recipient")


def downgrade() -> None:
    op.execute(
        """DELETE FROM delivery_attempt USING delivery WHERE delivery.id = delivery_id AND recipient = 'support'"""
    )
    op.execute("DELETE FROM delivery WHERE recipient = 'support'")
    op.drop_table("secret_value")
    op.drop_column("api_key", "digested_under")
    op.drop_column("import_job", "rejects_heading")
    op.add_column("import_job", sa.Column("rejects", sa.LargeBinary(), nullable=True))
    op.drop_table("import_reject")
    op.execute("DROP TRIGGER former_unit ON adviser")
    op.execute("DROP TRIGGER former_unit ON registration")
    for name in ("refuse_held_unit", "refuse_used_unit"):
        op.execute(f"DROP FUNCTION {name}")
    for name in ("former_entries", "former_units"):
        op.drop_column("adviser", name)
    op.drop_table("former_identity")
    op.drop_table("digest_key")
    _limit_recipients(RECIPIENTS)
