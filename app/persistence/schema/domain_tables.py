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
from app.persistence.schema.personal_data_inventory import ERASED, erased, holds, names_nobody, said
from app.persistence.schema.retention_periods import KEPT_AS_EVIDENCE
from app.persistence.schema.shared_columns import instant, metadata, one_of, reference, versioned

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
    Column("department", Text, info=said("Département")),
    Column("in_scheme", Boolean, nullable=False, info=said("Dans le dispositif")),
    Column("initial_training_entered_on", Date, info=said("Entrée en formation initiale")),
    Column("initial_training_ended_on", Date, info=said("Fin de la formation initiale")),
    instant("anonymised_at", nullable=True, info=said("Anonymisé le")),
    # What an earlier file of the same person, anonymised since, had used. Kept apart from what clients write: replacing
    # an adviser every night takes nothing of it away. The trigger of migration 0012 gives these units to nobody else.
    Column(
        "former_units",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        info=said("Droits utilisés avant une anonymisation"),
    ),
    Column(
        "former_entries",
        ARRAY(Date),
        nullable=False,
        server_default=text("'{}'"),
        info=said("Entrées en formation initiale avant une anonymisation"),
    ),
    *versioned(),
    Index("ix_adviser_updated_at", "updated_at", "id"),
    Index("ix_adviser_email", text("lower(email)")),
    info=holds(
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
    reference("adviser_id", "adviser.id", index=True),
    Column("type", Text, nullable=False, info=said("Type de contrat")),
    Column("starts_on", Date, nullable=False, info=said("Début")),
    Column("ends_on", Date, info=said("Fin prévue")),
    Column("terminated_on", Date, info=said("Rupture")),
    Column("termination_motive", Text, info=erased("Motif de la rupture")),
    reference("renews_contract_id", "contract.id", nullable=True, info=said("Renouvelle le contrat")),
    Column("employer_siret", Text, nullable=False, index=True, info=said("SIRET de l’employeur")),
    Column("employer_name", Text, nullable=False, info=erased("Employeur", ERASED)),
    Column("employer_legal_form", Text, nullable=False, info=said("Statut de l’employeur")),
    Column("employer_department", Text, info=said("Département de l’employeur")),
    Column("employer_contact_email", Text, info=erased("Contact chez l’employeur")),
    Column(
        "employer_aidants_connect_accredited", Boolean, nullable=False, info=said("Employeur habilité Aidants Connect")
    ),
    Column("ds_file_number", Text, info=erased("Dossier Démarches simplifiées", ERASED)),
    Column("contract_uploaded_on", Date, info=said("Contrat déposé le")),
    Column("validated_on", Date, info=said("Recrutement validé le")),
    *versioned(),
    one_of("type", "CDI", "CDD", "PEC", "CDP"),
    one_of("employer_legal_form", "public", "private", "undetermined"),
    CheckConstraint("(type = 'CDI') = (ends_on IS NULL)", name="term"),
    CheckConstraint("ends_on >= starts_on AND terminated_on >= starts_on", name="order"),
    Index("ix_contract_updated_at", "updated_at", "id"),
    info=holds(
        "Contrats de travail",
        purpose="vérifier que le conseiller est en poste et que son dossier est en règle",
        kept_for=KEPT_AS_EVIDENCE,
    ),
)

