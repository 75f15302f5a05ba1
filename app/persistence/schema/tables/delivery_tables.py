"""The tables of deliveries: an event for a recipient through a channel, retried until it arrives or is given up."""

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

from app.persistence.schema.personal_data_inventory import (
    disclosed,
    erased,
    no_personal_data,
    personal_data,
    undisclosed,
)
from app.persistence.schema.retention_periods import DELIVERIES_RETENTION
from app.persistence.schema.tables.service_tables import IS_EVENT_OF_ADVISER
from app.persistence.schema.tables.shared_columns import check_one_of, foreign_key, instant_column, metadata

# An e-mail has the adviser it is about; a webhook delivery has it through its event. Arrays, so that indexes find each.
IS_ABOUT_ADVISER = (
    f"(adviser_id = $1 OR event_id = ANY (ARRAY(SELECT event_id FROM outbox WHERE {IS_EVENT_OF_ADVISER})))"
)

# A lane is one webhook endpoint, or the mail server for all e-mails: the deliveries that succeed or fail together. Its
# row is the state of its circuit breaker; `app/outbox/retry_policy.py` says what follows from it.
lane = Table(
    "lane",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("channel", Text, nullable=False),
    instant_column("claimed_at", nullable=True),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("openings", Integer, nullable=False, server_default=text("0")),
    instant_column("open_until", nullable=True),
    instant_column("failing_since", nullable=True),
    Column("warning", Text),
    instant_column("warned_at", nullable=True),
    check_one_of("channel", "webhook", "email"),
    check_one_of("warning", "failing", "last_day"),
    info=no_personal_data("comment se portent les destinataires"),
)

