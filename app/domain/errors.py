"""Requests that the present state rules out. A refusal is not one of these: it is an answer (section 3)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID


class Conflict(Exception):  # noqa: N818  # these are answers to callers, named for what happened
    """The request is understood and can't be carried out in the present state."""


class AdviserAnonymised(Conflict):
    """The adviser's identity was erased, for good: nothing about that person changes any more."""


class InvalidTransition(Conflict):
    """The registration's status does not allow this move."""

    def __init__(self, move: str, status: str) -> None:
        super().__init__(f"{move} is impossible from {status}")
        self.move = move
        self.status = status


class SessionStarted(Conflict):
    """Too late: the session's first day has come."""

    def __init__(self, first_day: date) -> None:
        super().__init__(f"session started on {first_day}")
        self.first_day = first_day


class SessionNotStarted(Conflict):
    """Too early: the session's first day has not come."""

    def __init__(self, first_day: date) -> None:
        super().__init__(f"session starts on {first_day}")
        self.first_day = first_day


class DuplicateRegistration(Conflict):
    """Another active registration, with this organisation, has the same adviser, module and first day."""

    def __init__(self, first: UUID, organisation: UUID) -> None:
        super().__init__(f"already registered: {first}")
        self.first = first
        self.organisation = organisation


class NothingToCarryOver(Conflict):
    """The bucket has fewer units left than asked."""

    def __init__(self, bucket: str, left: int) -> None:
        super().__init__(f"{bucket} has {left} units left")
        self.bucket = bucket
        self.left = left


class PolicyExists(Conflict):
    """A version of the policy has this `effective_from` already; versions are added, never changed."""

    def __init__(self, version: str) -> None:
        super().__init__(f"policy {version} exists")
        self.version = version


class SessionEnded(Conflict):
    """Too late: the session's last day is over."""

    def __init__(self, last_day: date) -> None:
        super().__init__(f"session ended on {last_day}")
        self.last_day = last_day


class NoRightLeft(Conflict):
    """Attendance cannot be put right: no right of the session's first day is free any more."""

    def __init__(self, first_day: date) -> None:
        super().__init__(f"no right left on {first_day}")
        self.first_day = first_day


class TooLateToCorrect(Conflict):
    """What an organisation recorded may be corrected by it until `last_day`, included."""

    def __init__(self, last_day: date) -> None:
        super().__init__(f"to be corrected until {last_day}")
        self.last_day = last_day


class ReasonsRemain(Conflict):
    """A derogation must set aside every reason that stands; `reasons` are the codes of those that it does not."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(f"reasons remain: {', '.join(reasons)}")
        self.reasons = tuple(reasons)


class OutsideScheme(Conflict):
    """A mediator outside the scheme holds no right: there is nothing to carry over."""


class TooLateToCarryOver(Conflict):
    """The right that the carry-over would make ended on `last_day`."""

    def __init__(self, last_day: date) -> None:
        super().__init__(f"the right ended on {last_day}")
        self.last_day = last_day


class EffectRefused(Conflict):
    """What granting a support request was to do, its `effect`, is refused for the reason of `refusal`."""

    def __init__(self, effect: str, refusal: Conflict) -> None:
        super().__init__(f"{effect}: {refusal}")
        self.effect = effect
        self.refusal = refusal


class ResultExists(Conflict):
    """The adviser has a result of this qualification on that day; an annulled one is none."""

    def __init__(self, qualification: str, on: date) -> None:
        super().__init__(f"{qualification} has a result of {on}")
        self.qualification = qualification
        self.on = on


class SessionCancelled(Conflict):
    """The published session was cancelled: nobody registers, and nothing of it changes any more."""


class SessionClosed(Conflict):
    """One could register until `last_day`, included."""

    def __init__(self, last_day: date) -> None:
        super().__init__(f"registration closed on {last_day}")
        self.last_day = last_day


class SeatsTaken(Conflict):
    """A session cannot have fewer seats than the `taken` ones."""

    def __init__(self, taken: int) -> None:
        super().__init__(f"{taken} seats are taken")
        self.taken = taken


class SeatWaiting(Conflict):
    """The registration waits for a seat: it attends nothing until it has one."""


class ReferenceTaken(Conflict):
    """Another session of the organisation, `session`, has this reference."""

    def __init__(self, session: UUID) -> None:
        super().__init__(f"the reference of {session}")
        self.session = session


class AlreadyAnnulled(Conflict):
    """The result was annulled: its motive stays the first one."""

    def __init__(self, annulled_on: date) -> None:
        super().__init__(f"annulled on {annulled_on}")
        self.annulled_on = annulled_on
