"""The tables of deliveries: an event for a recipient through a channel, tried until it arrives or is given up."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.persistence.columns import instant, metadata, one_of, reference

# Deliveries that share a fate: those to one webhook endpoint, or all that go through the mail server. What the relay
# remembers of how it went there lately; `app/outbox/retry.py` says what follows from it.
lane = Table(
    "lane",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("channel", Text, nullable=False),
    instant("claimed_at", nullable=True),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("openings", Integer, nullable=False, server_default=text("0")),
    instant("open_until", nullable=True),
    instant("failing_since", nullable=True),
    Column("warning", Text),
    instant("warned_at", nullable=True),
    one_of("channel", "webhook", "email"),
    one_of("warning", "failing", "last_day"),
)

# Of a training organisation when it has one, of the client alone otherwise. `feed_id` is the feed whose events it gets.
webhook_endpoint = Table(
    "webhook_endpoint",
    metadata,
    Column("id", Uuid, ForeignKey("lane.id"), primary_key=True),
    reference("client_id", "client.id", index=True),
    reference("training_organisation_id", "training_organisation.id", nullable=True, index=True),
    Column("feed_id", Uuid, nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("status", Text, nullable=False),
    Column("disabled_because", Text),
    instant("created_at"),
    instant("updated_at"),
    one_of("status", "active", "disabled", "deleted"),
    one_of("disabled_because", "owner", "failing", "gone"),
    CheckConstraint("(status = 'disabled') = (disabled_because IS NOT NULL)", name="disabled"),
)

# Encrypted (`app/persistence/safe.py`). The one that never expires is the newest.
webhook_secret = Table(
    "webhook_secret",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("endpoint_id", "webhook_endpoint.id", index=True),
    Column("sealed", LargeBinary, nullable=False),
    instant("expires_at", nullable=True),
)

# What the owner of an endpoint is written to about, once each: the `event_id` of an e-mail. `status` and `error` are
# those of the attempt that brought it about.
endpoint_warning = Table(
    "endpoint_warning",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("endpoint_id", "webhook_endpoint.id"),
    Column("kind", Text, nullable=False),
    instant("failing_since"),
    Column("failures", Integer, nullable=False),
    Column("status", SmallInteger),
    Column("error", Text),
    instant("at"),
    one_of("kind", "failing", "last_day", "disabled", "gone"),
)

# `body` are the bytes that are signed, at every attempt the same. All instants are of the database's own clock.
delivery = Table(
    "delivery",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("channel", Text, nullable=False),
    reference("lane_id", "lane.id"),
    Column("event_id", Uuid, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", LargeBinary),
    # Of an e-mail: whom and what it is about. Its text and its address are found when it is sent.
    Column("adviser_id", Uuid),
    Column("registration_id", Uuid),
    Column("decision_id", Uuid),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("replay", Integer, nullable=False, server_default=text("0")),
    Column("claim", Uuid),
    instant("lease_until", nullable=True),
    instant("next_attempt_at", nullable=True),
    instant("created_at"),
    instant("settled_at", nullable=True),
    one_of("channel", "webhook", "email"),
    one_of("state", "due", "in_flight", "delivered", "dead", "skipped", "cancelled"),
    one_of("recipient", "endpoint", "adviser", "employer", "training_organisation", "endpoint_owner"),
    CheckConstraint("(state = 'due') = (next_attempt_at IS NOT NULL)", name="due"),
    CheckConstraint(
        "(state = 'in_flight') = (claim IS NOT NULL) AND (claim IS NULL) = (lease_until IS NULL)", name="claim"
    ),
    CheckConstraint("(state IN ('due', 'in_flight')) = (settled_at IS NULL)", name="settled"),
    CheckConstraint("(channel = 'webhook') = (body IS NOT NULL)", name="body"),
    # An event reaches a recipient once, however often it is placed, recovered or replayed.
    UniqueConstraint("event_id", "lane_id", "recipient"),
    Index("ix_delivery_due", "lane_id", "next_attempt_at", postgresql_where=text("state = 'due'")),
    Index("ix_delivery_in_flight", "lane_id", "lease_until", postgresql_where=text("state = 'in_flight'")),
    Index("ix_delivery_lane", "lane_id", "id"),
    Index("ix_delivery_adviser_id", "adviser_id", "id", postgresql_where=text("adviser_id IS NOT NULL")),
    # R26: one message for one crossing, whatever was told of it, however often.
    Index(
        "uq_delivery_over_quota",
        "decision_id",
        "recipient",
        unique=True,
        postgresql_where=text("channel = 'email' AND type = 'registration.over_quota'"),
    ),
)

# `number` counts within a replay. `error` is a code of ours; None when the answer was a success.
delivery_attempt = Table(
    "delivery_attempt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    reference("delivery_id", "delivery.id", index=True),
    Column("replay", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    instant("at"),
    Column("duration_ms", Integer, nullable=False),
    Column("status", SmallInteger),
    Column("error", Text),
    Column("response", Text),
)
