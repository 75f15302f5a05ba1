"""The tables of the service itself: clients and their keys, the audit log, idempotency, the outbox."""

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

from app.persistence.schema.personal_data_inventory import disclosed, no_personal_data, personal_data, undisclosed
from app.persistence.schema.retention_periods import AUDIT_LOG_RETENTION, EVENTS_RETENTION, RESPONSES_RETENTION
from app.persistence.schema.tables.shared_columns import check_one_of, foreign_key, instant_column, metadata

# Two partial indexes find them: whoever sequences an event pays for its entry in the second, and no request does.
IS_EVENT_OF_ADVISER = "adviser_id = $1 AND (sequenced_at IS NULL OR sequenced_at IS NOT NULL)"

client = Table(
    "client",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    foreign_key("training_organisation_id", "training_organisation.id", nullable=True),
    instant_column("created_at"),
    # The name under which the issuer of access tokens knows this client.
    Column("issuer_client_id", Text, unique=True),
    instant_column("revoked_at", nullable=True),
    check_one_of("role", "platform", "training_organisation", "admin"),
    CheckConstraint(
        "(role = 'training_organisation') = (training_organisation_id IS NOT NULL)", name="training_organisation"
    ),
    info=no_personal_data("les logiciels qui utilisent le service"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    foreign_key("client_id", "client.id", index=True),
    Column("digest", LargeBinary, nullable=False),
    # The fingerprint of the value of SECRET_KEY that is part of the digest; null when not known yet.
    Column("digested_under", Text),
    instant_column("expires_at", nullable=True),
    instant_column("revoked_at", nullable=True),
    instant_column("created_at"),
    # None: all the scopes of the client's role.
    Column("scopes", ARRAY(Text)),
    instant_column("last_used_at", nullable=True),
    info=no_personal_data("les clés de ces logiciels"),
)

# Since when each value of SECRET_KEY is used.
secret_value = Table(
    "secret_value",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    instant_column("first_used_at"),
    info=no_personal_data("depuis quand sert chaque secret du service, par une empreinte"),
)

# Who did or read what, about whom. `id` is made from `at`, and has the order of time. No client: the command line.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Uuid, primary_key=True),
    instant_column("at", info=disclosed("Le")),
    Column("client_id", Uuid, info=disclosed("Par")),
    Column("action", Text, nullable=False, info=disclosed("Action")),
    Column("refused", Boolean, nullable=False, info=disclosed("Refusée")),
    Column("request_id", Uuid, info=disclosed("Demande")),
    Column("subject_ids", ARRAY(Uuid), nullable=False, info=undisclosed("d’autres conseillers y sont nommés")),
    Index("ix_audit_log_client_id", "client_id", "id"),
    # Without `fastupdate`: merging a list of pending entries would make one write in thousands very slow.
    Index("ix_audit_log_subject_ids", "subject_ids", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    info=personal_data(
        "Journal des accès",
        purpose="savoir qui a lu ou changé quoi, et quand",
        kept_for=AUDIT_LOG_RETENTION,
        rows="subject_ids @> ARRAY[$1::uuid]",
    ),
)

# A row is committed with the work of its request: no row ever says "in progress".
idempotency = Table(
    "idempotency",
    metadata,
    Column("client_id", Uuid, primary_key=True, info=disclosed("Donnée à")),
    Column("key", Text, primary_key=True, info=undisclosed("choisie par le logiciel qui demande")),
    Column("fingerprint", LargeBinary, nullable=False, info=undisclosed("une empreinte, qui ne se lit pas")),
    Column("status", SmallInteger, nullable=False, info=disclosed("Statut HTTP")),
    Column("headers", JSON, nullable=False, info=undisclosed("ne disent rien du conseiller")),
    Column("body", LargeBinary, nullable=False, info=disclosed("Réponse")),
    instant_column("created_at"),
    info=personal_data(
        "Réponses gardées",
        purpose="répondre deux fois de même à une demande répétée",
        kept_for=RESPONSES_RETENTION,
        # The inner SELECT is asked once, not for each of the answers of 72 hours.
        rows="position((SELECT convert_to('\"' || $1::uuid || '\"', 'UTF8')) IN body) > 0",
        forgotten=True,
    ),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("type", Text, nullable=False, info=disclosed("Type")),
    Column("subject_type", Text, nullable=False, info=disclosed("Nature")),
    Column("subject_id", Uuid, nullable=False, info=disclosed("Objet")),
    Column("subject_version", Integer, nullable=False, info=disclosed("Version de l’objet")),
    Column("adviser_id", Uuid),
    Column("training_organisation_id", Uuid),
    Column("data", JSONB, nullable=False, info=disclosed("Contenu")),
    instant_column("occurred_at", info=disclosed("Le")),
    instant_column("sequenced_at", nullable=True, info=disclosed("Publié le")),
    # An event of the imported past: in the feed, and announced by no message.
    Column("history", Boolean, nullable=False, server_default=text("false"), info=disclosed("Repris du passé")),
    # The kinds of recipients of e-mails about it, and the decision it announces, null without one.
    Column("recipients", ARRAY(Text), info=disclosed("Destinataires")),
    Column("decision_id", Uuid),
    Index("ix_outbox_unsequenced", "id", postgresql_where=text("sequenced_at IS NULL")),
    Index("ix_outbox_adviser_id", "adviser_id", postgresql_where=text("sequenced_at IS NOT NULL")),
    info=personal_data(
        "Événements",
        purpose="annoncer ce qui s’est passé à la plateforme et aux organismes concernés, sans nommer personne",
        kept_for=EVENTS_RETENTION,
        rows=IS_EVENT_OF_ADVISER,
    ),
)
