"""Access: two roles of the database, rows that a training organisation may see, keys with scopes, the audit log.

`registrations_service` is what the service acts as. It may use every table, those of later migrations too (default
privileges), but neither change nor remove a decision or a line of the audit log: a migration that adds evidence takes
UPDATE and DELETE away again, as here, and guards the table with `refuse_change()`.

`registrations_training_organisation` is what reads for a training organisation act as. It may read nothing by itself: a
migration that adds a table of which an organisation may see something grants SELECT, enables row-level security, lets
the service see every row with a policy of its own, and says which rows are the organisation's with `viewer()`.

Roles belong to the whole cluster, of which several databases may be migrated at once.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERVICE = "registrations_service"
ORGANISATION = "registrations_training_organisation"

# Whoever migrates must be able to act as both, a superuser or not. From PostgreSQL 16 on, the creator of a role is its
# administrator and still has to grant it.
ROLE = """
DO $$
DECLARE
    able text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
            CREATE ROLE {role} NOLOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    BEGIN
        IF NOT pg_has_role('{role}', able) THEN
            GRANT {role} TO CURRENT_USER;
        END IF;
    EXCEPTION WHEN unique_violation THEN NULL;
    END;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION '%; as an administrator: CREATE ROLE {role} NOLOGIN (unless it exists); GRANT {role} TO %',
        SQLERRM, quote_ident(current_user) USING ERRCODE = 'insufficient_privilege';
END $$
"""

# No viewer, no rows.
VIEWER = """
CREATE FUNCTION viewer() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.training_organisation_id', true), '')::uuid
"""

REGISTERED = "EXISTS (SELECT FROM registration r WHERE r.adviser_id = {}.{} AND r.training_organisation_id = viewer())"
ROWS_OF_THE_VIEWER = {
    "registration": "training_organisation_id = viewer()",
    "decision": "EXISTS (SELECT FROM registration r WHERE r.id = decision.registration_id"
    " AND r.training_organisation_id = viewer())",
    "adviser": REGISTERED.format("adviser", "id"),
    "certification": f"training_organisation_id = viewer() OR {REGISTERED.format('certification', 'adviser_id')}",
    "outbox": "training_organisation_id = viewer()",
}
CATALOGUE = ("module", "training_organisation", "qualification")

# An organisation has no need of an adviser's e-mail.
SHOWN_OF_AN_ADVISER = (
    "id, conum_id, first_name, last_name, department, in_scheme, initial_training_entered_on, "
    "initial_training_ended_on, version, created_at, updated_at"
)


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("subject_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_client_id", "audit_log", ["client_id", "id"], unique=False)
    op.create_index(
        "ix_audit_log_subject_ids",
        "audit_log",
        ["subject_ids"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    for event, level in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER audit_log_append_only_{level.lower()} BEFORE {event} ON audit_log "
            f"FOR EACH {level} EXECUTE FUNCTION refuse_change()"
        )
    op.add_column("client", sa.Column("issuer_client_id", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_client_issuer_client_id"), "client", ["issuer_client_id"])
    op.add_column("client", sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("api_key", sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("api_key", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    _make_roles()
    _limit_to_the_viewer()


def _make_roles() -> None:
    for role in (SERVICE, ORGANISATION):
        op.execute(ROLE.format(role=role))
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    rights = "SELECT, INSERT, UPDATE, DELETE"
    op.execute(f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO {SERVICE}")
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON TABLES TO {SERVICE}")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {SERVICE}")
    op.execute(f"REVOKE UPDATE, DELETE ON decision, audit_log FROM {SERVICE}")


def _limit_to_the_viewer() -> None:
    op.execute(VIEWER)
    op.execute(f"GRANT SELECT ON {', '.join(CATALOGUE)} TO {ORGANISATION}")
    for table, rows in ROWS_OF_THE_VIEWER.items():
        columns = f" ({SHOWN_OF_AN_ADVISER})" if table == "adviser" else ""
        op.execute(f"GRANT SELECT{columns} ON {table} TO {ORGANISATION}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"CREATE POLICY viewer ON {table} FOR SELECT TO {ORGANISATION} USING ({rows})")


def downgrade() -> None:
    for table in ROWS_OF_THE_VIEWER:
        op.execute(f"DROP POLICY viewer ON {table}")
        op.execute(f"DROP POLICY service ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP FUNCTION viewer()")
    # Their rights in this database; the roles themselves stay, for other databases of the cluster.
    op.execute(f"DROP OWNED BY {SERVICE}, {ORGANISATION}")
    op.drop_column("api_key", "last_used_at")
    op.drop_column("api_key", "scopes")
    op.drop_constraint(op.f("uq_client_issuer_client_id"), "client", type_="unique")
    op.drop_column("client", "revoked_at")
    op.drop_column("client", "issuer_client_id")
    op.drop_table("audit_log")
