"""Rights of the person: when an adviser was anonymised, decisions without free text, an audit log that ends one day.

Nothing could ever be taken out of the audit log. Now a line may go once it is a year old, for whoever deletes it, and
`forget_old_traces()` is the one door through which the service can: it still has no right to delete by itself.

The facts of decisions kept two free texts and a file number that no rule reads: this is the only time that they change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SERVICE = "registrations_service"
ORGANISATION = "registrations_training_organisation"

TOO_YOUNG = "OLD.at > now() - interval '365 days'"

# By id, which is nearly the order of age: the lines to leave are never walked through.
FORGET = """
CREATE FUNCTION forget_old_traces(most integer) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    WITH oldest AS (SELECT id, at FROM public.audit_log ORDER BY id LIMIT most),
    gone AS (DELETE FROM public.audit_log l USING oldest
        WHERE l.id = oldest.id AND oldest.at <= now() - interval '365 days' RETURNING 1)
    SELECT count(*) FROM gone
$$
"""

# In JSON a quotation mark inside a text is escaped: what follows a comma and bare marks is a name. As text, for a
# decision is evidence, and nothing else of it may change.
WITHOUT_FREE_TEXT = r"""
UPDATE decision SET facts = replace(regexp_replace(regexp_replace(facts::text,
        ',"(place|reference)":("([^"\\]|\\.)*"|null)', '', 'g'),
        '"ds_file_number":"([^"\\]|\\.)*"', '"ds_filed":true', 'g'),
        '"ds_file_number":null', '"ds_filed":false')::json
"""
WITH_SOME_NUMBER = """
UPDATE decision SET facts = replace(replace(facts::text,
        '"ds_filed":true', '"ds_file_number":"(effacé)"'),
        '"ds_filed":false', '"ds_file_number":null')::json
"""


def upgrade() -> None:
    op.add_column("adviser", sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(f"GRANT SELECT (anonymised_at) ON adviser TO {ORGANISATION}")
    op.execute("DROP TRIGGER audit_log_append_only_row ON audit_log")
    _guard("audit_log_append_only_row", "UPDATE")
    _guard("audit_log_kept", "DELETE", f"WHEN ({TOO_YOUNG})")
    op.execute(FORGET)
    op.execute("REVOKE ALL ON FUNCTION forget_old_traces FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION forget_old_traces TO {SERVICE}")
    _rewrite_facts(WITHOUT_FREE_TEXT)


def _guard(name: str, event: str, condition: str = "") -> None:
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON audit_log FOR EACH ROW {condition} EXECUTE FUNCTION refuse_change()"
    )


def _rewrite_facts(statement: str) -> None:
    op.execute("ALTER TABLE decision DISABLE TRIGGER decision_append_only_row")
    op.execute(sa.text(statement.replace(":", r"\:")))
    op.execute("ALTER TABLE decision ENABLE TRIGGER decision_append_only_row")


def downgrade() -> None:
    _rewrite_facts(WITH_SOME_NUMBER)
    op.execute("DROP FUNCTION forget_old_traces")
    op.execute("DROP TRIGGER audit_log_kept ON audit_log")
    op.execute("DROP TRIGGER audit_log_append_only_row ON audit_log")
    _guard("audit_log_append_only_row", "UPDATE OR DELETE")
    op.drop_column("adviser", "anonymised_at")
