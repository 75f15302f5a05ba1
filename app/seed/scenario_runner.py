"""Plays a person's story: whatever happens is done by its use case, at the hour when it would have been."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any, assert_never
from unicodedata import normalize
from uuid import NAMESPACE_URL, UUID, uuid5

from app.domain.facts.module import ModuleCode
from app.domain.facts.registration import Attendance, Chooser, Status
from app.persistence import registrations
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.seed import contracts_of_people, sessions_of_people
from app.seed.published_catalogue import LA_MEDNUM
from app.seed.scenario import (
    Cancelled,
    Carried,
    Course,
    DayText,
    Declined,
    Exam,
    Filed,
    Kept,
    Moved,
    Notified,
    Person,
    Positioned,
    Post,
    RegistrationChange,
    Terminated,
    parse_day,
)
from app.use_cases.advisers.grant_carry_over import CarryOverGrant, grant_carry_over
from app.use_cases.advisers.upsert_adviser import upsert_adviser
from app.use_cases.civil_date import PARIS, civil_date
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.record_certification import ExamResult, record_result
from app.use_cases.registrations.cancel_registration import cancel
from app.use_cases.registrations.choose_over_quota import decline_over_quota, keep_unfunded
from app.use_cases.registrations.record_attendance import mark_attendance
from app.use_cases.registrations.record_positioning_test import record_positioning
from app.use_cases.registrations.reexamine_registration import reexamine
from app.use_cases.registrations.register_adviser import NewRegistration, register
from app.use_cases.registrations.reschedule_registration import reschedule
from app.use_cases.request_context import RequestContext
from app.use_cases.upsert_contract import upsert_contract

SERVICE_OPENED_ON = date(2024, 1, 8)  # what happened before was imported on this day

Action = Callable[[datetime], Awaitable[object]]


def _client(role: Role, organisation: UUID | None = None) -> Client:
    """The demonstration client whose key is made at the first start."""
    return Client(uuid5(NAMESPACE_URL, f"urn:inscriptions:client:{role}"), role, organisation)


PLATFORM_CLIENT, ADMIN_CLIENT = _client(Role.PLATFORM), _client(Role.ADMIN)
LA_MEDNUM_CLIENT = _client(Role.TRAINING_ORGANISATION, LA_MEDNUM)


def _request_context(client: Client, at: datetime) -> RequestContext:
    def identified(row: Row) -> ReplayableResponse:
        return ReplayableResponse(200, row["id"].bytes, {})

    return RequestContext(client, at, identified)


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
    """Tells `person`'s story up to `now`; what would come later is left out."""

    def __init__(self, database: Database, person: Person, now: datetime) -> None:
        self.database, self.person, self.now = database, person, now
        self.adviser, self.today = contracts_of_people.stable_id(person), civil_date(now)
        self.contracts: dict[Post, dict[str, Any]] = {}
        self.registrations: dict[Course, UUID] = {}

    async def run(self) -> None:
        moments = sorted(self._scheduled_actions(), key=lambda moment: moment[:2])
        trained = [self._day(written) for written in self.person.trained or ()]
        arrived_on = max(SERVICE_OPENED_ON, *trained, min(day for day, _, _ in moments))
        columns = _adviser_columns(self.person, trained)
        arriving = _request_context(PLATFORM_CLIENT, self._instant(arrived_on, 7, 0))
        await upsert_adviser(self.database, self.adviser, columns, ANY_VERSION, arriving)
        for order, (day, hour, act) in enumerate(moments):
            at = self._instant(day, hour, order) if day > arrived_on else self._instant(arrived_on, 8, order)
            if at <= self.now:
                await act(at)

    def _day(self, written: DayText) -> date:
        return parse_day(written, self.today)

    def _instant(self, day: date, hour: int, order: int) -> datetime:
        """Minutes tell people apart, seconds what happens to one of them."""
        clock = time(hour, self.person.conum_id % 60, order, tzinfo=PARIS)
        return datetime.combine(day, clock).astimezone(UTC)

    def _scheduled_actions(self) -> Iterator[tuple[date, int, Action]]:
        for post in self.person.posts:
            yield contracts_of_people.known_on(post, self.today), 8, partial(self._add_contract, post)
            for change in post.then:
                yield self._day(change.on), 10, partial(self._change_contract, post, change)
        for course in self.person.courses:
            yield sessions_of_people.requested_on(course, self.today), 9, partial(self._register, course)
            for registration_change in course.then:
                yield (
                    self._day(registration_change.on),
                    11,
                    partial(self._change_registration, course, registration_change),
                )
            held = sessions_of_people.actual_session(course, self.person, self.today)
            over_on = held.ends_on if course.outcome is Attendance.COMPLETED else held.starts_on
            if course.outcome is not None:
                yield over_on, 18, partial(self._record_attendance, course, course.outcome)
        for carried in self.person.carried:
            yield self._day(carried.on), 14, partial(self._grant_carry_over, carried)
        for exam in self.person.exams:
            yield self._day(exam.on), 17, partial(self._record_exam, exam)

    async def _add_contract(self, post: Post, at: datetime) -> None:
        self.contracts[post] = contracts_of_people.contract_columns(self.person, post, self.today)
        await self._upsert_contract(post, at)

    async def _change_contract(self, post: Post, change: Filed | Terminated, at: datetime) -> None:
        self.contracts[post] |= contracts_of_people.changed_columns(self.person, post, change, self.today)
        await self._upsert_contract(post, at)

    async def _upsert_contract(self, post: Post, at: datetime) -> None:
        contract = contracts_of_people.stable_id(self.person, self.person.posts.index(post))
        await upsert_contract(
            self.database, contract, self.contracts[post], ANY_VERSION, _request_context(PLATFORM_CLIENT, at)
        )

    async def _register(self, course: Course, at: datetime) -> None:
        session = sessions_of_people.requested_session(course, self.person, self.today)
        demand = NewRegistration(
            adviser_id=self.adviser,
            module_code=ModuleCode(course.module),
            training_organisation_id=sessions_of_people.organisation_of(course, self.person),
            session=session,
            requested_on=None,
            employer_agreement=course.employer_agreement,
            venue=sessions_of_people.venue_of(course.module, session, self.person),
            id=contracts_of_people.stable_ordered_id(self.person, "registration", self.person.courses.index(course)),
        )
        answer = await register(self.database, demand, _request_context(PLATFORM_CLIENT, at))
        self.registrations[course] = UUID(bytes=answer.body)

    async def _change_registration(self, course: Course, change: RegistrationChange, at: datetime) -> None:
        database, registration = self.database, self.registrations[course]
        context, session_context = (
            _request_context(PLATFORM_CLIENT, at),
            _request_context(self._session_client(course), at),
        )
        match change:
            case Kept(_, payer):
                await keep_unfunded(database, registration, payer, context, Chooser.ADVISER)
            case Declined():
                await decline_over_quota(database, registration, context, Chooser.ADVISER)
            case Cancelled(_, motive):
                await cancel(database, registration, None, motive, context)
            case Notified(_, agreement):
                await reexamine(database, registration, context, employer_agreement=agreement)
            case Positioned(on, hours):
                await record_positioning(database, registration, self._day(on), hours, session_context)
            case Moved():
                held = sessions_of_people.actual_session(course, self.person, self.today)
                there = sessions_of_people.venue_of(course.module, held, self.person)
                await reschedule(
                    database, registration, lambda _session, _venue: (held, there), ANY_VERSION, session_context
                )
            case _:
                assert_never(change)

    def _session_client(self, course: Course) -> Client:
        """Who says what happened at the session; the administration does for organisations that have no key here."""
        return (
            LA_MEDNUM_CLIENT if sessions_of_people.organisation_of(course, self.person) == LA_MEDNUM else ADMIN_CLIENT
        )

    async def _record_attendance(self, course: Course, outcome: Attendance, at: datetime) -> None:
        """Only whoever was expected at the session is said to have come, or not."""
        registration = self.registrations[course]
        row = await registrations.read(self.database, registration, owner=None)
        if row is not None and row["status"] == Status.ACCEPTED:
            context = _request_context(self._session_client(course), at)
            await mark_attendance(self.database, registration, outcome, course.motive, context)

    async def _grant_carry_over(self, carried: Carried, at: datetime) -> None:
        report = CarryOverGrant(carried.bucket, 1, carried.motive, None)
        await grant_carry_over(self.database, self.adviser, report, _request_context(ADMIN_CLIENT, at))

    async def _record_exam(self, exam: Exam, at: datetime) -> None:
        number = contracts_of_people.stable_ordered_id(self.person, "certification", self.person.exams.index(exam))
        result = ExamResult(
            self.adviser, exam.qualification, exam.outcome, self._day(exam.on), exam.motive, None, number
        )
        await record_result(self.database, result, _request_context(ADMIN_CLIENT, at))
