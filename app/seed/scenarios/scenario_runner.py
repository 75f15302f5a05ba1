"""Runs a person's scenario: each action at the instant when it would have happened."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any
from unicodedata import normalize

from app.domain.facts.calendar import PARIS, civil_date
from app.domain.facts.registration_terms import Attendance
from app.persistence.engine.database import Database
from app.seed.scenarios import contracts_of_people, sessions_of_people
from app.seed.scenarios.scenario import Course, DayText, Person, parse_day
from app.seed.scenarios.scenario_actions import PLATFORM_CLIENT, ScenarioActions, demonstration_context
from app.use_cases.advisers.upsert_adviser import upsert_adviser
from app.use_cases.preconditions import ANY_VERSION

SERVICE_OPENED_ON = date(2024, 1, 8)  # what happened before was imported on this day

Action = Callable[[datetime], Awaitable[object]]
Moment = tuple[date, int, Action]  # the day, the hour in Paris, and what happens


def _adviser_columns(person: Person, trained: list[date]) -> dict[str, Any]:
    first_name, _, last_name = person.name.partition(" ")
    plain = normalize("NFKD", person.name.lower()).encode("ascii", "ignore").decode()
    entered_on, ended_on = trained or (None, None)
    return {
        "conum_id": person.conum_id,
        "first_name": first_name,
        "last_name": last_name,
        "email": f"{plain.replace(' ', '.')}@example.org",
        "department": person.department,
        "in_scheme": person.in_scheme,
        "initial_training_entered_on": entered_on,
        "initial_training_ended_on": ended_on,
    }


class ScenarioRunner:
    """Runs the scenario of `person` up to `now`; what would come later is left out."""

    def __init__(self, database: Database, person: Person, now: datetime) -> None:
        self._database, self._person, self._now = database, person, now
        self._today = civil_date(now)
        self._actions = ScenarioActions(database, person, self._today)

    async def run(self) -> None:
        moments = sorted(self._moments(), key=lambda moment: moment[:2])
        trained = [self._day(text) for text in self._person.trained or ()]
        arrived_on = max(SERVICE_OPENED_ON, *trained, min(day for day, _, _ in moments))
        await self._add_adviser(trained, self._instant(arrived_on, 7, 0))
        for order, (day, hour, act) in enumerate(moments):
            at = self._instant(day, hour, order) if day > arrived_on else self._instant(arrived_on, 8, order)
            if at <= self._now:
                await act(at)

    async def _add_adviser(self, trained: list[date], at: datetime) -> None:
        adviser, columns = contracts_of_people.stable_id(self._person), _adviser_columns(self._person, trained)
        await upsert_adviser(self._database, adviser, columns, ANY_VERSION, demonstration_context(PLATFORM_CLIENT, at))

    def _day(self, text: DayText) -> date:
        return parse_day(text, self._today)

    def _instant(self, day: date, hour: int, order: int) -> datetime:
        """Minutes differ from one person to the other, seconds from one action to the other."""
        clock = time(hour, self._person.conum_id % 60, order, tzinfo=PARIS)
        return datetime.combine(day, clock).astimezone(UTC)

    def _moments(self) -> Iterator[Moment]:
        for post in self._person.posts:
            yield contracts_of_people.known_on(post, self._today), 8, partial(self._actions.add_contract, post)
            for change in post.then:
                yield self._day(change.on), 10, partial(self._actions.change_contract, post, change)
        for course in self._person.courses:
            yield from self._course_moments(course)
        for carried in self._person.carried:
            yield self._day(carried.on), 14, partial(self._actions.grant_carry_over, carried)
        for exam in self._person.exams:
            yield self._day(exam.on), 17, partial(self._actions.record_exam, exam)

    def _course_moments(self, course: Course) -> Iterator[Moment]:
        yield sessions_of_people.requested_on(course, self._today), 9, partial(self._actions.register, course)
        for change in course.then:
            yield self._day(change.on), 11, partial(self._actions.change_registration, course, change)
        if course.outcome is not None:
            session = sessions_of_people.actual_session(course, self._person, self._today)
            over_on = session.ends_on if course.outcome is Attendance.COMPLETED else session.starts_on
            yield over_on, 18, partial(self._actions.record_attendance, course, course.outcome)
