"""Imports of every role: who asked, in which form the file came, and what an organisation may see of its own.

What is stored was asked for by administrators, who alone could: the role that stands for every row so far is theirs.

Locks: ACCESS EXCLUSIVE on `import_job` and `import_reject`, an instant: the new columns have constant defaults, and the
kinds are checked again on the imports of a week. A worker of the former release would carry out an organisation's file
with an administrator's rights: stop the workers before the API of this release is started.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SERVICE = "registrations_service"
ORGANISATION = "registrations_training_organisation"
# Not the file, which only a worker reads.
SHOWN = (
    "id", "client_id", "training_organisation_id", "kind", "dry_run", "status", "read", "imported", "unchanged",
    "rejected", "rejects_heading", "ignored_columns", "failure", "created_at", "finished_at",
)  # fmt: skip
SHOWN_OF_A_LINE = ("job_id", "number", "line")
OWN = "training_organisation_id = viewer()"
OF_OWN_IMPORT = f"EXISTS (SELECT FROM import_job j WHERE j.id = import_reject.job_id AND j.{OWN})"
FORMER_KINDS = """ALTER TABLE import_job DROP CONSTRAINT ck_import_job_kind, ADD CONSTRAINT ck_import_job_kind
    CHECK (kind IN ('advisers', 'contracts', 'certifications', 'registrations')) NOT VALID"""
KINDS = """ALTER TABLE import_job DROP CONSTRAINT ck_import_job_kind, ADD CONSTRAINT ck_import_job_kind
    CHECK (kind IN ('advisers', 'contracts', 'certifications', 'registrations', 'sessions', 'attendance')) NOT VALID"""
CHECK_KINDS = "ALTER TABLE import_job VALIDATE CONSTRAINT ck_import_job_kind"


def upgrade() -> None:
    # While an exclusive lock is waited for, writers wait behind it.
    op.execute("SET LOCAL lock_timeout = '1s'")
    op.add_column("import_job", sa.Column("role", sa.Text(), server_default=sa.text("'admin'"), nullable=False))
    op.add_column("import_job", sa.Column("training_organisation_id", sa.Uuid(), nullable=True))
    op.add_column("import_job", sa.Column("is_ndjson", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(KINDS)
    op.execute(CHECK_KINDS)
    _limit_to_the_viewer("import_job", OWN, SHOWN)
    _limit_to_the_viewer("import_reject", OF_OWN_IMPORT, SHOWN_OF_A_LINE)


def _limit_to_the_viewer(table: str, rows: str, columns: tuple[str, ...]) -> None:
    """A training organisation sees its own (migration 0002 says how a table is shown)."""
    op.execute(f"GRANT SELECT ({', '.join(columns)}) ON {table} TO {ORGANISATION}")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
    op.execute(f"CREATE POLICY viewer ON {table} FOR SELECT TO {ORGANISATION} USING ({rows})")


def downgrade() -> None:
    for table in ("import_reject", "import_job"):
        op.execute(f"DROP POLICY viewer ON {table}")
        op.execute(f"DROP POLICY service ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute(f"REVOKE ALL ON import_reject, import_job FROM {ORGANISATION}")
    op.execute(FORMER_KINDS)
    op.execute(CHECK_KINDS)
    for name in ("is_ndjson", "training_organisation_id", "role"):
        op.drop_column("import_job", name)
