"""What happens in a scenario, each by its use case: contracts, registrations, exams and carry-overs of one person."""

from datetime import date, datetime
from typing import Any, assert_never
from uuid import NAMESPACE_URL, UUID, uuid5

from app.domain.facts.module import ModuleCode
from app.domain.facts.registration_terms import Attendance, Chooser, Status
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.registrations import registrations
from app.seed.published_catalogue import LA_MEDNUM
from app.seed.scenarios import contracts_of_people, sessions_of_people
from app.seed.scenarios.scenario import (
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
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.registrations.choose_over_quota import decline_over_quota, keep_unfunded
from app.use_cases.registrations.record_attendance import AttendanceReport, mark_attendance
from app.use_cases.registrations.record_positioning_test import record_positioning
from app.use_cases.registrations.reexamine_registration import AdviserNotice, reexamine
from app.use_cases.registrations.register_adviser import NewRegistration, register
from app.use_cases.registrations.reschedule_registration import reschedule
from app.use_cases.request_context import RequestContext
from app.use_cases.upsert_contract import upsert_contract


def _client(role: Role, organisation: UUID | None = None) -> Client:
    """The demonstration client whose key is made at the first start."""
    return Client(uuid5(NAMESPACE_URL, f"urn:inscriptions:client:{role}"), role, organisation)


PLATFORM_CLIENT, ADMIN_CLIENT = _client(Role.PLATFORM), _client(Role.ADMIN)
LA_MEDNUM_CLIENT = _client(Role.TRAINING_ORGANISATION, LA_MEDNUM)


def demonstration_context(client: Client, at: datetime) -> RequestContext:
    """`client` acts at this instant. The body of the response is the id of what it changed."""

    def render(row: Row) -> ReplayableResponse:
        return ReplayableResponse(200, row["id"].bytes, {})

    return RequestContext(client, at, render)


class ScenarioActions:
    """Each public method is something that happens at an instant, to `person`."""

    def __init__(self, database: Database, person: Person, today: date) -> None:
        self._database, self._person, self._today = database, person, today
        self._adviser = contracts_of_people.stable_id(person)
        self._contracts: dict[Post, dict[str, Any]] = {}
        self._registrations: dict[Course, UUID] = {}

    async def add_contract(self, post: Post, at: datetime) -> None:
        self._contracts[post] = contracts_of_people.contract_columns(self._person, post, self._today)
        await self._upsert_contract(post, at)

    async def change_contract(self, post: Post, change: Filed | Terminated, at: datetime) -> None:
        self._contracts[post] |= contracts_of_people.changed_columns(self._person, post, change, self._today)
        await self._upsert_contract(post, at)

    async def _upsert_contract(self, post: Post, at: datetime) -> None:
        contract = contracts_of_people.stable_id(self._person, self._person.posts.index(post))
        await upsert_contract(
            self._database, contract, self._contracts[post], ANY_VERSION, demonstration_context(PLATFORM_CLIENT, at)
        )

    async def register(self, course: Course, at: datetime) -> None:
        session = sessions_of_people.requested_session(course, self._person, self._today)
        new = NewRegistration(
            adviser_id=self._adviser,
            module_code=ModuleCode(course.module),
            training_organisation_id=sessions_of_people.organisation_of(course, self._person),
            session=session,
            requested_on=None,
            employer_agreement=course.employer_agreement,
            venue=sessions_of_people.venue_of(course.module, session, self._person),
            id=contracts_of_people.stable_ordered_id(self._person, "registration", self._person.courses.index(course)),
        )
        response = await register(self._database, new, demonstration_context(PLATFORM_CLIENT, at))
        self._registrations[course] = UUID(bytes=response.body)

    async def change_registration(self, course: Course, change: RegistrationChange, at: datetime) -> None:
        database, registration = self._database, self._registrations[course]
        context = demonstration_context(PLATFORM_CLIENT, at)
        session_context = demonstration_context(self._session_client(course), at)
        match change:
            case Kept(_, payer):
                await keep_unfunded(database, registration, payer, context, Chooser.ADVISER)
            case Declined():
                await decline_over_quota(database, registration, context, Chooser.ADVISER)
            case Cancelled(_, motive):
                await cancel(database, registration, Cancellation(motive=motive), context)
            case Notified(_, agreement):
                await reexamine(database, registration, AdviserNotice(employer_agreement=agreement), context)
            case Positioned(on, hours):
                await record_positioning(database, registration, self._day(on), hours, session_context)
            case Moved():
                session = sessions_of_people.actual_session(course, self._person, self._today)
                moved = session, sessions_of_people.venue_of(course.module, session, self._person)
                await reschedule(
                    database,
                    registration,
                    lambda _session, _venue: moved,
                    ANY_VERSION,
                    session_context,
                    regularisation=False,
                )
            case _:
                assert_never(change)

    def _session_client(self, course: Course) -> Client:
        """Who records what happened at the session: the administration for organisations without a client here."""
        organisation = sessions_of_people.organisation_of(course, self._person)
        return LA_MEDNUM_CLIENT if organisation == LA_MEDNUM else ADMIN_CLIENT

    async def record_attendance(self, course: Course, outcome: Attendance, at: datetime) -> None:
        """Only of a registration that is still accepted."""
        registration = self._registrations[course]
        row = await registrations.read(self._database, registration, owner=None)
        if row is not None and row["status"] == Status.ACCEPTED:
            context = demonstration_context(self._session_client(course), at)
            await mark_attendance(self._database, registration, AttendanceReport(outcome, course.motive), context)

    async def grant_carry_over(self, carried: Carried, at: datetime) -> None:
        grant = CarryOverGrant(carried.bucket, 1, carried.motive, None)
        await grant_carry_over(self._database, self._adviser, grant, demonstration_context(ADMIN_CLIENT, at))

    async def record_exam(self, exam: Exam, at: datetime) -> None:
        number = contracts_of_people.stable_ordered_id(self._person, "certification", self._person.exams.index(exam))
        result = ExamResult(
            self._adviser, exam.qualification, exam.outcome, self._day(exam.on), exam.motive, None, number
        )
        await record_result(self._database, result, demonstration_context(ADMIN_CLIENT, at))

    def _day(self, text: DayText) -> date:
        return parse_day(text, self._today)
