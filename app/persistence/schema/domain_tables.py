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

from app.persistence.schema import (
    anonymised_adviser_tables,
    delivery_tables,
    feed_tables,
    import_tables,
    reminder_tables,
    service_tables,
)
from app.persistence.schema.personal_data_inventory import (
    ERASED_TEXT,
    disclosed,
    erased,
    no_personal_data,
    personal_data,
)
from app.persistence.schema.retention_periods import EVIDENCE_RETENTION
from app.persistence.schema.shared_columns import check_one_of, foreign_key, instant_column, metadata, version_columns

__all__ = [
    "anonymised_adviser_tables",
    "delivery_tables",
    "feed_tables",
    "import_tables",
    "metadata",
    "reminder_tables",
    "service_tables",
]

# Identity (the four nullable columns) is read by no rule and stands in no other table.
adviser = Table(
    "adviser",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("conum_id", BigInteger, unique=True, info=erased("ID Conum")),
    Column("first_name", Text, info=erased("Prénom")),
    Column("last_name", Text, info=erased("Nom")),
    Column("email", Text, info=erased("Adresse électronique")),
    Column("department", Text, info=disclosed("Département")),
    Column("in_scheme", Boolean, nullable=False, info=disclosed("Dans le dispositif")),
    Column("initial_training_entered_on", Date, info=disclosed("Entrée en formation initiale")),
    Column("initial_training_ended_on", Date, info=disclosed("Fin de la formation initiale")),
    instant_column("anonymised_at", nullable=True, info=disclosed("Anonymisé le")),
    # What an earlier file of the same person, anonymised since, had used. Kept apart from what clients write: replacing
    # an adviser every night takes nothing of it away. The trigger of migration 0012 gives these units to nobody else.
    Column(
        "former_units",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        info=disclosed("Droits utilisés avant une anonymisation"),
    ),
    Column(
        "former_entries",
        ARRAY(Date),
        nullable=False,
        server_default=text("'{}'"),
        info=disclosed("Entrées en formation initiale avant une anonymisation"),
    ),
    *version_columns(),
    Index("ix_adviser_updated_at", "updated_at", "id"),
    Index("ix_adviser_email", text("lower(email)")),
    info=personal_data(
        "Identité",
        purpose="reconnaître le conseiller, lui écrire, connaître ses droits à formation",
        kept_for="{years} ans d’inactivité ; ensuite, ce qui n’identifie pas",
        rows="id = $1",
    ),
)

contract = Table(
    "contract",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("adviser_id", "adviser.id", index=True),
    Column("type", Text, nullable=False, info=disclosed("Type de contrat")),
    Column("starts_on", Date, nullable=False, info=disclosed("Début")),
    Column("ends_on", Date, info=disclosed("Fin prévue")),
    Column("terminated_on", Date, info=disclosed("Rupture")),
    Column("termination_motive", Text, info=erased("Motif de la rupture")),
    foreign_key("renews_contract_id", "contract.id", nullable=True, info=disclosed("Renouvelle le contrat")),
    Column("employer_siret", Text, nullable=False, index=True, info=disclosed("SIRET de l’employeur")),
    Column("employer_name", Text, nullable=False, info=erased("Employeur", ERASED_TEXT)),
    Column("employer_legal_form", Text, nullable=False, info=disclosed("Statut de l’employeur")),
    Column("employer_department", Text, info=disclosed("Département de l’employeur")),
    Column("employer_contact_email", Text, info=erased("Contact chez l’employeur")),
    Column(
        "employer_aidants_connect_accredited",
        Boolean,
        nullable=False,
        info=disclosed("Employeur habilité Aidants Connect"),
    ),
    Column("ds_file_number", Text, info=erased("Dossier Démarches simplifiées", ERASED_TEXT)),
    Column("contract_uploaded_on", Date, info=disclosed("Contrat déposé le")),
    Column("validated_on", Date, info=disclosed("Recrutement validé le")),
    *version_columns(),
    check_one_of("type", "CDI", "CDD", "PEC", "CDP"),
    check_one_of("employer_legal_form", "public", "private", "undetermined"),
    CheckConstraint("(type = 'CDI') = (ends_on IS NULL)", name="term"),
    CheckConstraint("ends_on >= starts_on AND terminated_on >= starts_on", name="order"),
    Index("ix_contract_updated_at", "updated_at", "id"),
    info=personal_data(
        "Contrats de travail",
        purpose="vérifier que le conseiller est en poste et que son dossier est en règle",
        kept_for=EVIDENCE_RETENTION,
    ),
)

training_organisation = Table(
    "training_organisation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, info=disclosed("Nom de l’organisme")),
    Column("email", Text, nullable=False, info=disclosed("Adresse électronique de l’organisme")),
    Column("deliveries", JSON, nullable=False, info=disclosed("Formations dispensées")),
    *version_columns(),
    info=personal_data(
        "Organismes de formation",
        purpose="savoir qui forme, et écrire à l’organisme",
        kept_for="tant que l’organisme forme des conseillers",
        rows=None,
    ),
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
    *version_columns(),
    check_one_of("kind", "initial_training", "thematic", "full_title"),
    check_one_of("prerequisite", "none", "aidants_connect"),
    CheckConstraint("NOT supplementary OR kind = 'thematic'", name="supplementary"),
    info=no_personal_data("le catalogue des formations"),
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
    info=no_personal_data("le catalogue des titres"),
)

