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

from app.persistence.schema.personal_data_inventory import holds, names_nobody, said, unsaid
from app.persistence.schema.retention_periods import ANSWERS, AUDIT_LOG, EVENTS
from app.persistence.schema.shared_columns import instant, metadata, one_of, reference

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
    info=names_nobody("les logiciels qui utilisent le service"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    reference("client_id", "client.id", index=True),
    Column("digest", LargeBinary, nullable=False),
    # Which value of SECRET_KEY is in the digest, by its fingerprint; None when that is not known yet.
    Column("digested_under", Text),
    instant("expires_at", nullable=True),
    instant("revoked_at", nullable=True),
    instant("created_at"),
    # None: all the scopes of the client's role.
    Column("scopes", ARRAY(Text)),
    instant("last_used_at", nullable=True),
    info=names_nobody("les clés de ces logiciels"),
)

# Since when each value of SECRET_KEY seals: what was signed under another one is older.
secret_value = Table(
    "secret_value",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    instant("first_used_at"),
    info=names_nobody("depuis quand sert chaque secret du service, par une empreinte"),
)

# Who did or read what, on whom. `id` is made from `at`, so that its order is that of time. No client: the command line.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Uuid, primary_key=True),
    instant("at", info=said("Le")),
    Column("client_id", Uuid, info=said("Par")),
    Column("action", Text, nullable=False, info=said("Action")),
    Column("refused", Boolean, nullable=False, info=said("Refusée")),
    Column("request_id", Uuid, info=said("Demande")),
    Column("subject_ids", ARRAY(Uuid), nullable=False, info=unsaid("d’autres conseillers y sont nommés")),
    Index("ix_audit_log_client_id", "client_id", "id"),
    # Kept up to date at once: a list of pending entries would make one write in thousands very slow.
    Index("ix_audit_log_subject_ids", "subject_ids", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    info=holds(
        "Journal des accès",
        purpose="savoir qui a lu ou changé quoi, et quand",
        kept_for=AUDIT_LOG,
        rows="subject_ids @> ARRAY[$1::uuid]",
    ),
)

# A row exists only once the work it answers for is committed: nothing ever says "in progress".
idempotency = Table(
    "idempotency",
    metadata,
    Column("client_id", Uuid, primary_key=True, info=said("Donnée à")),
    Column("key", Text, primary_key=True, info=unsaid("choisie par le logiciel qui demande")),
    Column("fingerprint", LargeBinary, nullable=False, info=unsaid("une empreinte, qui ne se lit pas")),
    Column("status", SmallInteger, nullable=False, info=said("Statut HTTP")),
    Column("headers", JSON, nullable=False, info=unsaid("ne disent rien du conseiller")),
    Column("body", LargeBinary, nullable=False, info=said("Réponse")),
    instant("created_at"),
    info=holds(
        "Réponses gardées",
        purpose="répondre deux fois de même à une demande répétée",
        kept_for=ANSWERS,
        rows="position(convert_to('\"' || $1::uuid || '\"', 'UTF8') IN body) > 0",
        forgotten=True,
    ),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("type", Text, nullable=False, info=said("Type")),
    Column("subject_type", Text, nullable=False, info=said("Nature")),
    Column("subject_id", Uuid, nullable=False, info=said("Objet")),
    Column("subject_version", Integer, nullable=False, info=said("Version de l’objet")),
    Column("adviser_id", Uuid, nullable=False),
    Column("training_organisation_id", Uuid),
    Column("data", JSONB, nullable=False, info=said("Contenu")),
    instant("occurred_at", info=said("Le")),
    instant("sequenced_at", nullable=True, info=said("Publié le")),
    # Enters the feed, and nobody's mailbox: it happened before there was anybody to tell.
    Column("history", Boolean, nullable=False, server_default=text("false"), info=said("Repris du passé")),
    # Who is written to, and the decision that it tells: None when it tells of none taken with it.
    Column("recipients", ARRAY(Text), info=said("Destinataires")),
    Column("decision_id", Uuid),
    Index("ix_outbox_unsequenced", "id", postgresql_where=text("sequenced_at IS NULL")),
    info=holds(
        "Événements",
        purpose="annoncer ce qui s’est passé à la plateforme et aux organismes concernés, sans nommer personne",
        kept_for=EVENTS,
    ),
)
