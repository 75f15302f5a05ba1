"""The tables of carry-overs and of results of exams, which decisions and the training record read, and of reminders."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from app.persistence.schema.personal_data_inventory import (
    ERASED_TEXT,
    disclosed,
    erased,
    no_personal_data,
    personal_data,
)
from app.persistence.schema.retention_periods import EVIDENCE_RETENTION
from app.persistence.schema.tables.shared_columns import (
    check_one_of,
    foreign_key,
    instant_column,
    metadata,
    version_columns,
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
    Column("valid_from", Date, nullable=False, info=disclosed("Utilisable à partir du")),
    Column("valid_until", Date, nullable=False, info=disclosed("Utilisable jusqu’au")),
    CheckConstraint("units > 0", name="units"),
    CheckConstraint("valid_until >= valid_from", name="order"),
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
    Column("annulled_on", Date, info=disclosed("Annulé le")),
    Column("annulled_motive", Text, info=erased("Motif de l’annulation")),
    Column("annulled_by", Uuid, info=disclosed("Annulé par")),
    *version_columns(),
    check_one_of("outcome", "obtained", "failed", "absent_justified", "absent_unjustified"),
    Index("ix_certification_adviser_id", "adviser_id", "qualification"),
    # One result of a title and a day counts, whatever the program does.
    Index(
        "uq_certification_result",
        "adviser_id",
        "qualification",
        "on",
        unique=True,
        postgresql_where=text("annulled_on IS NULL"),
    ),
    info=personal_data(
        "Résultats d’examen",
        purpose="connaître les titres obtenus, ce dont ils dispensent et qui paie la présentation suivante",
        kept_for=EVIDENCE_RETENTION,
    ),
)

# One row for each reminder sent: none is sent twice, however many workers run the round.
reminder = Table(
    "reminder",
    metadata,
    Column("adviser_id", Uuid, ForeignKey("adviser.id"), primary_key=True),
    Column("key", Text, primary_key=True, info=disclosed("Rappel")),
    instant_column("told_at", info=disclosed("Rappelé le")),
    info=personal_data("Rappels", purpose="rappeler une échéance une seule fois", kept_for=EVIDENCE_RETENTION),
)

# One row. Advisers are checked in the order of their ids, once each civil day: `reached` is the last one checked on
# `day`, the nil UUID before the first, null once all were.
reminder_round = Table(
    "reminder_round",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("reached", Uuid),
    CheckConstraint("id = 1", name="one"),
    info=no_personal_data("où en est la tournée des rappels"),
)
