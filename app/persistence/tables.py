"""The schema: what migrations must build, and what the drift test compares them with."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def _instant(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _reference(name: str, target: str, *, nullable: bool = False, index: bool | None = None) -> Column[Any]:
    return Column(name, ForeignKey(target), nullable=nullable, index=index)


def _versioned() -> tuple[Column[Any], ...]:
    """What every resource with an `ETag` carries; instants come from the entrance's clock, never from the server's."""
    return Column("version", Integer, nullable=False), _instant("created_at"), _instant("updated_at")


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


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
    *_versioned(),
    Index("ix_adviser_created_at", "created_at", "id"),
    Index("ix_adviser_updated_at", "updated_at", "id"),
    Index("ix_adviser_email", text("lower(email)")),
)

contract = Table(
    "contract",
    metadata,
    Column("id", Uuid, primary_key=True),
    _reference("adviser_id", "adviser.id", index=True),
    Column("type", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("terminated_on", Date),
    Column("termination_motive", Text),
    _reference("renews_contract_id", "contract.id", nullable=True),
    Column("employer_siret", Text, nullable=False, index=True),
    Column("employer_name", Text, nullable=False),
    Column("employer_legal_form", Text, nullable=False),
    Column("employer_department", Text),
    Column("employer_contact_email", Text),
    Column("employer_aidants_connect_accredited", Boolean, nullable=False),
    Column("ds_file_number", Text),
    Column("contract_uploaded_on", Date),
    Column("validated_on", Date),
    *_versioned(),
    _one_of("type", "CDI", "CDD", "PEC", "CDP"),
    _one_of("employer_legal_form", "public", "private", "undetermined"),
    CheckConstraint("(type = 'CDI') = (ends_on IS NULL)", name="term"),
    CheckConstraint("ends_on >= starts_on AND terminated_on >= starts_on", name="order"),
    Index("ix_contract_created_at", "created_at", "id"),
    Index("ix_contract_updated_at", "updated_at", "id"),
)

training_organisation = Table(
    "training_organisation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("deliveries", JSON, nullable=False),
    *_versioned(),
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
    *_versioned(),
    _one_of("kind", "initial_training", "thematic", "full_title"),
    _one_of("prerequisite", "none", "aidants_connect"),
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
    _instant("created_at"),
)

registration = Table(
    "registration",
    metadata,
    Column("id", Uuid, primary_key=True),
    _reference("adviser_id", "adviser.id"),
    _reference("module_code", "module.code"),
    _reference("training_organisation_id", "training_organisation.id"),
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
    *_versioned(),
    _one_of(
        "status",
        "accepted",
        "refused",
        "awaiting_choice",
        "cancelled",
        "completed",
        "absent_justified",
        "absent_unjustified",
    ),
    _one_of("funding", "state", "none"),
    _one_of("payer", "state", "employer", "opco", "self"),
    CheckConstraint("unit IS NULL OR funding = 'state'", name="unit"),
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
    Index("ix_registration_adviser_id", "adviser_id", "created_at", "id"),
    Index("ix_registration_organisation_created", "training_organisation_id", "created_at", "id"),
    Index("ix_registration_organisation_updated", "training_organisation_id", "updated_at", "id"),
    Index("ix_registration_created_at", "created_at", "id"),
    Index("ix_registration_updated_at", "updated_at", "id"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    _reference("registration_id", "registration.id"),
    _reference("adviser_id", "adviser.id"),
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
    _instant("decided_at"),
    Index("ix_decision_registration_id", "registration_id", "decided_at", "id"),
)

carry_over = Table(
    "carry_over",
    metadata,
    Column("id", Uuid, primary_key=True),
    _reference("adviser_id", "adviser.id", index=True),
    Column("bucket", Text, nullable=False),
    Column("units", Integer, nullable=False),
    Column("motive", Text, nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("decided_by", Uuid, nullable=False),
    _instant("created_at"),
    CheckConstraint("units > 0", name="units"),
)

certification = Table(
    "certification",
    metadata,
    Column("id", Uuid, primary_key=True),
    _reference("adviser_id", "adviser.id"),
    _reference("qualification", "qualification.code"),
    _reference("training_organisation_id", "training_organisation.id", nullable=True),
    Column("outcome", Text, nullable=False),
    Column("on", Date, nullable=False),
    Column("motive", Text),
    Column("attempt", Integer, nullable=False),
    Column("next_attempt_payer", Text),
    *_versioned(),
    _one_of("outcome", "obtained", "failed", "absent_justified", "absent_unjustified"),
    Index("ix_certification_adviser_id", "adviser_id", "qualification"),
    Index("ix_certification_created_at", "created_at", "id"),
)

client = Table(
    "client",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    _reference("training_organisation_id", "training_organisation.id", nullable=True),
    _instant("created_at"),
    _one_of("role", "platform", "training_organisation", "admin"),
    CheckConstraint(
        "(role = 'training_organisation') = (training_organisation_id IS NOT NULL)", name="training_organisation"
    ),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    _reference("client_id", "client.id", index=True),
    Column("digest", LargeBinary, nullable=False),
    _instant("expires_at", nullable=True),
    _instant("revoked_at", nullable=True),
    _instant("created_at"),
)

# A row exists only once the work it answers for is committed: nothing ever says "in progress".
idempotency = Table(
    "idempotency",
    metadata,
    Column("client_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _instant("created_at"),
    Index("ix_idempotency_created_at", "created_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("subject_version", Integer, nullable=False),
    Column("adviser_id", Uuid, nullable=False),
    Column("training_organisation_id", Uuid),
    Column("data", JSONB, nullable=False),
    _instant("occurred_at"),
    _instant("sequenced_at", nullable=True),
    Index("ix_outbox_unsequenced", "id", postgresql_where=text("sequenced_at IS NULL")),
)
