"""What a scenario is written in: a person, with posts, courses, exams and carried rights.

A day is "2025-05-13", or "+40" or "-90": so many days from that of loading; a Saturday or a Sunday becomes the Monday.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.contract import ContractType, LegalForm
from app.domain.facts.registration_terms import Attendance, Payer

SATURDAY = 5

DayText = str


def parse_day(text: DayText, today: date) -> date:
    if text[0] not in "+-":
        return date.fromisoformat(text)
    day = today + timedelta(days=int(text))
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= SATURDAY else day


@dataclass(frozen=True, slots=True)
class Employer:
    siret: str
    name: str
    legal_form: LegalForm
    department: str = "35"
    accredited: bool = False


@dataclass(frozen=True, slots=True)
class Filed:
    """On this day the employer puts the administrative file in order."""

    on: DayText


@dataclass(frozen=True, slots=True)
class Terminated:
    """The contract ends after `last_day`, as is announced on the day `on`."""

    on: DayText
    last_day: DayText
    motive: str = "Démission"


@dataclass(frozen=True, slots=True)
class Post:
    """A contract, known a week before it starts unless `known` gives a day; the columns `missing` of its administrative
    file are empty then. With `renews` it renews the post before it.
    """

    employer: Employer
    starts: DayText
    ends: DayText | None = None
    type: ContractType | None = None
    missing: tuple[str, ...] = ()
    renews: bool = False
    known: DayText | None = None
    then: tuple[Filed | Terminated, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    on: DayText
    payer: Payer


@dataclass(frozen=True, slots=True)
class Declined:
    on: DayText


@dataclass(frozen=True, slots=True)
class Cancelled:
    on: DayText
    motive: str


@dataclass(frozen=True, slots=True)
class Moved:
    on: DayText
    to: DayText


@dataclass(frozen=True, slots=True)
class Notified:
    """The adviser says that the file is in order."""

    on: DayText
    employer_agreement: bool = False


@dataclass(frozen=True, slots=True)
class Positioned:
    on: DayText
    hours: int = 175


RegistrationChange = Kept | Declined | Cancelled | Moved | Notified | Positioned


@dataclass(frozen=True, slots=True)
class Course:
    """A registration, requested four weeks ahead (a few days ago for a session to come) unless `asked` gives a day.

    Once the session is over, an accepted registration ends with `outcome`; None leaves it open. Without `organisation`
    it goes to the one that delivers such a module in the adviser's territory.
    """

    module: str
    starts: DayText
    asked: DayText | None = None
    outcome: Attendance | None = Attendance.COMPLETED
    motive: str | None = None
    employer_agreement: bool = False
    organisation: UUID | None = None
    then: tuple[RegistrationChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Exam:
    qualification: str
    on: DayText
    outcome: CertificationOutcome = CertificationOutcome.OBTAINED
    motive: str | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """A unit that the support carries over to the next year."""

    bucket: str
    on: DayText
    motive: str


@dataclass(frozen=True, slots=True)
class Person:
    """`trained` are the first and the last day of an initial training followed before this service knew the person."""

    conum_id: int
    name: str
    situation: str
    posts: tuple[Post, ...] = ()
    courses: tuple[Course, ...] = ()
    exams: tuple[Exam, ...] = ()
    carried: tuple[Carried, ...] = ()
    trained: tuple[DayText, DayText] | None = None
    department: str = "35"
    in_scheme: bool = True