policy = Table(
    "policy",
    metadata,
    Column("version", Text, primary_key=True),
    Column("effective_from", Date, nullable=False, unique=True),
    Column("content", JSON, nullable=False),
    instant_column("created_at"),
    info=no_personal_data("les règles de financement"),
)

registration = Table(
    "registration",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("adviser_id", "adviser.id"),
    foreign_key("module_code", "module.code", info=disclosed("Formation")),
    foreign_key("training_organisation_id", "training_organisation.id"),
    Column("session_starts_on", Date, nullable=False, info=disclosed("Premier jour")),
    Column("session_ends_on", Date, nullable=False, info=disclosed("Dernier jour")),
    Column("session_format", Text, nullable=False, info=disclosed("Format")),
    Column("session_place", Text, info=erased("Lieu")),
    Column("session_reference", Text, info=erased("Référence de la session")),
    Column("requested_on", Date, nullable=False, info=disclosed("Demandée le")),
    Column("employer_agreement", Boolean, nullable=False, info=disclosed("Accord de l’employeur")),
    Column("status", Text, nullable=False, info=disclosed("Statut")),
    Column("funding", Text, info=disclosed("Prise en charge")),
    Column("payer", Text, info=disclosed("Payeur")),
    Column("unit", Text, info=disclosed("Droit utilisé")),
    Column("offered_payers", ARRAY(Text), nullable=False, info=disclosed("Payeurs proposés")),
    Column("decision_id", Uuid, nullable=False),
    Column("cancelled_on", Date, info=disclosed("Annulée le")),
    Column("motive", Text, info=erased("Motif")),
    Column("positioning_taken_on", Date, info=disclosed("Test de positionnement")),
    Column("positioning_hours", Integer, info=disclosed("Durée du parcours (heures)")),
    *version_columns(),
    check_one_of(
        "status",
        "accepted",
        "refused",
        "awaiting_choice",
        "cancelled",
        "completed",
        "absent_justified",
        "absent_unjustified",
    ),
    check_one_of("funding", "state", "none"),
    check_one_of("payer", "state", "employer", "opco", "self"),
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
    info=personal_data(
        "Inscriptions",
        purpose="décider, financer et suivre les formations demandées",
        kept_for=EVIDENCE_RETENTION,
    ),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("registration_id", "registration.id"),
    Column("adviser_id", Uuid, nullable=False),
    Column("cause", Text, nullable=False, info=disclosed("Cause")),
    Column("outcome", Text, nullable=False, info=disclosed("Décision")),
    Column("reasons", JSON, nullable=False, info=disclosed("Motifs")),
    Column("rules", ARRAY(Text), nullable=False, info=disclosed("Règles appliquées")),
    Column("funding", Text, info=disclosed("Prise en charge")),
    Column("unit", Text, info=disclosed("Droit utilisé")),
    Column("policy_version", Text, nullable=False, info=disclosed("Politique appliquée")),
    Column("facts", JSON, nullable=False, info=disclosed("Faits lus")),
    Column("automatic", Boolean, nullable=False, info=disclosed("Automatique")),
    Column("decided_by", Uuid, nullable=False, info=disclosed("À la demande de")),
    instant_column("decided_at", info=disclosed("Décidée le")),
    Index("ix_decision_registration_id", "registration_id", "decided_at", "id"),
    # Facts of a few kilobytes stay beside their decision, uncompressed: compressing them cost a tenth of the write.
    postgresql_with={"toast_tuple_target": "8160"},
    info=personal_data(
        "Décisions",
        purpose="prouver ce qui a été décidé, et sur quels faits ; pouvoir le contester",
        kept_for=EVIDENCE_RETENTION,
    ),
)

carry_over = Table(
    "carry_over",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("adviser_id", "adviser.id", index=True),
    Column("bucket", Text, nullable=False, info=disclosed("Droit")),
    Column("units", Integer, nullable=False, info=disclosed("Unités")),
    Column("motive", Text, nullable=False, info=erased("Motif", ERASED_TEXT)),
    Column("decided_on", Date, nullable=False, info=disclosed("Décidé le")),
    Column("decided_by", Uuid, nullable=False, info=disclosed("Décidé par")),
    instant_column("created_at"),
    CheckConstraint("units > 0", name="units"),
    info=personal_data(
        "Reports de droits",
        purpose="rendre un droit que le conseiller n’a pas pu utiliser",
        kept_for=EVIDENCE_RETENTION,
    ),
)

certification = Table(
    "certification",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("adviser_id", "adviser.id"),
    foreign_key("qualification", "qualification.code", info=disclosed("Titre")),
    foreign_key("training_organisation_id", "training_organisation.id", nullable=True),
    Column("outcome", Text, nullable=False, info=disclosed("Résultat")),
    Column("on", Date, nullable=False, info=disclosed("Date")),
    Column("motive", Text, info=erased("Motif de l’absence")),
    Column("attempt", Integer, nullable=False, info=disclosed("Présentation")),
    Column("next_attempt_payer", Text, info=disclosed("Qui paie la suivante")),
    *version_columns(),
    check_one_of("outcome", "obtained", "failed", "absent_justified", "absent_unjustified"),
    Index("ix_certification_adviser_id", "adviser_id", "qualification"),
    info=personal_data(
        "Résultats d’examen",
        purpose="connaître les titres obtenus, ce dont ils dispensent et qui paie la présentation suivante",
        kept_for=EVIDENCE_RETENTION,
    ),
)
