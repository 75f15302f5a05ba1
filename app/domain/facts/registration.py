"""A registration (inscription): its request, its state, and the moves its status allows (section 5)."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from app.domain.errors import InvalidTransition, SeatWaiting, SessionEnded, SessionStarted
from app.domain.facts.module import Module, ModuleKind
from app.domain.facts.registration_terms import Funding, Payer, RegistrationId, Seat, Status, Unit, bucket_of
from app.domain.facts.session import Session
from app.domain.facts.training_organisation import TrainingOrganisation
from app.domain.statement_errors import PayerNotOffered, RegularisationNeeded

ENTERED = frozenset({Status.ACCEPTED, Status.COMPLETED})
INACTIVE = frozenset({Status.REFUSED, Status.CANCELLED})
TAKING_PLACE = frozenset({Status.ACCEPTED, Status.AWAITING_CHOICE, Status.COMPLETED})
OPEN = frozenset({Status.ACCEPTED, Status.AWAITING_CHOICE})
HOLDING_A_PLACE = frozenset({Status.ACCEPTED, Status.COMPLETED, Status.ABSENT_JUSTIFIED, Status.ABSENT_UNJUSTIFIED})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `kept_unfunded` once the adviser chose to keep it without funding: it then stays so.
    `notified_on` is the day of the adviser's latest notice, None without one (R6)."""

    module: Module
    organisation: TrainingOrganisation
    session: Session
    requested_on: date
    employer_agreement: bool
    kept_unfunded: bool = False
    notified_on: date | None = None

    @property
    def reference_date(self) -> date:
        """The day that facts must have come by: of the request, or of the notice; the first day at the latest."""
        return min(self.notified_on or self.requested_on, self.session.starts_on)


