"""The tables of the field: what migrations must build, and what the drift test compares them with."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from app.persistence import delivery_tables, feed_tables, reminder_tables, service_tables
from app.persistence.columns import instant, metadata, one_of, reference, versioned

__all__ = ["delivery_tables", "feed_tables", "metadata", "reminder_tables", "service_tables"]

# Identity (the four nullable columns) is read by no rule and stands in no other table.
adviser = Table(
    "adviser",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("conum_id", BigInteger, unique=True),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("email", Text),
    Column("department", Text),
    Column("in_scheme", Boolean, nullable=False),
    Column("initial_training_entered_on", Date),
    Column("initial_training_ended_on", Date),
    *versioned(),
    Index("ix_adviser_updated_at", "updated_at", "id"),
    Index("ix_adviser_email", text("lower(email)")),
)

contract = Table(
    "contract",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("adviser_id", "adviser.id", index=True),
    Column("type", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("terminated_on", Date),
    Column("termination_motive", Text),
    reference("renews_contract_id", "contract.id", nullable=True),
    Column("employer_siret", Text, nullable=False, index=True),
    Column("employer_name", Text, nullable=False),
    Column("employer_legal_form", Text, nullable=False),
    Column("employer_department", Text),
    Column("employer_contact_email", Text),
    Column("employer_aidants_connect_accredited", Boolean, nullable=False),
    Column("ds_file_number", Text),
    Column("contract_uploaded_on", Date),
    Column("validated_on", Date),
    *versioned(),
    one_of("type", "CDI", "CDD", "PEC", "CDP"),
    one_of("employer_legal_form", "public", "private", "undetermined"),
    CheckConstraint("(type = 'CDI') = (ends_on IS NULL)", name="term"),
    CheckConstraint("ends_on >= starts_on AND terminated_on >= starts_on", name="order"),
    Index("ix_contract_updated_at", "updated_at", "id"),
)

training_organisation = Table(
    "training_organisation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("deliveries", JSON, nullable=False),
    *versioned(),
)

module = Table(
    "module",
    metadata,
    Column("code", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("hours", Integer, nullable=False),
    Column("formats", ARRAY(Text), nullable=False),
    Column("open_from", Date),
    Column("open_until", Date),
    Column("supplementary", Boolean, nullable=False),
    Column("prerequisite", Text, nullable=False),
    *versioned(),
    one_of("kind", "initial_training", "thematic", "full_title"),
    one_of("prerequisite", "none", "aidants_connect"),
    CheckConstraint("NOT supplementary OR kind = 'thematic'", name="supplementary"),
)

qualification = Table(
    "qualification",
    metadata,
    Column("code", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("contains", ARRAY(Text), nullable=False),
    Column("exempts_from_initial_training", Boolean, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
)

policy = Table(
    "policy",
    metadata,
    Column("version", Text, primary_key=True),
    Column("effective_from", Date, nullable=False, unique=True),
    Column("content", JSON, nullable=False),
    instant("created_at"),
)

registration = Table(
    "registration",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("adviser_id", "adviser.id"),
    reference("module_code", "module.code"),
    reference("training_organisation_id", "training_organisation.id"),
    Column("session_starts_on", Date, nullable=False),
    Column("session_ends_on", Date, nullable=False),
    Column("session_format", Text, nullable=False),
    Column("session_place", Text),
    Column("session_reference", Text),
    Column("requested_on", Date, nullable=False),
    Column("employer_agreement", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("funding", Text),
    Column("payer", Text),
    Column("unit", Text),
    Column("offered_payers", ARRAY(Text), nullable=False),
    Column("decision_id", Uuid, nullable=False),
    Column("cancelled_on", Date),
    Column("motive", Text),
    Column("positioning_taken_on", Date),
    Column("positioning_hours", Integer),
    *versioned(),
    one_of(
        "status",
        "accepted",
        "refused",
        "awaiting_choice",
        "cancelled",
        "completed",
        "absent_justified",
        "absent_unjustified",
    ),
    one_of("funding", "state", "none"),
    one_of("payer", "state", "employer", "opco", "self"),
    CheckConstraint("unit IS NULL OR funding IS NOT DISTINCT FROM 'state'", name="unit"),
    CheckConstraint("session_ends_on >= session_starts_on", name="order"),
    # A unit has one holder, whatever the code above does. Deferrable, so that one statement may hand a unit over.
    UniqueConstraint("adviser_id", "unit", name="uq_registration_unit", deferrable=True, initially="IMMEDIATE"),
    Index(
        "uq_registration_active",
        "adviser_id",
        "module_code",
        "session_starts_on",
        unique=True,
        postgresql_where=text("status NOT IN ('refused', 'cancelled')"),
    ),
    # Each index is written with every registration: those of one adviser are found by the unit's, pages by id.
    Index("ix_registration_organisation", "training_organisation_id", "id"),
    Index("ix_registration_updated_at", "updated_at", "id"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("registration_id", "registration.id"),
    Column("adviser_id", Uuid, nullable=False),
    Column("cause", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("rules", ARRAY(Text), nullable=False),
    Column("funding", Text),
    Column("unit", Text),
    Column("policy_version", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("automatic", Boolean, nullable=False),
    Column("decided_by", Uuid, nullable=False),
    instant("decided_at"),
    Index("ix_decision_registration_id", "registration_id", "decided_at", "id"),
    # Facts of a few kilobytes stay beside their decision, uncompressed: compressing them cost a tenth of the write.
    postgresql_with={"toast_tuple_target": "8160"},
)

carry_over = Table(
    "carry_over",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("adviser_id", "adviser.id", index=True),
    Column("bucket", Text, nullable=False),
    Column("units", Integer, nullable=False),
    Column("motive", Text, nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("decided_by", Uuid, nullable=False),
    instant("created_at"),
    CheckConstraint("units > 0", name="units"),
)

certification = Table(
    "certification",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("adviser_id", "adviser.id"),
    reference("qualification", "qualification.code"),
    reference("training_organisation_id", "training_organisation.id", nullable=True),
    Column("outcome", Text, nullable=False),
    Column("on", Date, nullable=False),
    Column("motive", Text),
    Column("attempt", Integer, nullable=False),
    Column("next_attempt_payer", Text),
    *versioned(),
    one_of("outcome", "obtained", "failed", "absent_justified", "absent_unjustified"),
    Index("ix_certification_adviser_id", "adviser_id", "qualification"),
)
