"""The tables of published sessions: what will be held, who has a seat, and what concerns every registration at once."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from app.persistence.schema.personal_data_inventory import disclosed, no_personal_data, personal_data, undisclosed
from app.persistence.schema.retention_periods import EVIDENCE_RETENTION
from app.persistence.schema.tables.shared_columns import (
    check_one_of,
    foreign_key,
    instant_column,
    metadata,
    version_columns,
)

# `capacity` is the number of seats, NO_LIMIT without one. The row's lock guards the counters: `arrivals` numbers the
# registrations in the order of their commits. `taken_when_cancelled` is what `seats_taken` was before its registrations
# were cancelled, null when it was cancelled before that was kept.
session = Table(
    "session",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("module_code", "module.code"),
    foreign_key("training_organisation_id", "training_organisation.id"),
    Column("reference", Text),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("hours", JSON, nullable=False),
    Column("format", Text, nullable=False),
    Column("place_name", Text),
    Column("place_address", Text),
    Column("place_department", Text),
    Column("link", Text),
    Column("seats_minimum", Integer),
    Column("capacity", Integer, nullable=False),
    Column("seats_taken", Integer, nullable=False, server_default=text("0")),
    Column("seats_waiting", Integer, nullable=False, server_default=text("0")),
    Column("arrivals", BigInteger, nullable=False, server_default=text("0")),
    Column("registration_closes_on", Date),
    instant_column("confirmed_at", nullable=True),
    instant_column("cancelled_at", nullable=True),
    Column("cancellation_motive", Text),
    Column("taken_when_cancelled", Integer),
    *version_columns(),
    check_one_of("format", "remote", "on_site", "hybrid"),
    CheckConstraint("ends_on >= starts_on", name="order"),
    CheckConstraint("seats_taken BETWEEN 0 AND capacity", name="seats"),
    CheckConstraint("seats_waiting >= 0", name="waiting"),
    UniqueConstraint("training_organisation_id", "reference", name="uq_session_reference"),
    # What a seat refers to, so that its number is checked against the seats there are.
    UniqueConstraint("id", "capacity", name="uq_session_capacity"),
    Index("ix_session_updated_at", "updated_at", "id"),
    Index("ix_session_starts_on", "starts_on", "id"),
    Index("ix_session_waiting", "starts_on", postgresql_where=text("seats_waiting > 0")),
    info=no_personal_data("les sessions publiées"),
)

# The place of a registration: `number` of its seat, from 1 and dense; null while it waits, in the order of `arrival`.
# Whatever the program does, a seat has one holder and no number is beyond the capacity.
seat = Table(
    "seat",
    metadata,
    Column(
        "registration_id",
        Uuid,
        ForeignKey("registration.id", deferrable=True, initially="DEFERRED"),
        primary_key=True,
    ),
    Column("session_id", Uuid, nullable=False, info=disclosed("Session")),
    Column("capacity", Integer, nullable=False, info=disclosed("Places de la session")),
    Column("arrival", BigInteger, nullable=False, info=disclosed("Ordre d’arrivée")),
    Column("number", Integer, info=disclosed("Place")),
    ForeignKeyConstraint(
        ["session_id", "capacity"], ["session.id", "session.capacity"], name="fk_seat_session", onupdate="CASCADE"
    ),
    CheckConstraint("number BETWEEN 1 AND capacity", name="number"),
    # Deferrable, so that one statement may give a number on.
    UniqueConstraint("session_id", "number", name="uq_seat_number", deferrable=True, initially="IMMEDIATE"),
    Index("ix_seat_arrival", "session_id", "arrival"),
    info=personal_data(
        "Places",
        purpose="donner les places d’une session dans l’ordre des inscriptions",
        kept_for=EVIDENCE_RETENTION,
        # By the index of registrations: places have none by adviser.
        rows="registration_id = ANY (ARRAY(SELECT id FROM registration WHERE adviser_id = $1))",
    ),
)

# A session moved, confirmed or cancelled: what was asked, by whom, and how far it has come. `tells`: people are told.
# `failing` counts the registrations for which it failed, and is tried again.
# `former` is what a session that moves was, as far as they were told of it.
session_deed = Table(
    "session_deed",
    metadata,
    Column("id", Uuid, primary_key=True),
    foreign_key("session_id", "session.id", index=True),
    Column("kind", Text, nullable=False),
    Column("tells", Boolean, nullable=False),
    Column("former", JSON),
    foreign_key("client_id", "client.id"),
    Column("request_id", Uuid),
    Column("concerned", Integer, nullable=False),
    Column("done", Integer, nullable=False, server_default=text("0")),
    Column("failing", Integer, nullable=False, server_default=text("0")),
    instant_column("requested_at"),
    instant_column("finished_at", nullable=True),
    check_one_of("kind", "move", "confirmation", "cancellation"),
    CheckConstraint("done BETWEEN 0 AND concerned", name="done"),
    Index("ix_session_deed_open", "requested_at", postgresql_where=text("finished_at IS NULL")),
    info=no_personal_data("ce qui est fait d’une session entière"),
)

# Each registration that a deed concerns, once: done in the transaction of what it did. One that failed waits until
# `retry_at`, and keeps nobody else waiting.
session_deed_target = Table(
    "session_deed_target",
    metadata,
    Column("deed_id", Uuid, ForeignKey("session_deed.id"), primary_key=True, info=undisclosed("un numéro d’acte")),
    Column("registration_id", Uuid, ForeignKey("registration.id"), primary_key=True, index=True),
    instant_column("done_at", nullable=True, info=disclosed("Fait le")),
    Column("failures", Integer, nullable=False, server_default=text("0"), info=undisclosed("un compte technique")),
    instant_column("retry_at", nullable=True, info=undisclosed("une date technique")),
    Index("ix_session_deed_target_open", "deed_id", postgresql_where=text("done_at IS NULL")),
    info=personal_data(
        "Sessions modifiées",
        purpose="appliquer une fois à chaque inscription ce qui est fait d’une session",
        kept_for=EVIDENCE_RETENTION,
        rows="registration_id = ANY (ARRAY(SELECT id FROM registration WHERE adviser_id = $1))",
    ),
)
