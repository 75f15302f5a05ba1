"""The terms of a registration: its statuses, who pays, what is chosen, what became of it."""

from enum import StrEnum
from typing import NewType
from uuid import UUID

RegistrationId = NewType("RegistrationId", UUID)
Unit = NewType("Unit", str)
"""One funded module of a bucket, named `<bucket>#<ordinal>`, as in `civil_year:2025#1`."""


def bucket_of(unit: Unit) -> str:
    """The name of the bucket of a unit."""
    return unit.rpartition("#")[0]


class Status(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    AWAITING_CHOICE = "awaiting_choice"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    ABSENT_JUSTIFIED = "absent_justified"
    ABSENT_UNJUSTIFIED = "absent_unjustified"


class Seat(StrEnum):
    """A registration's place in a published session."""

    SEATED = "seated"
    WAITING = "waiting"


class Funding(StrEnum):
    STATE = "state"
    NONE = "none"


class Payer(StrEnum):
    STATE = "state"
    EMPLOYER = "employer"
    OPCO = "opco"
    SELF = "self"


class Choice(StrEnum):
    KEEP = "keep"
    CANCEL = "cancel"


class Chooser(StrEnum):
    """Who chose, or cancelled: the adviser, or whoever did in their place, named as roles are."""

    ADVISER = "adviser"
    PLATFORM = "platform"
    TRAINING_ORGANISATION = "training_organisation"
    ADMIN = "admin"


class CancellationCause(StrEnum):
    """Why nobody chose to cancel a registration, and it is cancelled all the same (section 5ter)."""

    NO_SEAT = "no_seat"
    SESSION_CANCELLED = "session_cancelled"
    DUPLICATE_REGISTRATION = "duplicate_registration"
    """Its session was moved to the first day of another registration to the same module."""


class Attendance(StrEnum):
    COMPLETED = "completed"
    ABSENT_JUSTIFIED = "absent_justified"
    ABSENT_UNJUSTIFIED = "absent_unjustified"
