"""The tables of registrations and their decisions, of why a person decided, and of reports of attendance."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from app.persistence.schema.personal_data_inventory import ERASED_TEXT, disclosed, erased, personal_data
from app.persistence.schema.retention_periods import EVIDENCE_RETENTION
from app.persistence.schema.tables.shared_columns import (
    check_one_of,
    foreign_key,
    instant_column,
    metadata,
    version_columns,
)

registration = Table(
    "registration",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("adviser_id", "adviser.id"),
    foreign_key("module_code", "module.code", info=disclosed("Formation")),
    foreign_key("training_organisation_id", "training_organisation.id"),
    foreign_key("session_id", "session.id", nullable=True, info=disclosed("Session publiée")),
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
    Column("notified_on", Date, info=disclosed("Régularisation signalée le")),
    Column("derogated", Boolean, nullable=False, server_default=text("false"), info=disclosed("Par dérogation")),
    # What had been agreed before an absence gave the right back: its attendance can be put right.
    Column("agreed_funding", Text, info=disclosed("Prise en charge convenue")),
    Column("agreed_payer", Text, info=disclosed("Payeur convenu")),
    Column(
        "absence_counts",
        Boolean,
        nullable=False,
        server_default=text("false"),
        info=disclosed("Absence comptée comme une entrée"),
    ),
    Column(
        "attendance_corrected",
        Boolean,
        nullable=False,
        server_default=text("false"),
        info=disclosed("Assiduité corrigée"),
    ),
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
    # A unit has one holder, whatever the program does. Deferrable, so that one statement may transfer a unit.
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
    Index(
        "ix_registration_first_day",
        "session_starts_on",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "32"},
    ),
    Index(
        "ix_registration_reference",
        "session_reference",
        postgresql_where=text("session_reference IS NOT NULL"),
    ),
    Index("ix_registration_session", "session_id", "id", postgresql_where=text("session_id IS NOT NULL")),
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
    # Those of the first release are of version 1; a decision states its own.
    Column(
        "rules_version",
        SmallInteger,
        nullable=False,
        server_default=text("1"),
        info=disclosed("Version des règles"),
    ),
    Column("facts", JSON, nullable=False, info=disclosed("Faits lus")),
    Column("automatic", Boolean, nullable=False, info=disclosed("Automatique")),
    Column("waived", ARRAY(Text), nullable=False, server_default=text("'{}'"), info=disclosed("Motifs écartés")),
    Column("decided_by", Uuid, nullable=False, info=disclosed("À la demande de")),
    instant_column("decided_at", info=disclosed("Décidée le")),
    Index("ix_decision_registration_id", "registration_id", "decided_at", "id"),
    # Facts of a few kilobytes stay beside their decision, uncompressed: compressing them cost a tenth of the write.
    postgresql_with={"toast_tuple_target": "8160"},
    info=personal_data(
        "Décisions",
        purpose="prouver ce qui a été décidé, et sur quels faits ; pouvoir le contester",
        kept_for=EVIDENCE_RETENTION,
        # By the index of registrations: decisions have none by adviser.
        rows="registration_id = ANY (ARRAY(SELECT id FROM registration WHERE adviser_id = $1))",
    ),
)

# Why a person decided: beside the decision of that instant, which nothing can change, not even an erasure.
derogation = Table(
    "derogation",
    metadata,
    Column("registration_id", Uuid, ForeignKey("registration.id"), primary_key=True),
    Column("adviser_id", Uuid, nullable=False),
    Column("motive", Text, nullable=False, info=erased("Motif", ERASED_TEXT)),
    Column("decided_at", DateTime(timezone=True), primary_key=True, info=disclosed("Décidée le")),
    Column("decided_by", Uuid, nullable=False, info=disclosed("Décidée par")),
    info=personal_data(
        "Dérogations",
        purpose="savoir qui a écarté des motifs publiés, et pourquoi",
        kept_for=EVIDENCE_RETENTION,
        rows="registration_id = ANY (ARRAY(SELECT id FROM registration WHERE adviser_id = $1))",
    ),
)

attendance_record = Table(
    "attendance_record",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("registration_id", "registration.id"),
    Column("adviser_id", Uuid, nullable=False),
    Column("outcome", Text, nullable=False, info=disclosed("Assiduité")),
    Column("motive", Text, info=erased("Motif")),
    Column("note", Text, info=erased("Précision")),
    Column("absences", JSON, nullable=False, info=erased("Jours manqués", "[]")),
    instant_column("recorded_at", info=disclosed("Enregistrée le")),
    Column("recorded_by", Uuid, nullable=False, info=disclosed("Enregistrée par")),
    check_one_of("outcome", "completed", "absent_justified", "absent_unjustified"),
    Index("ix_attendance_record_registration_id", "registration_id", "recorded_at", "id"),
    info=personal_data(
        "Assiduité",
        purpose="savoir ce qui a été enregistré, par qui et pourquoi ; pouvoir le corriger",
        kept_for=EVIDENCE_RETENTION,
        # By the index of registrations: reports have none by adviser.
        rows="registration_id = ANY (ARRAY(SELECT id FROM registration WHERE adviser_id = $1))",
    ),
)