@dataclass(frozen=True, slots=True)
class Registration:
    """`offered_payers` are those a waiting adviser may choose from; `unit` is held when the State funds a module.

    `derogated`: a person decided it, setting reasons aside, and no change of the file decides it again. After an
    absence that gave the right back, `agreed_funding` and `agreed_payer` are what had been agreed. `absence_counts`: an
    unjustified absence is an entry all the same (policy). `attendance_corrected`: its attendance was put right. `seat`:
    its place in a published session, None without one.
    """

    id: RegistrationId
    request: Request
    status: Status
    funding: Funding | None
    payer: Payer | None
    unit: Unit | None
    offered_payers: tuple[Payer, ...]
    version: int
    created_at: datetime
    derogated: bool = False
    agreed_funding: Funding | None = None
    agreed_payer: Payer | None = None
    absence_counts: bool = False
    attendance_corrected: bool = False
    seat: Seat | None = None

    @property
    def first_day(self) -> date:
        return self.request.session.starts_on

    @property
    def is_entry(self) -> bool:
        """Whether it makes the adviser enter initial training: accepted or completed (section 3); missed without
        justification, where policy counts it."""
        is_initial = self.request.module.kind is ModuleKind.INITIAL_TRAINING
        return is_initial and (self.status in ENTERED or self.absence_counts)

    @property
    def is_active(self) -> bool:
        return self.status not in INACTIVE

    @property
    def takes_place(self) -> bool:
        """Whether the adviser is, or may be, at its session."""
        return self.status in TAKING_PLACE

    @property
    def holds_a_place(self) -> bool:
        """Whether it has, or waits for, a seat of a published session: only what was accepted does (section 5ter)."""
        return self.request.session.id is not None and self.status in HOLDING_A_PLACE

    @property
    def holds_a_unit_when_funded(self) -> bool:
        """A thematic module, and whatever a derogation funds."""
        return self.derogated or self.request.module.kind is ModuleKind.THEMATIC

    def may_be_decided_again(self, today: date) -> bool:
        """Whether a change of the file decides it again (section 4.5): accepted or waiting, its session to come. What
        was kept binds only its payer; what a person decided stays."""
        return self.status in OPEN and self.first_day > today and not self.request.kept_unfunded and not self.derogated

    @property
    def entitlement(self) -> str | None:
        """The bucket of its unit."""
        return bucket_of(self.unit) if self.unit else None

    def check_transition(self, move: str, *starting: Status) -> None:
        """Raise InvalidTransition unless its status is one of `starting`."""
        if self.status not in starting:
            raise InvalidTransition(move, self.status)

    def unfunded(self, status: Status) -> "Registration":
        """Ended or unfunded: the unit goes back to its bucket (section 4.3)."""
        return replace(self, status=status, funding=None, payer=None, unit=None, offered_payers=())

    def kept(self, payer: Payer) -> "Registration":
        """R26: kept without funding, at the expense of one of the payers offered.

        Raise InvalidTransition unless waiting, PayerNotOffered.
        """
        self.check_transition("choice", Status.AWAITING_CHOICE)
        if payer not in self.offered_payers:
            raise PayerNotOffered(payer, self.offered_payers)
        request = replace(self.request, kept_unfunded=True)
        accepted = replace(self.unfunded(Status.ACCEPTED), request=request)
        return replace(accepted, funding=Funding.NONE, payer=payer)

    def declined(self) -> "Registration":
        """R26: cancelled by the adviser's choice. Raise InvalidTransition unless waiting."""
        self.check_transition("choice", Status.AWAITING_CHOICE)
        return self.unfunded(Status.CANCELLED)

    def cancelled(self, on: date, *, today: date, regularisation: bool) -> "Registration":
        """Cancelled before the first day; what waits, on any day. `regularisation`: the session has started, and the
        past is recorded.

        Raise InvalidTransition, SessionStarted, RegularisationNeeded.
        """
        self.check_transition("cancellation", Status.ACCEPTED, Status.AWAITING_CHOICE)
        if self.status is Status.ACCEPTED:
            if on >= self.first_day:
                raise SessionStarted(self.first_day)
            check_regularisation("/cancelled_on", self.first_day, today, regularisation=regularisation)
        return self.unfunded(Status.CANCELLED)

    def cancelled_with_session(self) -> "Registration":
        """Section 5ter: its session is cancelled, or begins without a seat for it; one that was refused can then not be
        regularised any more. Raise InvalidTransition."""
        self.check_transition("cancellation", Status.ACCEPTED, Status.AWAITING_CHOICE, Status.REFUSED)
        return self.unfunded(Status.CANCELLED)

    def check_seated(self) -> None:
        """Only who has a seat attends. Raise SeatWaiting."""
        if self.seat is Seat.WAITING:
            raise SeatWaiting

    def rescheduled(self, session: Session, *, today: date, regularisation: bool) -> "Registration":
        """Its session moved, not decided again yet; what a person had set aside no longer counts. `regularisation`: the
        new session has started, and the past is recorded.

        Raise InvalidTransition, SessionStarted, RegularisationNeeded.
        """
        self.check_transition("reschedule", Status.ACCEPTED, Status.AWAITING_CHOICE, Status.REFUSED)
        if self.first_day <= today:
            raise SessionStarted(self.first_day)
        pointer = "/session/starts_on" if session.id is None else "/session_id"
        check_regularisation(pointer, session.starts_on, today, regularisation=regularisation)
        return replace(self, request=replace(self.request, session=session), derogated=False)

    def with_adviser_notice(self, notified_on: date, *, employer_agreement: bool) -> "Registration":
        """R6: the adviser's notice, which may bring the employer's agreement.

        Raise InvalidTransition unless refused, SessionEnded after the session's last day.
        """
        self.check_transition("re-examination", Status.REFUSED)
        if notified_on > self.request.session.ends_on:
            raise SessionEnded(self.request.session.ends_on)
        agreed = self.request.employer_agreement or employer_agreement
        return replace(self, request=replace(self.request, employer_agreement=agreed, notified_on=notified_on))

    def check_derogable(self) -> None:
        """Section 5bis: only what is refused or waits. Raise InvalidTransition."""
        self.check_transition("derogation", Status.REFUSED, Status.AWAITING_CHOICE)

    def check_positioning_test(self) -> "Registration":
        """R12: its positioning test may be recorded. Raise InvalidTransition unless accepted or completed."""
        self.check_transition("positioning-test", Status.ACCEPTED, Status.COMPLETED)
        return self


def check_regularisation(pointer: str, first_day: date, today: date, *, regularisation: bool) -> None:
    """A session that has started needs the word (section 3); `pointer` names the date. Raise RegularisationNeeded."""
    if first_day <= today and not regularisation:
        raise RegularisationNeeded(pointer, first_day)


def new_registration(registration: RegistrationId, request: Request, created_at: datetime) -> Registration:
    """A registration not decided yet: nothing is granted until it is."""
    return Registration(registration, request, Status.REFUSED, None, None, None, (), version=1, created_at=created_at)
