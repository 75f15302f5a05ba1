"""What a request states and cannot be so: a date, a payer, a motive, hours."""

from collections.abc import Sequence
from datetime import date

from app.domain.errors import Conflict


class PayerNotOffered(Conflict):
    """The payer is not one of those offered to this adviser."""

    def __init__(self, payer: str, offered: Sequence[str]) -> None:
        super().__init__(f"{payer} is not one of {', '.join(offered)}")
        self.payer = payer
        self.offered = tuple(offered)


class HoursNotOffered(Conflict):
    """The hours are not one of the policy's path lengths on that day."""

    def __init__(self, hours: int, offered: Sequence[int]) -> None:
        super().__init__(f"{hours} is not one of {', '.join(map(str, offered))}")
        self.hours = hours
        self.offered = tuple(offered)


class MotiveNotValid(Conflict):
    """The motive does not justify an absence on that day."""

    def __init__(self, motive: str | None, valid: Sequence[str]) -> None:
        super().__init__(f"{motive} is not one of {', '.join(valid)}")
        self.motive = motive
        self.valid = tuple(valid)


class ImplausibleDate(Conflict):
    """The field at `pointer` (RFC 6901) has a date that cannot be: later than `latest`, the last plausible day, which
    is today for a fact (`is_fact`)."""

    def __init__(self, pointer: str, latest: date, *, is_fact: bool) -> None:
        super().__init__(f"{pointer} is after {latest}")
        self.pointer = pointer
        self.latest = latest
        self.is_fact = is_fact


class RegularisationNeeded(Conflict):
    """The session has started: the request must say that it records the past. `pointer` is that of the date."""

    def __init__(self, pointer: str, first_day: date) -> None:
        super().__init__(f"{pointer}: session started on {first_day}")
        self.pointer = pointer
        self.first_day = first_day


class AbsenceNotInSession(Conflict):
    """The day missed at `place` (from 0) is none of a completed session's days, or is listed twice."""

    def __init__(self, place: int, first_day: date, last_day: date) -> None:
        super().__init__(f"day missed {place} is not between {first_day} and {last_day}")
        self.place = place
        self.first_day = first_day
        self.last_day = last_day


class FormatNotOffered(Conflict):
    """The module is not followed in this format."""

    def __init__(self, session_format: str, offered: Sequence[str]) -> None:
        super().__init__(f"{session_format} is not one of {', '.join(offered)}")
        self.format = session_format
        self.offered = tuple(offered)


class MotiveMissing(Conflict):
    """A correction says why."""


class TitleNotDelivered(Conflict):
    """A title is obtained from `valid_from` to `valid_until`, both included; None leaves that end open."""

    def __init__(self, qualification: str, valid_from: date | None, valid_until: date | None) -> None:
        super().__init__(f"{qualification} is delivered from {valid_from} to {valid_until}")
        self.qualification = qualification
        self.valid_from = valid_from
        self.valid_until = valid_until


class NotInitialTraining(Conflict):
    """Only an initial training has a positioning test."""
