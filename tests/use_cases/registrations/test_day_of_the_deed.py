"""What a deed brings to others depends on the day of the deed, never on the clock (sections 3 and 4.4)."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration_terms import Attendance
from app.domain.facts.session import Session, SessionFormat
from app.persistence.engine.database import Database
from app.use_cases.advisers.upsert_adviser import upsert_adviser
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.registrations.record_attendance import AttendanceReport, mark_attendance
from app.use_cases.registrations.reexamine_registration import AdviserNotice, reexamine
from app.use_cases.registrations.register_adviser import register
from app.use_cases.registrations.reschedule_registration import reschedule
from tests.fake_clock import MORNING
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    a_new_registration,
    a_request_context,
    a_session,
    adviser_columns,
    an_adviser_in_post,
    day,
    id_of,
    register_in,
    response_content,
    stored_registration,
)

JUST_BEFORE_TODAY = day("2026-06-10")
AUTUMN = day("2026-10-06")


async def status_of(database: Database, registration: dict[str, object]) -> str:
    return str((await stored_registration(database, registration))["status"])


@pytest.mark.parametrize(
    ("cancelled_on", "earlier", "later"),
    [
        (None, "awaiting_choice", "accepted"),
        (day("2026-06-11"), "awaiting_choice", "accepted"),
        (JUST_BEFORE_TODAY, "accepted", "awaiting_choice"),
        (day("2026-06-01"), "accepted", "awaiting_choice"),
    ],
)
async def test_a_cancelled_right_goes_to_the_oldest_whose_session_is_not_before_that_day(
    database: Database, cancelled_on: date | None, earlier: str, later: str
) -> None:
    adviser = await an_adviser_in_post(database)
    funded = await register_in(database, adviser)
    begun, to_come = [await register_in(database, adviser, starts_on) for starts_on in (JUST_BEFORE_TODAY, AUTUMN)]

    await cancel(database, id_of(funded), Cancellation(cancelled_on), a_request_context())

    assert [await status_of(database, item) for item in (begun, to_come)] == [earlier, later]


@pytest.mark.parametrize(("starts_on", "status"), [("2026-06-09", "awaiting_choice"), ("2026-06-10", "accepted")])
async def test_a_missed_right_goes_to_a_session_from_the_missed_first_day_on(
    database: Database, starts_on: str, status: str
) -> None:
    adviser = await an_adviser_in_post(database)
    missed = await register_in(database, adviser, JUST_BEFORE_TODAY)
    waiting = await register_in(database, adviser, day(starts_on), "cybersecurite")
    long_after = a_request_context(now=MORNING.replace(month=9))
    justified = AttendanceReport(Attendance.ABSENT_JUSTIFIED, "force_majeure")

    await mark_attendance(database, id_of(missed), AttendanceReport(Attendance.COMPLETED), long_after)
    await mark_attendance(database, id_of(missed), justified, long_after)

    assert await status_of(database, waiting) == status


@pytest.mark.parametrize(("notified_on", "status"), [(None, "awaiting_choice"), ("2026-06-10", "accepted")])
async def test_what_a_notice_brings_is_of_the_day_of_the_notice(
    database: Database, notified_on: str | None, status: str
) -> None:
    """An exempt adviser, whose one right is taken, has two more from the initial training that the notice brings."""
    overseas = {"department": "974", "initial_training_entered_on": None}
    adviser = await an_adviser_in_post(database, **overseas)
    exempting = ExamResult(adviser, "catic", CertificationOutcome.OBTAINED, day("2024-02-05"), None, None)
    await record_result(database, exempting, a_request_context())
    await register_in(database, adviser)
    waiting = await register_in(database, adviser, JUST_BEFORE_TODAY)
    asked = replace(
        a_new_registration(adviser, day("2026-06-08"), INITIAL),
        session=Session(day("2026-06-08"), day("2026-06-26"), SessionFormat.REMOTE),
    )
    refused = response_content(await register(database, asked, a_request_context()))
    home = adviser_columns(**{**overseas, "department": "35"})
    await upsert_adviser(database, adviser, home, ANY_VERSION, a_request_context())

    notice = AdviserNotice(day(notified_on) if notified_on else None)
    accepted = response_content(await reexamine(database, id_of(refused), notice, a_request_context()))

    assert (refused["status"], accepted["status"]) == ("refused", "accepted")
    assert str(accepted["notified_on"]) == (notified_on or "2026-06-15")
    assert await status_of(database, waiting) == status


async def test_a_move_frees_a_right_today(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    moved = await register_in(database, adviser)
    begun, to_come = [await register_in(database, adviser, starts_on) for starts_on in (JUST_BEFORE_TODAY, AUTUMN)]
    next_year = a_session(day("2027-02-02"))

    await reschedule(
        database,
        id_of(moved),
        lambda _, venue: (next_year, venue),
        ANY_VERSION,
        a_request_context(),
        regularisation=False,
    )

    assert [await status_of(database, item) for item in (begun, to_come)] == ["awaiting_choice", "accepted"]


async def test_a_right_freed_on_a_past_day_is_not_taken_from_whoever_has_it_since(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    first = await register_in(database, adviser, FIRST_DAY)
    second, third = [await register_in(database, adviser, starts_on) for starts_on in (AUTUMN, JUST_BEFORE_TODAY)]
    await cancel(database, id_of(first), Cancellation(), a_request_context())

    other = await register_in(database, adviser, module="cafe-ia")
    await cancel(database, id_of(other), Cancellation(day("2026-06-01")), a_request_context())

    assert [await status_of(database, item) for item in (second, third)] == ["accepted", "awaiting_choice"]
