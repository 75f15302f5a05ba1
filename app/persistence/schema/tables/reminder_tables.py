"""The tables of reminders: those sent, and the progress of the daily round."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, SmallInteger, Table, Text, Uuid

from app.persistence.schema.personal_data_inventory import disclosed, no_personal_data, personal_data
from app.persistence.schema.retention_periods import EVIDENCE_RETENTION
from app.persistence.schema.tables.shared_columns import instant_column, metadata

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
