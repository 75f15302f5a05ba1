"""The tables of reminders: what advisers were told before it was too late, and how far the day's look has come."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, SmallInteger, Table, Text, Uuid

from app.persistence.schema.personal_data_inventory import holds, names_nobody, said
from app.persistence.schema.retention_periods import KEPT_AS_EVIDENCE
from app.persistence.schema.shared_columns import instant, metadata

# Whoever looks, and however often: an adviser is told what a key names once.
reminder = Table(
    "reminder",
    metadata,
    Column("adviser_id", Uuid, ForeignKey("adviser.id"), primary_key=True),
    Column("key", Text, primary_key=True, info=said("Rappel")),
    instant("told_at", info=said("Rappelé le")),
    info=holds("Rappels", purpose="rappeler une échéance une seule fois", kept_for=KEPT_AS_EVIDENCE),
)

# One row. Advisers are looked at in the order of their ids, once each civil day: `reached` is the last one seen on
# `day`, the nil UUID before the first, None once all were.
reminder_round = Table(
    "reminder_round",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("reached", Uuid),
    CheckConstraint("id = 1", name="one"),
    info=names_nobody("où en est la tournée des rappels"),
)
