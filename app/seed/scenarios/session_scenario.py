"""What a published session of the demonstration is written in: what it is, and what happens to it, in order."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.domain.facts.registration_terms import Attendance
from app.domain.facts.session import SessionFormat
from app.seed.scenarios.contracts_of_people import FIRST_TIMESTAMP_MS
from app.seed.scenarios.scenario import SATURDAY, DayText, Person, parse_day

FIRST_NUMBER = 99_000_000  # after those of people: sessions sort after their registrations


@dataclass(frozen=True, slots=True)
class Joined:
    """These people register, in this order."""

    on: DayText
    who: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """Cancels; the seat goes to the first who waits."""

    on: DayText
    who: Person
    motive: str


@dataclass(frozen=True, slots=True)
class Enlarged:
    """It has so many seats from now on."""

    on: DayText
    maximum: int


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """Whoever is registered is told."""

    on: DayText
    name: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    on: DayText


@dataclass(frozen=True, slots=True)
class CalledOff:
    on: DayText
    motive: str


@dataclass(frozen=True, slots=True)
class Attended:
    """`missed_first_day`: was not there on the first day, with a justification."""

    who: Person
    outcome: Attendance = Attendance.COMPLETED
    motive: str | None = None
    missed_first_day: bool = False


SessionChange = Joined | Left | Enlarged | RoomChanged | Confirmed | CalledOff


@dataclass(frozen=True, slots=True)
class SessionScenario:
    """`days` of training from `starts`, without Saturdays and Sundays, from 9:00 to 12:30 and from 13:30 to 17:00.
    Published on the day `published`. Once it is over, `attended` is recorded; empty leaves it to be done."""

    reference: str
    number: int
    module: str
    organisation: UUID
    starts: DayText
    published: DayText
    format: SessionFormat
    minimum: int
    maximum: int
    days: int = 1
    closes: DayText | None = None
    then: tuple[SessionChange, ...] = ()
    attended: tuple[Attended, ...] = ()

    @property
    def id(self) -> UUID:
        """A UUIDv7 that is the same each time the demonstration is loaded."""
        return UUID(int=(FIRST_TIMESTAMP_MS + FIRST_NUMBER + self.number) << 80 | 7 << 76 | 2 << 62 | self.number)

    def dates(self, today: date) -> list[date]:
        """Each day of training."""
        day, found = parse_day(self.starts, today), list[date]()
        while len(found) < self.days:
            if day.weekday() < SATURDAY:
                found.append(day)
            day += timedelta(days=1)
        return found
