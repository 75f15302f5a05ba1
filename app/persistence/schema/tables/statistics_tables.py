"""The tables of what is kept for statistics: counts, and of each registration what it was counted as."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Integer, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from app.persistence.schema.personal_data_inventory import no_personal_data
from app.persistence.schema.tables.shared_columns import instant_column, metadata

# How many registrations of a month have these labels. `kind` says what the labels are: an index of `KINDS` in
# `app/persistence/administration/kept_counts.py`.
registration_count = Table(
    "registration_count",
    metadata,
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("month", Date, primary_key=True),
    Column("labels", ARRAY(Text), primary_key=True),
    Column("count", Integer, nullable=False),
    info=no_personal_data("des nombres d’inscriptions"),
)

# When a registration changes, this is what is taken from the counts again. Nobody is named.
counted_registration = Table(
    "counted_registration",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("requested_on", Date, nullable=False, index=True),
    Column("training_organisation_id", Uuid, nullable=False),
    Column("module_code", Text, nullable=False),
    Column("department", Text),
    Column("status", Text, nullable=False),
    Column("funding", Text),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("over_quota", Text),
    Column("derogated", Boolean, nullable=False),
    Column("corrected", Boolean, nullable=False),
    Column("days_to_decision", Integer, nullable=False),
    Column("days_to_session", Integer, nullable=False),
    info=no_personal_data("ce que les statistiques ont compté de chaque inscription"),
)

# One row. Every change of a registration or of an adviser before this instant is counted.
counting_mark = Table(
    "counting_mark",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    instant_column("reached"),
    CheckConstraint("id = 1", name="one"),
    info=no_personal_data("jusqu’où les inscriptions sont comptées"),
)
