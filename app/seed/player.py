"""Plays a person's story: each thing that happens is done by the use case, at the hour when it would have been."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, assert_never
from unicodedata import normalize
from uuid import NAMESPACE_URL, UUID, uuid5

from app.domain.calendar import months_after
from app.domain.contract import ContractType
from app.domain.module import ModuleCode
from app.domain.registration import Attendance, Status
from app.persistence import registrations
from app.persistence.attempts import Answer
from app.persistence.clients import Client, Role
from app.persistence.database import Database
from app.persistence.driver import Row
from app.seed.programme import organisation_for, session_of
from app.seed.story import (
    Cancelled,
    Carried,
    Completed,
    Course,
    Day,
    Declined,
    Exam,
    Kept,
    Moved,
    Notified,
    Person,
    Positioned,
    Post,
    Terminated,
    day_of,
)
from app.use_cases.asked import Asked
from app.use_cases.attend import attend
from app.use_cases.cancel import cancel
from app.use_cases.carry_over import Report, carry_over
from app.use_cases.certify import Result, certify
from app.use_cases.choose import decline, keep
from app.use_cases.keep_adviser import keep_adviser
from app.use_cases.keep_contract import keep_contract
from app.use_cases.position import position
from app.use_cases.reexamine import reexamine
from app.use_cases.register import Demand, register
from app.use_cases.reschedule import reschedule
from app.use_cases.today import PARIS, civil_date
from app.use_cases.versions import ANYTHING

OPENED_ON = date(2024, 1, 8)  # what happened before was imported on this day
NOTICE = timedelta(days=28)  # between a request and its session
RECENTLY = timedelta(days=3)
FACTS = ("ds_file_number", "contract_uploaded_on", "validated_on")

Act = Callable[[datetime], Awaitable[object]]


def _id(*parts: object) -> UUID:
    return uuid5(NAMESPACE_URL, ":".join(("urn:inscriptions:demonstration", *map(str, parts))))


def identity(person: Person) -> UUID:
    return _id(person.conum_id)


def _client(role: Role, organisation: UUID | None = None) -> Client:
    """The demonstration client whose key is made at the first start."""
    return Client(uuid5(NAMESPACE_URL, f"urn:inscriptions:client:{role}"), role, organisation)


PLATFORM, ADMIN = _client(Role.PLATFORM), _client(Role.ADMIN)


def _holder(course: Course) -> Client:
    """Who records what happens at the session: La Mednum its own, the administration those of the others."""
    return _client(Role.TRAINING_ORGANISATION, LA_MEDNUM) if course.module in THEMATIC else ADMIN


def _identified(row: Row) -> Answer:
    return Answer(200, row["id"].bytes, {})


def _email(name: str) -> str:
    plain = normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return f"{plain.replace(' ', '.')}@example.org"


class Player:
    """Tells `person`'s story up to `now`, whatever is later left out."""

    def __init__(self, database: Database, person: Person, now: datetime) -> None:
        self.database, self.person, self.now = database, person, now
        self.adviser = identity(person)
        self.contracts: dict[Post, dict[str, Any]] = {}
        self.registrations: dict[Course, UUID] = {}

    def _day(self, written: Day) -> date:
        return day_of(written, civil_date(self.now))

    async def play(self) -> None:
        moments = sorted(self._moments(), key=lambda moment: moment[:2])
        trained = [self._day(written) for written in self.person.trained or ()]
        arrived_on = max(OPENED_ON, *trained, min((day for day, _, _ in moments), default=OPENED_ON))
        await self._arrive(self._instant(arrived_on, 7, 0))
        for order, (day, hour, act) in enumerate(moments):
            at = self._instant(day, hour, order) if day > arrived_on else self._instant(arrived_on, 8, order)
            if at <= self.now:
                await act(at)

    def _instant(self, day: date, hour: int, order: int) -> datetime:
        """Minutes tell persons apart, seconds what happens to one of them."""
        clock = time(hour, self.person.conum_id % 60, order, tzinfo=PARIS)
        return datetime.combine(day, clock).astimezone(UTC)
