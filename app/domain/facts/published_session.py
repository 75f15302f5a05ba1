"""A published session: what a training organisation will hold, for how many, until when one may register (5ter)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.errors import SeatsTaken, SessionCancelled, SessionClosed, SessionStarted
from app.domain.facts.module import ModuleCode
from app.domain.facts.registration_terms import Seat
from app.domain.facts.session import Session
from app.domain.facts.training_organisation import TrainingOrganisationId


class SessionStatus(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    FULL = "full"
    CANCELLED = "cancelled"
    HELD = "held"


class SessionDeed(StrEnum):
    """What concerns every registration of a session at once."""

    MOVE = "move"
    CONFIRMATION = "confirmation"
    CANCELLATION = "cancellation"


@dataclass(frozen=True, slots=True)
class PublishedSession:
    """`maximum` is the number of seats, None without a limit; `minimum` what it takes to hold it, None when nothing was
    said. `taken` and `waiting` count registrations. `closes_on` is the last day to register, included."""

    session: Session
    module: ModuleCode
    organisation: TrainingOrganisationId
    minimum: int | None
    maximum: int | None
    taken: int
    waiting: int
    closes_on: date | None
    is_confirmed: bool
    is_cancelled: bool

    @property
    def is_full(self) -> bool:
        return self.maximum is not None and self.taken >= self.maximum

    @property
    def next_seat(self) -> Seat:
        """What the next registration gets: nobody overtakes those who wait."""
        return Seat.WAITING if self.is_full or self.waiting else Seat.SEATED

    def status(self, today: date) -> SessionStatus:
        """It follows from the facts, but for confirmation and cancellation, which are decided. What is over is held,
        however full it was; what has no seat left is full, confirmed or not."""
        if self.is_cancelled:
            return SessionStatus.CANCELLED
        if self.session.ends_on < today:
            return SessionStatus.HELD
        if self.is_full:
            return SessionStatus.FULL
        return SessionStatus.CONFIRMED if self.is_confirmed else SessionStatus.OPEN

    def check_registration(self, today: date, *, regularisation: bool) -> None:
        """One may register until the last day to do so, and afterwards when the past is recorded.

        Raise SessionCancelled, SessionClosed.
        """
        if self.is_cancelled:
            raise SessionCancelled
        is_past = regularisation and self.session.starts_on <= today
        if self.closes_on is not None and today > self.closes_on and not is_past:
            raise SessionClosed(self.closes_on)

    def check_may_change(self) -> None:
        """Nothing of a cancelled session changes any more. Raise SessionCancelled."""
        if self.is_cancelled:
            raise SessionCancelled

    def check_deed(self, deed: SessionDeed, today: date) -> None:
        """Moved or cancelled before its first day; confirmed until its last one, included.

        Raise SessionCancelled, SessionStarted.
        """
        self.check_may_change()
        last_day = self.session.ends_on if deed is SessionDeed.CONFIRMATION else self.session.starts_on
        if today > last_day or (today == last_day and deed is not SessionDeed.CONFIRMATION):
            raise SessionStarted(self.session.starts_on)

    def check_seats(self, maximum: int | None) -> None:
        """No fewer seats than are taken. Raise SeatsTaken."""
        if maximum is not None and maximum < self.taken:
            raise SeatsTaken(self.taken)