# Owned by the training organisation when it has one, else by the client. `feed_id` is the feed whose events it gets.
webhook_endpoint = Table(
    "webhook_endpoint",
    metadata,
    Column("id", Uuid, ForeignKey("lane.id"), primary_key=True),
    foreign_key("client_id", "client.id", index=True),
    foreign_key("training_organisation_id", "training_organisation.id", nullable=True, index=True),
    Column("feed_id", Uuid, nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("status", Text, nullable=False),
    Column("disabled_because", Text),
    instant_column("created_at"),
    instant_column("updated_at"),
    check_one_of("status", "active", "disabled", "deleted"),
    check_one_of("disabled_because", "owner", "failing", "gone"),
    CheckConstraint("(status = 'disabled') = (disabled_because IS NOT NULL)", name="disabled"),
    info=no_personal_data("les adresses des logiciels prévenus"),
)

# Encrypted (`app/persistence/engine/secrets/secret_box.py`). The one that never expires is the newest.
webhook_secret = Table(
    "webhook_secret",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("endpoint_id", "webhook_endpoint.id", index=True),
    Column("sealed", LargeBinary, nullable=False),
    instant_column("expires_at", nullable=True),
    info=no_personal_data("leurs secrets"),
)

# A warning to the owner of an endpoint: its id is the `event_id` of an e-mail. `status` and `error` are those of the
# attempt that caused it.
endpoint_warning = Table(
    "endpoint_warning",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("endpoint_id", "webhook_endpoint.id"),
    Column("kind", Text, nullable=False),
    instant_column("failing_since"),
    Column("failures", Integer, nullable=False),
    Column("status", SmallInteger),
    Column("error", Text),
    instant_column("at"),
    check_one_of("kind", "failing", "last_day", "disabled", "gone"),
    info=no_personal_data("leurs pannes"),
)

# `body` are the bytes that are signed, at every attempt the same. All instants are of the database's own clock.
delivery = Table(
    "delivery",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("channel", Text, nullable=False, info=disclosed("Canal")),
    foreign_key("lane_id", "lane.id", info=undisclosed("le chemin de l’envoi")),
    Column("event_id", Uuid, nullable=False),
    Column("recipient", Text, nullable=False, info=disclosed("Destinataire")),
    Column("type", Text, nullable=False, info=disclosed("Objet")),
    Column("body", LargeBinary, info=disclosed("Contenu livré")),
    # Of an e-mail: whom and what it is about. Its text and its address are found when it is sent.
    Column("adviser_id", Uuid),
    Column("registration_id", Uuid),
    Column("decision_id", Uuid),
    Column("state", Text, nullable=False, info=disclosed("État")),
    Column("attempts", Integer, nullable=False, server_default=text("0"), info=disclosed("Essais")),
    Column("replay", Integer, nullable=False, server_default=text("0"), info=disclosed("Fois redemandé")),
    Column("claim", Uuid, info=undisclosed("un verrou")),
    instant_column("lease_until", nullable=True, info=undisclosed("un verrou")),
    instant_column("next_attempt_at", nullable=True, info=disclosed("Prochain essai")),
    instant_column("created_at"),
    instant_column("settled_at", nullable=True, info=disclosed("Terminé le")),
    check_one_of("channel", "webhook", "email"),
    check_one_of("state", "due", "in_flight", "delivered", "dead", "skipped", "cancelled"),
    check_one_of("recipient", "endpoint", "adviser", "employer", "training_organisation", "endpoint_owner", "support"),
    CheckConstraint("(state = 'due') = (next_attempt_at IS NOT NULL)", name="due"),
    CheckConstraint(
        "(state = 'in_flight') = (claim IS NOT NULL) AND (claim IS NULL) = (lease_until IS NULL)", name="claim"
    ),
    CheckConstraint("(state IN ('due', 'in_flight')) = (settled_at IS NULL)", name="settled"),
    CheckConstraint("(channel = 'webhook') = (body IS NOT NULL)", name="body"),
    # An event reaches a recipient once, however often it is sequenced, recovered or replayed.
    UniqueConstraint("event_id", "lane_id", "recipient"),
    Index("ix_delivery_due", "lane_id", "next_attempt_at", postgresql_where=text("state = 'due'")),
    Index("ix_delivery_in_flight", "lane_id", "lease_until", postgresql_where=text("state = 'in_flight'")),
    Index("ix_delivery_lane", "lane_id", "id"),
    Index("ix_delivery_adviser_id", "adviser_id", "id", postgresql_where=text("adviser_id IS NOT NULL")),
    Index("ix_delivery_registration_id", "registration_id", "id", postgresql_where=text("registration_id IS NOT NULL")),
    Index("ix_delivery_dead", "channel", "id", postgresql_where=text("state = 'dead'")),
    # R26: one message for one decision over quota, however often it is announced.
    Index(
        "uq_delivery_over_quota",
        "decision_id",
        "recipient",
        unique=True,
        postgresql_where=text("channel = 'email' AND type = 'registration.over_quota'"),
    ),
    info=personal_data(
        "Courriels et livraisons",
        purpose="prévenir les personnes et les logiciels concernés ; ni adresse ni texte n’est gardé",
        kept_for=DELIVERIES_RETENTION,
        rows=IS_ABOUT_ADVISER,
    ),
)

# `number` counts within a replay. `error` is a code of ours; None when the answer was a success.
delivery_attempt = Table(
    "delivery_attempt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    foreign_key("delivery_id", "delivery.id", index=True, info=disclosed("Envoi")),
    Column("replay", Integer, nullable=False, info=disclosed("Fois redemandé")),
    Column("number", Integer, nullable=False, info=disclosed("Essai")),
    instant_column("at", info=disclosed("Le")),
    Column("duration_ms", Integer, nullable=False, info=disclosed("Durée (ms)")),
    Column("status", SmallInteger, info=disclosed("Réponse")),
    Column("error", Text, info=disclosed("Erreur")),
    Column("response", Text, info=erased("Début de la réponse du destinataire")),
    info=personal_data(
        "Essais d’envoi",
        purpose="comprendre pourquoi un envoi n’arrive pas",
        kept_for=DELIVERIES_RETENTION,
        rows=f"delivery_id = ANY (ARRAY(SELECT id FROM delivery WHERE {IS_ABOUT_ADVISER}))",
    ),
)