training_organisation = Table(
    "training_organisation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, info=said("Nom de l’organisme")),
    Column("email", Text, nullable=False, info=said("Adresse électronique de l’organisme")),
    Column("deliveries", JSON, nullable=False, info=said("Formations dispensées")),
    *versioned(),
    info=holds(
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
    *versioned(),
    one_of("kind", "initial_training", "thematic", "full_title"),
    one_of("prerequisite", "none", "aidants_connect"),
    CheckConstraint("NOT supplementary OR kind = 'thematic'", name="supplementary"),
    info=names_nobody("le catalogue des formations"),
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
    info=names_nobody("le catalogue des titres"),
)

policy = Table(
    "policy",
    metadata,
    Column("version", Text, primary_key=True),
    Column("effective_from", Date, nullable=False, unique=True),
    Column("content", JSON, nullable=False),
    instant("created_at"),
    info=names_nobody("les règles de financement"),
)

registration = Table(
    "registration",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("adviser_id", "adviser.id"),
    reference("module_code", "module.code", info=said("Formation")),
    reference("training_organisation_id", "training_organisation.id"),
    Column("session_starts_on", Date, nullable=False, info=said("Premier jour")),
    Column("session_ends_on", Date, nullable=False, info=said("Dernier jour")),
    Column("session_format", Text, nullable=False, info=said("Format")),
    Column("session_place", Text, info=erased("Lieu")),
    Column("session_reference", Text, info=erased("Référence de la session")),
    Column("requested_on", Date, nullable=False, info=said("Demandée le")),
    Column("employer_agreement", Boolean, nullable=False, info=said("Accord de l’employeur")),
    Column("status", Text, nullable=False, info=said("Statut")),
    Column("funding", Text, info=said("Prise en charge")),
    Column("payer", Text, info=said("Payeur")),
    Column("unit", Text, info=said("Droit utilisé")),
    Column("offered_payers", ARRAY(Text), nullable=False, info=said("Payeurs proposés")),
    Column("decision_id", Uuid, nullable=False),
    Column("cancelled_on", Date, info=said("Annulée le")),
    Column("motive", Text, info=erased("Motif")),
    Column("positioning_taken_on", Date, info=said("Test de positionnement")),
    Column("positioning_hours", Integer, info=said("Durée du parcours (heures)")),
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
    info=holds(
        "Inscriptions",
        purpose="décider, financer et suivre les formations demandées",
        kept_for=KEPT_AS_EVIDENCE,
    ),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("registration_id", "registration.id"),
    Column("adviser_id", Uuid, nullable=False),
    Column("cause", Text, nullable=False, info=said("Cause")),
    Column("outcome", Text, nullable=False, info=said("Décision")),
    Column("reasons", JSON, nullable=False, info=said("Motifs")),
    Column("rules", ARRAY(Text), nullable=False, info=said("Règles appliquées")),
    Column("funding", Text, info=said("Prise en charge")),
    Column("unit", Text, info=said("Droit utilisé")),
    Column("policy_version", Text, nullable=False, info=said("Politique appliquée")),
    Column("facts", JSON, nullable=False, info=said("Faits lus")),
    Column("automatic", Boolean, nullable=False, info=said("Automatique")),
    Column("decided_by", Uuid, nullable=False, info=said("À la demande de")),
    instant("decided_at", info=said("Décidée le")),
    Index("ix_decision_registration_id", "registration_id", "decided_at", "id"),
    # Facts of a few kilobytes stay beside their decision, uncompressed: compressing them cost a tenth of the write.
    postgresql_with={"toast_tuple_target": "8160"},
    info=holds(
        "Décisions",
        purpose="prouver ce qui a été décidé, et sur quels faits ; pouvoir le contester",
        kept_for=KEPT_AS_EVIDENCE,
    ),
)

carry_over = Table(
    "carry_over",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("adviser_id", "adviser.id", index=True),
    Column("bucket", Text, nullable=False, info=said("Droit")),
    Column("units", Integer, nullable=False, info=said("Unités")),
    Column("motive", Text, nullable=False, info=erased("Motif", ERASED)),
    Column("decided_on", Date, nullable=False, info=said("Décidé le")),
    Column("decided_by", Uuid, nullable=False, info=said("Décidé par")),
    instant("created_at"),
    CheckConstraint("units > 0", name="units"),
    info=holds(
        "Reports de droits",
        purpose="rendre un droit que le conseiller n’a pas pu utiliser",
        kept_for=KEPT_AS_EVIDENCE,
    ),
)

certification = Table(
    "certification",
    metadata,
    Column("id", Uuid, primary_key=True),
    reference("adviser_id", "adviser.id"),
    reference("qualification", "qualification.code", info=said("Titre")),
    reference("training_organisation_id", "training_organisation.id", nullable=True),
    Column("outcome", Text, nullable=False, info=said("Résultat")),
    Column("on", Date, nullable=False, info=said("Date")),
    Column("motive", Text, info=erased("Motif de l’absence")),
    Column("attempt", Integer, nullable=False, info=said("Présentation")),
    Column("next_attempt_payer", Text, info=said("Qui paie la suivante")),
    *versioned(),
    one_of("outcome", "obtained", "failed", "absent_justified", "absent_unjustified"),
    Index("ix_certification_adviser_id", "adviser_id", "qualification"),
    info=holds(
        "Résultats d’examen",
        purpose="connaître les titres obtenus, ce dont ils dispensent et qui paie la présentation suivante",
        kept_for=KEPT_AS_EVIDENCE,
    ),
)
