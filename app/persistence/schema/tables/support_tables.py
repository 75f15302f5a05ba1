"""The table of support requests: what people are asked to look at, and what they answered."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Table, Text, Uuid, text

from app.persistence.schema.personal_data_inventory import disclosed, erased, personal_data, undisclosed
from app.persistence.schema.retention_periods import EVIDENCE_RETENTION
from app.persistence.schema.tables.shared_columns import (
    check_one_of,
    foreign_key,
    instant_column,
    metadata,
    version_columns,
)

# `training_organisation_id` is the one that opened it, and alone of its role sees it.
support_request = Table(
    "support_request",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("adviser_id", "adviser.id", index=True),
    Column("kind", Text, nullable=False, info=disclosed("Nature")),
    foreign_key("registration_id", "registration.id", nullable=True),
    foreign_key("certification_id", "certification.id", nullable=True, info=disclosed("Résultat d’examen")),
    Column("bucket", Text, info=disclosed("Droit")),
    Column("period", Text, info=disclosed("Période")),
    Column("text", Text, info=erased("Texte")),
    Column("status", Text, nullable=False, info=disclosed("Statut")),
    Column("opened_by", Text, nullable=False, info=disclosed("Ouverte par")),
    Column("opened_by_client", Uuid, nullable=False, info=undisclosed("le logiciel ; « Ouverte par » dit qui")),
    foreign_key("training_organisation_id", "training_organisation.id", nullable=True),
    Column("answer_due_on", Date, nullable=False, info=disclosed("Réponse attendue le")),
    Column("effect", Text, info=disclosed("Effet")),
    Column("answer_motive", Text, info=erased("Motif de la réponse")),
    Column("answered_by", Uuid, info=disclosed("Réponse donnée par")),
    instant_column("answered_at", nullable=True, info=disclosed("Réponse donnée le")),
    instant_column("withdrawn_at", nullable=True, info=disclosed("Retirée le")),
    *version_columns(),
    check_one_of("kind", "contestation", "justification"),
    check_one_of("status", "open", "granted", "rejected", "withdrawn"),
    check_one_of("opened_by", "adviser", "platform", "training_organisation", "admin"),
    check_one_of("effect", "derogation", "carry_over", "attendance", "annulment"),
    CheckConstraint("effect IS NULL OR status = 'granted'", name="granted"),
    CheckConstraint("(status IN ('granted', 'rejected')) = (answered_at IS NOT NULL)", name="answered"),
    CheckConstraint("(status = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn"),
    Index("ix_support_request_updated_at", "updated_at", "id"),
    # The queue: few, whatever was answered before.
    Index("ix_support_request_open", "answer_due_on", postgresql_where=text("status = 'open'")),
    info=personal_data(
        "Demandes au support",
        purpose="faire examiner une décision par une personne, ou justifier une absence",
        kept_for=EVIDENCE_RETENTION,
    ),
)
