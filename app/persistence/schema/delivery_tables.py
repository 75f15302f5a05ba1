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

from app.persistence.schema.personal_data_inventory import erased, holds, names_nobody, said, unsaid
from app.persistence.schema.retention_periods import DELIVERIES
from app.persistence.schema.shared_columns import instant, metadata, one_of, reference

# An e-mail says whom it is about; what goes to a webhook endpoint, the event alone does.
ABOUT_THE_ADVISER = "(adviser_id = $1 OR event_id IN (SELECT o.event_id FROM outbox o WHERE o.adviser_id = $1))"

# Deliveries that share a fate: those to one webhook endpoint, or all that go through the mail server. What the relay
# remembers of how it went there lately; `app/outbox/retry_policy.py` says what follows from it.
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
    info=names_nobody("comment se portent les destinataires"),
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
    info=names_nobody("les adresses des logiciels prévenus"),
)

# Encrypted (`app/persistence/engine/secrets/secret_box.py`). The one that never expires is the newest.
webhook_secret = Table(
    "webhook_secret",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("endpoint_id", "webhook_endpoint.id", index=True),
    Column("sealed", LargeBinary, nullable=False),
    instant("expires_at", nullable=True),
    info=names_nobody("leurs secrets"),
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
    info=names_nobody("leurs pannes"),
)

# `body` are the bytes that are signed, at every attempt the same. All instants are of the database's own clock.
delivery = Table(
    "delivery",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("channel", Text, nullable=False, info=said("Canal")),
    reference("lane_id", "lane.id", info=unsaid("le chemin de l’envoi")),
    Column("event_id", Uuid, nullable=False),
    Column("recipient", Text, nullable=False, info=said("Destinataire")),
    Column("type", Text, nullable=False, info=said("Objet")),
    Column("body", LargeBinary, info=said("Contenu livré")),
    # Of an e-mail: whom and what it is about. Its text and its address are found when it is sent.
    Column("adviser_id", Uuid),
    Column("registration_id", Uuid),
    Column("decision_id", Uuid),
    Column("state", Text, nullable=False, info=said("État")),
    Column("attempts", Integer, nullable=False, server_default=text("0"), info=said("Essais")),
    Column("replay", Integer, nullable=False, server_default=text("0"), info=said("Fois redemandé")),
    Column("claim", Uuid, info=unsaid("un verrou")),
    instant("lease_until", nullable=True, info=unsaid("un verrou")),
    instant("next_attempt_at", nullable=True, info=said("Prochain essai")),
    instant("created_at"),
    instant("settled_at", nullable=True, info=said("Terminé le")),
    one_of("channel", "webhook", "email"),
    one_of("state", "due", "in_flight", "delivered", "dead", "skipped", "cancelled"),
    one_of("recipient", "endpoint", "adviser", "employer", "training_organisation", "endpoint_owner", "support"),
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
    Index("ix_delivery_registration_id", "registration_id", "id", postgresql_where=text("registration_id IS NOT NULL")),
    Index("ix_delivery_dead", "channel", "id", postgresql_where=text("state = 'dead'")),
    # R26: one message for one crossing, whatever was told of it, however often.
    Index(
        "uq_delivery_over_quota",
        "decision_id",
        "recipient",
        unique=True,
        postgresql_where=text("channel = 'email' AND type = 'registration.over_quota'"),
    ),
    info=holds(
        "Courriels et livraisons",
        purpose="prévenir les personnes et les logiciels concernés ; ni adresse ni texte n’est gardé",
        kept_for=DELIVERIES,
        rows=ABOUT_THE_ADVISER,
    ),
)

# `number` counts within a replay. `error` is a code of ours; None when the answer was a success.
delivery_attempt = Table(
    "delivery_attempt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    reference("delivery_id", "delivery.id", index=True, info=said("Envoi")),
    Column("replay", Integer, nullable=False, info=said("Fois redemandé")),
    Column("number", Integer, nullable=False, info=said("Essai")),
    instant("at", info=said("Le")),
    Column("duration_ms", Integer, nullable=False, info=said("Durée (ms)")),
    Column("status", SmallInteger, info=said("Réponse")),
    Column("error", Text, info=said("Erreur")),
    Column("response", Text, info=erased("Début de la réponse du destinataire")),
    info=holds(
        "Essais d’envoi",
        purpose="comprendre pourquoi un envoi n’arrive pas",
        kept_for=DELIVERIES,
        rows=f"delivery_id IN (SELECT id FROM delivery WHERE {ABOUT_THE_ADVISER})",
    ),
)
