"""The tables of the service itself: who may call, what was answered, what must be told."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

from app.persistence.columns import instant, metadata, one_of, reference

client = Table(
    "client",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    reference("training_organisation_id", "training_organisation.id", nullable=True),
    instant("created_at"),
    # The name under which the issuer of access tokens knows this client.
    Column("issuer_client_id", Text, unique=True),
    instant("revoked_at", nullable=True),
    one_of("role", "platform", "training_organisation", "admin"),
    CheckConstraint(
        "(role = 'training_organisation') = (training_organisation_id IS NOT NULL)", name="training_organisation"
    ),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    reference("client_id", "client.id", index=True),
    Column("digest", LargeBinary, nullable=False),
    instant("expires_at", nullable=True),
    instant("revoked_at", nullable=True),
    instant("created_at"),
    # None: all the scopes of the client's role.
    Column("scopes", ARRAY(Text)),
    instant("last_used_at", nullable=True),
)

# Who did or read what, on whom. `id` is made from `at`, so that its order is that of time. No client: the command line.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Uuid, primary_key=True),
    instant("at"),
    Column("client_id", Uuid),
    Column("action", Text, nullable=False),
    Column("refused", Boolean, nullable=False),
    Column("request_id", Uuid),
    Column("subject_ids", ARRAY(Uuid), nullable=False),
    Index("ix_audit_log_client_id", "client_id", "id"),
    # Kept up to date at once: a list of pending entries would make one write in thousands very slow.
    Index("ix_audit_log_subject_ids", "subject_ids", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
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
    instant("created_at"),
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
    instant("occurred_at"),
    instant("sequenced_at", nullable=True),
    # Enters the feed, and nobody's mailbox: it happened before there was anybody to tell.
    Column("history", Boolean, nullable=False, server_default=text("false")),
    # Who is written to, and the decision that it tells: None when it tells of none taken with it.
    Column("recipients", ARRAY(Text)),
    Column("decision_id", Uuid),
    Index("ix_outbox_unsequenced", "id", postgresql_where=text("sequenced_at IS NULL")),
)
