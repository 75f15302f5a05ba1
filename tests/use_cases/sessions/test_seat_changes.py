"""What becomes of a seat when its registration changes, whoever or whatever changes it (section 5ter)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.decisions.refusals import Reason
from app.domain.errors import SeatWaiting, SessionCancelled, SessionClosed
from app.domain.facts.registration_terms import Attendance, Chooser, Funding, Payer
from app.domain.facts.session import Session, SessionId
from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.registrations import registrations
from app.persistence.sessions.sessions import NO_LIMIT
from app.use_cases.errors import ForeignSession, MismatchedFields, UnknownReference
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.choose_over_quota import decline_over_quota, keep_unfunded
from app.use_cases.registrations.derogate_registration import Derogation, derogate
from app.use_cases.registrations.record_attendance import AttendanceReport, mark_attendance
from app.use_cases.registrations.reexamine_registration import AdviserNotice, reexamine
from app.use_cases.registrations.register_in_batches import RegistrationBatches
from app.use_cases.registrations.reschedule_registration import reschedule
from app.use_cases.registrations.session_venue import NO_VENUE, Venue
from app.use_cases.sessions.give_seats import give_next_seats
from app.use_cases.sessions.register_in_session import preview_in_session
from tests.fake_clock import MORNING
from tests.imports.sample_files import CONTRACTS, counts, csv_bytes, import_file
from tests.imports.sample_files import a_contract as a_contract_line
from tests.use_cases.registrations.batch_builders import a_batch_context
from tests.use_cases.sessions.session_builders import (
    a_published_session,
    a_session_registration,
    assert_the_seats_are_true,
    call_off,
    cancel_one,
    move_to,
    place_of,
    register_to,
    seated,
    waiting,
)
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    MEDNUM,
    PAST_DAY,
    a_contract,
    a_new_registration,
    a_request_context,
    a_session,
    an_adviser,
    an_adviser_in_post,
    change_contract,
    day,
    id_of,
    register_in,
    response_content,
    stored_registration,
)

COMPLETED = AttendanceReport(Attendance.COMPLETED)
JUSTIFIED = AttendanceReport(Attendance.ABSENT_JUSTIFIED, "medical_certificate")
LATER = FIRST_DAY + timedelta(days=14)


async def test_seats_go_in_the_order_of_the_registrations_then_places_to_wait(database: Database) -> None:
    session = await a_published_session(database, capacity=2)

    answers = [await register_to(database, session) for _ in range(4)]

    assert [place_of(answer) for answer in answers] == [
        ("seated", None),
        ("seated", None),
        ("waiting", 1),
        ("waiting", 2),
    ]
    assert {(answer["status"], answer["funding"]) for answer in answers} == {("accepted", "state")}
    await assert_the_seats_are_true(database)


async def test_a_session_without_a_limit_seats_everybody(database: Database) -> None:
    session = await a_published_session(database, capacity=NO_LIMIT)

    answers = [await register_to(database, session) for _ in range(3)]

    assert {place_of(answer) for answer in answers} == {("seated", None)}


async def test_what_is_refused_takes_no_seat_and_takes_one_once_it_is_accepted(database: Database) -> None:
    session, adviser = await a_published_session(database, capacity=1), await an_adviser(database)
    refused = await register_to(database, session, adviser)
    first = await register_to(database, session)
    await a_contract(database, adviser)

    accepted = response_content(await reexamine(database, id_of(refused), AdviserNotice(), a_request_context()))

    assert (refused["status"], place_of(refused)) == ("refused", (None, None))
    assert (accepted["status"], place_of(accepted)) == ("accepted", ("waiting", 1))
    assert await seated(database, session) == [id_of(first)]
    await assert_the_seats_are_true(database)


async def test_a_derogation_takes_a_seat(database: Database) -> None:
    session = await a_published_session(database)
    refused = await register_to(database, session, await an_adviser(database))
    waived = Derogation((Reason.NOT_IN_POST,), Funding.STATE, None, "une erreur du service")

    derogated = response_content(await derogate(database, id_of(refused), waived, a_request_context()))

    assert place_of(derogated) == ("seated", None)
    await assert_the_seats_are_true(database)


async def an_over_quota_registration(database: Database) -> tuple[Any, Any, Any]:
    """A session, a registration that has the right, and one of the same adviser in the session that waits for it."""
    session, adviser = await a_published_session(database, starts_on=LATER), await an_adviser_in_post(database)
    funded = await register_in(database, adviser)
    return session, funded, await register_to(database, session, adviser)


async def test_who_is_over_quota_takes_a_seat_by_keeping_it_unfunded(database: Database) -> None:
    session, _, over_quota = await an_over_quota_registration(database)
    assert (over_quota["status"], place_of(over_quota)) == ("awaiting_choice", (None, None))

    kept = response_content(
        await keep_unfunded(database, id_of(over_quota), Payer.SELF, a_request_context(), Chooser.ADVISER)
    )

    assert place_of(kept) == ("seated", None)
    assert await seated(database, session) == [id_of(over_quota)]
    await assert_the_seats_are_true(database)


async def test_who_is_over_quota_takes_a_seat_when_promoted(database: Database) -> None:
    session, funded, over_quota = await an_over_quota_registration(database)

    await cancel_one(database, funded)

    assert (await stored_registration(database, over_quota))["status"] == "accepted"
    assert await seated(database, session) == [id_of(over_quota)]
    await assert_the_seats_are_true(database)


async def test_who_is_over_quota_and_declines_leaves_nothing(database: Database) -> None:
    session, _, over_quota = await an_over_quota_registration(database)

    await decline_over_quota(database, id_of(over_quota), a_request_context(), Chooser.ADVISER)

    assert await seated(database, session) == []
    await assert_the_seats_are_true(database)


async def test_a_cancellation_leaves_the_seat_and_the_numbers_dense(database: Database) -> None:
    session = await a_published_session(database)
    first, second, third = [await register_to(database, session) for _ in range(3)]

    cancelled = await cancel_one(database, first)

    assert place_of(cancelled) == (None, None)
    assert await seated(database, session) == [id_of(second), id_of(third)]
    await assert_the_seats_are_true(database)


async def test_who_waits_and_cancels_lets_the_next_move_up(database: Database) -> None:
    session = await a_published_session(database, capacity=1)
    _, first, second = [await register_to(database, session) for _ in range(3)]

    await cancel_one(database, first)

    assert await waiting(database, session) == [id_of(second)]
    assert place_of(await stored_with_seat(database, second)) == ("waiting", 1)
    await assert_the_seats_are_true(database)


async def stored_with_seat(database: Database, registration: dict[str, Any]) -> dict[str, Any]:
    """As a client reads it."""
    row = await registrations.read(database, id_of(registration), owner=None)
    assert row is not None
    return dict(row)


async def test_a_contract_that_ends_before_the_session_frees_the_seat(database: Database) -> None:
    session, adviser = await a_published_session(database), await an_adviser(database)
    contract = await a_contract(database, adviser)
    registration = await register_to(database, session, adviser)

    await change_contract(database, contract, adviser, terminated_on=day("2026-07-01"))

    assert (await stored_registration(database, registration))["status"] == "refused"
    assert await seated(database, session) == []
    await assert_the_seats_are_true(database)


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)], ids=["to a later id", "to an earlier id"])
async def test_a_move_leaves_one_session_and_takes_a_seat_in_the_other(
    database: Database, first: int, second: int
) -> None:
    left = await a_published_session(database, first)
    taken = await a_published_session(database, second, starts_on=LATER, capacity=1)
    moved, other = await register_to(database, left), await register_to(database, left)

    seat = await move_to(database, moved, taken)
    place = await move_to(database, other, taken)

    assert (place_of(seat), place_of(place)) == (("seated", None), ("waiting", 1))
    assert (seat["session_id"], seat["session_starts_on"]) == (str(taken), str(LATER))
    assert await seated(database, left) == []
    await assert_the_seats_are_true(database)


async def test_a_move_to_its_own_session_keeps_the_seat(database: Database) -> None:
    session = await a_published_session(database)
    moved, _ = await register_to(database, session), await register_to(database, session)

    again = await move_to(database, moved, session)

    assert place_of(again) == ("seated", None)
    assert (await seated(database, session))[0] == id_of(moved)


async def test_a_refused_registration_moves_without_a_seat(database: Database) -> None:
    left, taken = await a_published_session(database), await a_published_session(database, starts_on=LATER)
    refused = await register_to(database, left, await an_adviser(database))

    moved = await move_to(database, refused, taken)

    assert (moved["status"], moved["session_id"], place_of(moved)) == ("refused", str(taken), (None, None))
    await assert_the_seats_are_true(database)


async def to_own_days(database: Database, registration: dict[str, Any], session: Session, venue: Venue) -> Any:
    return response_content(
        await reschedule(
            database,
            id_of(registration),
            lambda _session, _venue: (session, venue),
            ANY_VERSION,
            a_request_context(),
            regularisation=False,
        )
    )


async def test_a_registration_that_gets_its_own_days_leaves_the_published_session(database: Database) -> None:
    session = await a_published_session(database)
    registration = await register_to(database, session)

    moved = await to_own_days(database, registration, a_session(LATER), NO_VENUE)

    assert (moved["session_id"], place_of(moved)) == (None, (None, None))
    assert await seated(database, session) == []
    await assert_the_seats_are_true(database)


async def test_a_registration_with_its_own_days_moves_into_a_session(database: Database) -> None:
    session = await a_published_session(database, starts_on=LATER)

    moved = await move_to(database, await register_in(database, await an_adviser_in_post(database)), session)

    assert (moved["session_id"], place_of(moved)) == (str(session), ("seated", None))


async def test_a_move_to_a_session_of_another_module_is_refused(database: Database) -> None:
    other = await a_published_session(database, module_code="cybersecurite")
    registration = await register_to(database, await a_published_session(database))

    with pytest.raises(MismatchedFields):
        await move_to(database, registration, other)


@pytest.mark.parametrize("report", [COMPLETED, JUSTIFIED], ids=["present", "absent"])
async def test_attendance_and_its_correction_keep_the_seat(database: Database, report: AttendanceReport) -> None:
    session = await a_published_session(database, starts_on=PAST_DAY)
    registration = await register_to(database, session, regularisation=True)
    mark = AttendanceReport(Attendance.ABSENT_UNJUSTIFIED)

    for outcome in (report, mark, COMPLETED):
        report = AttendanceReport(outcome.outcome, outcome.motive or "feuille retrouvée")
        answer = await mark_attendance(database, id_of(registration), report, a_request_context())

    assert place_of(response_content(answer)) == ("seated", None)
    assert await seated(database, session) == [id_of(registration)]
    await assert_the_seats_are_true(database)


async def test_who_waits_attends_nothing(database: Database) -> None:
    session = await a_published_session(database, starts_on=PAST_DAY, capacity=1)
    await register_to(database, session, regularisation=True)
    registration = await register_to(database, session, regularisation=True)

    with pytest.raises(SeatWaiting):
        await mark_attendance(database, id_of(registration), COMPLETED, a_request_context())


async def test_nobody_registers_after_the_last_day_or_to_what_is_unknown_or_foreign(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    closed = await a_published_session(database, registration_closes_on=MORNING.date() - timedelta(days=1))
    foreign = await a_published_session(database, module_code=INITIAL)

    with pytest.raises(SessionClosed):
        await register_to(database, closed, adviser)
    with pytest.raises(UnknownReference):
        await register_to(database, adviser, adviser)
    with pytest.raises(ForeignSession):
        await register_to(database, foreign, adviser, a_request_context(client=MEDNUM))


@pytest.mark.parametrize("others", [{}, {"taken": True}], ids=["a seat", "a place to wait"])
async def test_a_preview_says_which_seat_there_would_be(database: Database, others: dict[str, bool]) -> None:
    session, adviser = await a_published_session(database, capacity=1), await an_adviser_in_post(database)
    if others:
        await register_to(database, session)

    previewed = await preview_in_session(database, a_session_registration(adviser, session), a_request_context())
    registered = await register_to(database, session, adviser)

    assert (previewed.seat, previewed.place) == place_of(registered)


async def test_a_preview_of_what_would_be_refused_says_nothing_of_seats(database: Database) -> None:
    session, adviser = await a_published_session(database), await an_adviser(database)

    previewed = await preview_in_session(database, a_session_registration(adviser, session), a_request_context())

    assert (previewed.seat, previewed.place) == (None, None)


async def test_a_batch_leaves_whatever_takes_a_seat_to_a_transaction(database: Database) -> None:
    """One that names a session is never sent to a batch; were it, it would have its seat all the same."""
    published = await a_published_session(database, capacity=1)
    session = replace(a_session(), id=SessionId(published))
    batches = RegistrationBatches(database)

    async def ask() -> ReplayableResponse:
        adviser = await an_adviser_in_post(database)
        return await batches.register(replace(a_new_registration(adviser), session=session), a_batch_context())

    answers = [response_content(await ask()) for _ in range(2)]

    assert [place_of(answer) for answer in answers] == [("seated", None), ("waiting", 1)]
    await assert_the_seats_are_true(database)


async def test_an_import_of_contracts_frees_seats_of_several_advisers_in_one_transaction(
    database: Database,
) -> None:
    sessions = [await a_published_session(database, capacity=1) for _ in range(2)]
    advisers = [await an_adviser(database, conum_id=number) for number in (1, 2)]
    people = csv_bytes(CONTRACTS, a_contract_line(1), a_contract_line(2))
    await import_file(database, ImportKind.CONTRACTS, people)
    for adviser, session in zip(advisers, reversed(sessions), strict=True):
        await register_to(database, session, adviser)

    ended = [a_contract_line(number, date_de_rupture="01/07/2026") for number in (1, 2)]
    progress = await import_file(database, ImportKind.CONTRACTS, csv_bytes(CONTRACTS, *ended))

    assert counts(progress) == (2, 0, 0)
    assert [await seated(database, session) for session in sessions] == [[], []]
    await assert_the_seats_are_true(database)


async def test_nobody_comes_into_a_cancelled_session_by_any_way(database: Database) -> None:
    session, adviser = await a_published_session(database), await an_adviser(database)
    refused = await register_to(database, session, adviser)
    elsewhere = await register_in(database, await an_adviser_in_post(database), LATER)
    await call_off(database, session)
    await a_contract(database, adviser)

    with pytest.raises(SessionCancelled):
        await register_to(database, session)
    with pytest.raises(SessionCancelled):
        await move_to(database, elsewhere, session)
    with pytest.raises(SessionCancelled):
        await reexamine(database, id_of(refused), AdviserNotice(), a_request_context())
    assert await seated(database, session) == []


async def test_what_follows_from_another_change_gets_no_seat_of_a_cancelled_session(database: Database) -> None:
    """It waits there to be cancelled with the others."""
    session, funded, over_quota = await an_over_quota_registration(database)
    await call_off(database, session)

    await cancel_one(database, funded)

    assert (await stored_registration(database, over_quota))["status"] == "accepted"
    assert await seated(database, session) == []
    assert not await give_next_seats(database, MORNING)
