"""A registration (inscription): its request, its state, and the moves its status allows (section 5)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from app.domain.errors import InvalidTransition, PayerNotOffered, SessionNotStarted, SessionStarted
from app.domain.facts.module import Module, ModuleKind
from app.domain.facts.session import Session
from app.domain.facts.training_organisation import TrainingOrganisation

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


class Attendance(StrEnum):
    COMPLETED = "completed"
    ABSENT_JUSTIFIED = "absent_justified"
    ABSENT_UNJUSTIFIED = "absent_unjustified"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `kept_unfunded` once the adviser chose to keep it without funding: it then stays so."""

    module: Module
    organisation: TrainingOrganisation
    session: Session
    requested_on: date
    employer_agreement: bool
    kept_unfunded: bool = False

    @property
    def reference_date(self) -> date:
        return min(self.requested_on, self.session.starts_on)


@dataclass(frozen=True, slots=True)
class Registration:
    """`offered_payers` are those a waiting adviser may choose from; `unit` is held when the State funds a module."""

    id: RegistrationId
    request: Request
    status: Status
    funding: Funding | None
    payer: Payer | None
    unit: Unit | None
    offered_payers: tuple[Payer, ...]
    version: int
    created_at: datetime

    @property
    def first_day(self) -> date:
        return self.request.session.starts_on

    @property
    def is_entry(self) -> bool:
        """Whether it makes the adviser enter initial training: accepted or completed (section 3)."""
        entered = self.status in {Status.ACCEPTED, Status.COMPLETED}
        return entered and self.request.module.kind is ModuleKind.INITIAL_TRAINING

    @property
    def is_active(self) -> bool:
        return self.status not in {Status.REFUSED, Status.CANCELLED}

    @property
    def entitlement(self) -> str | None:
        """The bucket of its unit."""
        return bucket_of(self.unit) if self.unit else None

    def _check_transition(self, move: str, *starting: Status) -> None:
        if self.status not in starting:
            raise InvalidTransition(move, self.status)

    def _unfunded(self, status: Status) -> "Registration":
        """Ended or unfunded: the unit goes back to its bucket (section 4.3)."""
        return replace(self, status=status, funding=None, payer=None, unit=None, offered_payers=())

    def kept(self, payer: Payer) -> "Registration":
        """R26: kept without funding, at the expense of one of the payers offered.

        Raise InvalidTransition unless waiting, PayerNotOffered.
        """
        self._check_transition("choice", Status.AWAITING_CHOICE)
        if payer not in self.offered_payers:
            raise PayerNotOffered(payer, self.offered_payers)
        request = replace(self.request, kept_unfunded=True)
        accepted = replace(self._unfunded(Status.ACCEPTED), request=request)
        return replace(accepted, funding=Funding.NONE, payer=payer)

    def declined(self) -> "Registration":
        """R26: cancelled by the adviser's choice. Raise InvalidTransition unless waiting."""
        self._check_transition("choice", Status.AWAITING_CHOICE)
        return self._unfunded(Status.CANCELLED)

    def cancelled(self, on: date) -> "Registration":
        """Cancelled before the first day. Raise InvalidTransition, SessionStarted."""
        self._check_transition("cancellation", Status.ACCEPTED, Status.AWAITING_CHOICE)
        if on >= self.first_day:
            raise SessionStarted(self.first_day)
        return self._unfunded(Status.CANCELLED)

    def attended(self, outcome: Attendance, *, today: date, absence_consumes: bool) -> "Registration":
        """R17: a justified absence gives the unit back, an unjustified one keeps it when the policy says so.

        Raise InvalidTransition unless accepted, SessionNotStarted.
        """
        self._check_transition("attendance", Status.ACCEPTED)
        if today < self.first_day:
            raise SessionNotStarted(self.first_day)
        status = Status(outcome)
        if status is Status.COMPLETED or (status is Status.ABSENT_UNJUSTIFIED and absence_consumes):
            return replace(self, status=status)
        return self._unfunded(status)

    def rescheduled(self, session: Session, *, today: date) -> "Registration":
        """Its session moved, not decided again yet. Raise InvalidTransition, SessionStarted."""
        self._check_transition("reschedule", Status.ACCEPTED, Status.AWAITING_CHOICE, Status.REFUSED)
        if self.first_day <= today:
            raise SessionStarted(self.first_day)
        return replace(self, request=replace(self.request, session=session))

    def with_adviser_notice(self, *, employer_agreement: bool) -> "Registration":
        """R6: the adviser's notice, which may bring the employer's agreement.

        Raise InvalidTransition unless refused.
        """
        self._check_transition("re-examination", Status.REFUSED)
        agreed = self.request.employer_agreement or employer_agreement
        return replace(self, request=replace(self.request, employer_agreement=agreed))

    def check_positioning_test(self) -> "Registration":
        """R12: its positioning test may be recorded. Raise InvalidTransition unless accepted or completed."""
        self._check_transition("positioning-test", Status.ACCEPTED, Status.COMPLETED)
        return self


def new_registration(registration: RegistrationId, request: Request, created_at: datetime) -> Registration:
    """A registration not decided yet: nothing is granted until it is."""
    return Registration(registration, request, Status.REFUSED, None, None, None, (), version=1, created_at=created_at)
