"""The first tables.

On a table in use: add what the old code ignores first, remove what it reads later; a constraint comes NOT VALID, then
is validated; an index comes CONCURRENTLY, in a migration of its own.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "adviser",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conum_id", sa.BigInteger(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("in_scheme", sa.Boolean(), nullable=False),
        sa.Column("initial_training_entered_on", sa.Date(), nullable=True),
        sa.Column("initial_training_ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adviser")),
        sa.UniqueConstraint("conum_id", name=op.f("uq_adviser_conum_id")),
    )
    op.create_index("ix_adviser_email", "adviser", [sa.literal_column("lower(email)")], unique=False)
    op.create_index("ix_adviser_updated_at", "adviser", ["updated_at", "id"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "module",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("formats", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("open_from", sa.Date(), nullable=True),
        sa.Column("open_until", sa.Date(), nullable=True),
        sa.Column("supplementary", sa.Boolean(), nullable=False),
        sa.Column("prerequisite", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("NOT supplementary OR kind = 'thematic'", name=op.f("ck_module_supplementary")),
        sa.CheckConstraint("kind IN ('initial_training', 'thematic', 'full_title')", name=op.f("ck_module_kind")),
        sa.CheckConstraint("prerequisite IN ('none', 'aidants_connect')", name=op.f("ck_module_prerequisite")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_module")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_version", sa.Integer(), nullable=False),
        sa.Column("adviser_id", sa.Uuid(), nullable=False),
        sa.Column("training_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequenced_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_index(
        "ix_outbox_unsequenced", "outbox", ["id"], unique=False, postgresql_where=sa.text("sequenced_at IS NULL")
    )
    op.create_table(
        "policy",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("content", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policy")),
        sa.UniqueConstraint("effective_from", name=op.f("uq_policy_effective_from")),
    )
    op.create_table(
        "qualification",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("contains", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("exempts_from_initial_training", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_qualification")),
    )
    op.create_table(
        "training_organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("deliveries", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_organisation")),
    )
    op.create_table(
        "carry_over",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("adviser_id", sa.Uuid(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("motive", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_carry_over_units")),
        sa.ForeignKeyConstraint(["adviser_id"], ["adviser.id"], name=op.f("fk_carry_over_adviser_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carry_over")),
    )
    op.create_index(op.f("ix_carry_over_adviser_id"), "carry_over", ["adviser_id"], unique=False)
    op.create_table(
        "certification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("adviser_id", sa.Uuid(), nullable=False),
        sa.Column("qualification", sa.Text(), nullable=False),
        sa.Column("training_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("motive", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("next_attempt_payer", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('obtained', 'failed', 'absent_justified', 'absent_unjustified')",
            name=op.f("ck_certification_outcome"),
        ),
        sa.ForeignKeyConstraint(["adviser_id"], ["adviser.id"], name=op.f("fk_certification_adviser_id")),
        sa.ForeignKeyConstraint(["qualification"], ["qualification.code"], name=op.f("fk_certification_qualification")),
        sa.ForeignKeyConstraint(
            ["training_organisation_id"],
            ["training_organisation.id"],
            name=op.f("fk_certification_training_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certification")),
    )
    op.create_index("ix_certification_adviser_id", "certification", ["adviser_id", "qualification"], unique=False)
    op.create_table(
        "client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("training_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(role = 'training_organisation') = (training_organisation_id IS NOT NULL)",
            name=op.f("ck_client_training_organisation"),
        ),
        sa.CheckConstraint("role IN ('platform', 'training_organisation', 'admin')", name=op.f("ck_client_role")),
        sa.ForeignKeyConstraint(
            ["training_organisation_id"], ["training_organisation.id"], name=op.f("fk_client_training_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
    )
    op.create_table(
        "contract",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("adviser_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("terminated_on", sa.Date(), nullable=True),
        sa.Column("termination_motive", sa.Text(), nullable=True),
        sa.Column("renews_contract_id", sa.Uuid(), nullable=True),
        sa.Column("employer_siret", sa.Text(), nullable=False),
        sa.Column("employer_name", sa.Text(), nullable=False),
        sa.Column("employer_legal_form", sa.Text(), nullable=False),
        sa.Column("employer_department", sa.Text(), nullable=True),
        sa.Column("employer_contact_email", sa.Text(), nullable=True),
        sa.Column("employer_aidants_connect_accredited", sa.Boolean(), nullable=False),
        sa.Column("ds_file_number", sa.Text(), nullable=True),
        sa.Column("contract_uploaded_on", sa.Date(), nullable=True),
        sa.Column("validated_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(type = 'CDI') = (ends_on IS NULL)", name=op.f("ck_contract_term")),
        sa.CheckConstraint(
            "employer_legal_form IN ('public', 'private', 'undetermined')", name=op.f("ck_contract_employer_legal_form")
        ),
        sa.CheckConstraint("type IN ('CDI', 'CDD', 'PEC', 'CDP')", name=op.f("ck_contract_type")),
        sa.CheckConstraint("ends_on >= starts_on AND terminated_on >= starts_on", name=op.f("ck_contract_order")),
        sa.ForeignKeyConstraint(["adviser_id"], ["adviser.id"], name=op.f("fk_contract_adviser_id")),
        sa.ForeignKeyConstraint(["renews_contract_id"], ["contract.id"], name=op.f("fk_contract_renews_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
    )
    op.create_index(op.f("ix_contract_adviser_id"), "contract", ["adviser_id"], unique=False)
    op.create_index(op.f("ix_contract_employer_siret"), "contract", ["employer_siret"], unique=False)
    op.create_index("ix_contract_updated_at", "contract", ["updated_at", "id"], unique=False)
    op.create_table(
        "registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("adviser_id", sa.Uuid(), nullable=False),
        sa.Column("module_code", sa.Text(), nullable=False),
        sa.Column("training_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("session_starts_on", sa.Date(), nullable=False),
        sa.Column("session_ends_on", sa.Date(), nullable=False),
        sa.Column("session_format", sa.Text(), nullable=False),
        sa.Column("session_place", sa.Text(), nullable=True),
        sa.Column("session_reference", sa.Text(), nullable=True),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("employer_agreement", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("funding", sa.Text(), nullable=True),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("offered_payers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("cancelled_on", sa.Date(), nullable=True),
        sa.Column("motive", sa.Text(), nullable=True),
        sa.Column("positioning_taken_on", sa.Date(), nullable=True),
        sa.Column("positioning_hours", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("funding IN ('state', 'none')", name=op.f("ck_registration_funding")),
        sa.CheckConstraint("payer IN ('state', 'employer', 'opco', 'self')", name=op.f("ck_registration_payer")),
        sa.CheckConstraint(
            "status IN ('accepted', 'refused', 'awaiting_choice', 'cancelled', 'completed', "
            "'absent_justified', 'absent_unjustified')",
            name=op.f("ck_registration_status"),
        ),
        sa.CheckConstraint("unit IS NULL OR funding IS NOT DISTINCT FROM 'state'", name=op.f("ck_registration_unit")),
        sa.CheckConstraint("session_ends_on >= session_starts_on", name=op.f("ck_registration_order")),
        sa.ForeignKeyConstraint(["adviser_id"], ["adviser.id"], name=op.f("fk_registration_adviser_id")),
        sa.ForeignKeyConstraint(["module_code"], ["module.code"], name=op.f("fk_registration_module_code")),
        sa.ForeignKeyConstraint(
            ["training_organisation_id"],
            ["training_organisation.id"],
            name=op.f("fk_registration_training_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
        sa.UniqueConstraint("adviser_id", "unit", deferrable=True, initially="IMMEDIATE", name="uq_registration_unit"),
    )
    op.create_index("ix_registration_organisation", "registration", ["training_organisation_id", "id"], unique=False)
    op.create_index("ix_registration_updated_at", "registration", ["updated_at", "id"], unique=False)
    op.create_index(
        "uq_registration_active",
        "registration",
        ["adviser_id", "module_code", "session_starts_on"],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('refused', 'cancelled')"),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_api_key_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_index(op.f("ix_api_key_client_id"), "api_key", ["client_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("adviser_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("rules", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("funding", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_decision_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        postgresql_with={"toast_tuple_target": "8160"},
    )
    op.create_index("ix_decision_registration_id", "decision", ["registration_id", "decided_at", "id"], unique=False)
    # A decision is evidence: it is added, and never touched again.
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
    """)
    for event, level in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER decision_append_only_{level.lower()} BEFORE {event} ON decision "
            f"FOR EACH {level} EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_index("ix_decision_registration_id", table_name="decision")
    op.drop_table("decision")
    op.drop_index(op.f("ix_api_key_client_id"), table_name="api_key")
    op.drop_table("api_key")
    op.drop_index(
        "uq_registration_active",
        table_name="registration",
        postgresql_where=sa.text("status NOT IN ('refused', 'cancelled')"),
    )
    op.drop_index("ix_registration_updated_at", table_name="registration")
    op.drop_index("ix_registration_organisation", table_name="registration")
    op.drop_table("registration")
    op.drop_index("ix_contract_updated_at", table_name="contract")
    op.drop_index(op.f("ix_contract_employer_siret"), table_name="contract")
    op.drop_index(op.f("ix_contract_adviser_id"), table_name="contract")
    op.drop_table("contract")
    op.drop_table("client")
    op.drop_index("ix_certification_adviser_id", table_name="certification")
    op.drop_table("certification")
    op.drop_index(op.f("ix_carry_over_adviser_id"), table_name="carry_over")
    op.drop_table("carry_over")
    op.drop_table("training_organisation")
    op.drop_table("qualification")
    op.drop_table("policy")
    op.drop_index("ix_outbox_unsequenced", table_name="outbox", postgresql_where=sa.text("sequenced_at IS NULL"))
    op.drop_table("outbox")
    op.drop_table("module")
    op.drop_table("idempotency")
    op.drop_index("ix_adviser_updated_at", table_name="adviser")
    op.drop_index("ix_adviser_email", table_name="adviser")
    op.drop_table("adviser")
    op.execute("DROP FUNCTION refuse_change()")
