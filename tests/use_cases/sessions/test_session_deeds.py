"""One deed for all the registrations of a session: moved, confirmed, cancelled (section 5ter)."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from app.domain.decisions.refusals import Reason
from app.domain.errors import SessionCancelled
from app.domain.facts.registration_terms import Chooser, Funding, Payer
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.use_cases.advisers.anonymise_adviser import anonymise
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.choose_over_quota import keep_unfunded
from app.use_cases.registrations.derogate_registration import Derogation, derogate
from app.use_cases.registrations.reexamine_registration import AdviserNotice, reexamine
from app.use_cases.sessions.carry_out_session_deeds import carry_out_session_deeds
from app.use_cases.sessions.give_seats import give_next_seats
from tests.fake_clock import MORNING
from tests.persistence.test_decisions import assert_every_decision_replays
from tests.use_cases.sessions.deed_builders import (
    LATER,
    NEXT_YEAR,
    all_deeds,
    cancel,
    carry_out,
    change,
    confirm,
    deed_of,
    events_since,
    head_of,
    mails_since,
)
from tests.use_cases.sessions.session_builders import (
    a_published_session,
    assert_the_seats_are_true,
    cancel_one,
    move_to,
    register_to,
    seated,
)
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    a_contract,
    a_request_context,
    an_adviser,
    an_adviser_in_post,
    change_contract,
    day,
    id_of,
    register_in,
    stored_registration,
)

ADVISER_AND_EMPLOYER = ("adviser", "employer")
SUMMARY = ("training_organisation",)


async def registered(database: Database, session: UUID, number: int) -> list[dict[str, Any]]:
    return [await register_to(database, session) for _ in range(number)]


def mails_about(registrations: list[dict[str, Any]], event_type: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(event_type, item["id"], ADVISER_AND_EMPLOYER) for item in registrations]


async def test_a_confirmation_convenes_whoever_has_a_seat_once(database: Database) -> None:
    session = await a_published_session(database, capacity=2)
    first, second, waiting = await registered(database, session, 3)
    head = await head_of(database)

    await confirm(database, session)
    assert await all_deeds(database) == [("confirmation", 2, 0, False)]
    await carry_out(database)

    convened = mails_about([first, second], "session.confirmed")
    told = await mails_since(database, head)
    assert sorted(told[:-1]) == sorted(convened)
    assert told[-1] == ("session.confirmed", str(session), SUMMARY)
    assert await all_deeds(database) == [("confirmation", 2, 2, True)]
    assert (await stored_registration(database, waiting))["version"] == 1
    await confirm(database, session)
    await carry_out(database)
    assert await mails_since(database, head) == told


async def test_who_is_given_a_seat_while_it_is_confirmed_is_convened_once(database: Database) -> None:
    """By the letter that gives the seat."""
    session = await a_published_session(database, capacity=1)
    first, second = await registered(database, session, 2)
    await confirm(database, session)
    await cancel_one(database, first)
    head = await head_of(database)

    await give_next_seats(database, MORNING)
    await carry_out(database)

    mails = Counter(mail[:2] for mail in await mails_since(database, head))
    assert mails == {
        ("registration.seat_given", second["id"]): 1,
        ("session.confirmed", str(session)): 1,
    }


async def test_a_move_decides_each_again_on_the_new_day_and_tells_each_once(database: Database) -> None:
    session = await a_published_session(database, place_name="Les Champs libres")
    registrations = await registered(database, session, 3)
    head = await head_of(database)

    await change(database, session, starts_on=NEXT_YEAR, place_name="La Criée", reference="S-2027")
    await carry_out(database)

    for registration in registrations:
        row = await stored_registration(database, registration)
        assert (row["status"], row["unit"], row["session_id"]) == ("accepted", "civil_year:2027#1", session)
        assert (row["session_starts_on"], row["session_ends_on"]) == (NEXT_YEAR, NEXT_YEAR)
        assert (row["session_place"], row["session_reference"], row["version"]) == ("La Criée", "S-2027", 2)
    told = await mails_since(database, head)
    assert sorted(told[:-1]) == sorted(mails_about(registrations, "session.moved"))
    assert told[-1] == ("session.moved", str(session), SUMMARY)
    types = Counter(row["type"] for row in await events_since(database, head))
    assert types == {"registration.rescheduled": 3, "registration.accepted": 3, "session.moved": 4}
    assert len(await seated(database, session)) == 3
    await assert_the_seats_are_true(database)
    await assert_every_decision_replays(database)


async def test_another_place_is_told_and_decides_nothing_again(database: Database) -> None:
    session = await a_published_session(database)
    (registration,) = await registered(database, session, 1)
    head = await head_of(database)

    await change(database, session, place_name="La Criée")
    await carry_out(database)

    row = await stored_registration(database, registration)
    assert (row["session_place"], row["version"]) == ("La Criée", 2)
    assert [mail[0] for mail in await mails_since(database, head)] == ["session.moved"] * 2
    assert len(await database.many("SELECT FROM decision")) == 1


async def test_another_reference_is_copied_and_told_to_nobody(database: Database) -> None:
    session = await a_published_session(database)
    (registration,) = await registered(database, session, 1)
    head = await head_of(database)

    await change(database, session, reference="R-1")
    await carry_out(database)

    row = await stored_registration(database, registration)
    assert (row["session_reference"], row["version"]) == ("R-1", 2)
    assert [(row["type"], row["recipients"]) for row in await events_since(database, head)] == [("session.changed", [])]


async def test_another_place_of_a_session_that_is_over_is_told_to_nobody(database: Database) -> None:
    session = await a_published_session(database, starts_on=day("2026-05-12"))
    registration = await register_to(database, session, regularisation=True)
    head = await head_of(database)

    await change(database, session, place_name="La Criée")
    await carry_out(database)

    assert (await stored_registration(database, registration))["session_place"] == "La Criée"
    assert await mails_since(database, head) == []


async def test_a_cancellation_gives_every_right_back_and_tells_each_once(database: Database) -> None:
    session = await a_published_session(database, capacity=2)
    accepted = await registered(database, session, 3)
    over_quota_adviser = await an_adviser_in_post(database)
    await register_in(database, over_quota_adviser, module="cybersecurite")
    over_quota = await register_to(database, session, over_quota_adviser)
    assert over_quota["status"] == "awaiting_choice"
    refused = await register_to(database, session, await an_adviser(database))
    head = await head_of(database)

    await cancel(database, session)
    with pytest.raises(SessionCancelled):
        await register_to(database, session)
    await carry_out(database)

    for registration in (*accepted, over_quota, refused):
        row = await stored_registration(database, registration)
        assert (row["status"], row["funding"], row["unit"]) == ("cancelled", None, None)
        assert (row["motive"], row["cancelled_on"]) == ("session_cancelled", MORNING.date())
    mails = Counter(mail[:2] for mail in await mails_since(database, head))
    about = [item["id"] for item in (*accepted, over_quota, refused)]
    assert mails == {("session.cancelled", each): 1 for each in [*about, str(session)]}
    data = [
        orjson.loads(row["data"]) for row in await events_since(database, head) if row["type"] == "session.cancelled"
    ]
    assert [each.get("cancelled_because") for each in data] == ["session_cancelled"] * 5 + [None]
    assert data[-1]["concerned"] == 5
    assert await seated(database, session) == []
    await assert_the_seats_are_true(database)


async def test_who_has_left_the_session_meanwhile_is_left_alone(database: Database) -> None:
    session, other = await a_published_session(database), await a_published_session(database, starts_on=LATER)
    moved, cancelled, stays = await registered(database, session, 3)
    await cancel(database, session)
    await cancel_one(database, cancelled)
    await move_to(database, moved, other)
    head = await head_of(database)

    await carry_out(database)

    assert (await stored_registration(database, moved))["status"] == "accepted"
    assert (await stored_registration(database, cancelled))["motive"] is None
    assert [mail[1] for mail in await mails_since(database, head)] == [stays["id"], str(session)]
    assert await all_deeds(database) == [("cancellation", 3, 3, True)]


async def test_of_two_moves_in_a_row_each_is_told_the_last_one(database: Database) -> None:
    session = await a_published_session(database)
    registrations = await registered(database, session, 3)
    head = await head_of(database)
    await change(database, session, starts_on=LATER)
    await change(database, session, starts_on=NEXT_YEAR)

    await carry_out(database)

    mails = Counter(mail[:2] for mail in await mails_since(database, head))
    assert mails == {**{("session.moved", item["id"]): 1 for item in registrations}, ("session.moved", str(session)): 2}
    assert {(await stored_registration(database, item))["session_starts_on"] for item in registrations} == {NEXT_YEAR}
    assert await all_deeds(database) == [("move", 3, 3, True)] * 2


async def test_who_was_told_of_the_first_move_is_told_of_the_second(database: Database) -> None:
    session = await a_published_session(database)
    await registered(database, session, 2)
    head = await head_of(database)
    await change(database, session, starts_on=LATER)
    await carry_out(database)

    await change(database, session, starts_on=NEXT_YEAR)
    await carry_out(database)

    assert len(await mails_since(database, head)) == 6
    await assert_every_decision_replays(database)


async def test_confirmed_then_moved_then_cancelled_each_is_told_the_end_only(database: Database) -> None:
    session = await a_published_session(database)
    accepted, refused = (
        await register_to(database, session),
        await register_to(database, session, await an_adviser(database)),
    )
    head = await head_of(database)
    await confirm(database, session)
    await change(database, session, starts_on=LATER)
    await cancel(database, session)

    await carry_out(database)

    mails = Counter(mail[:2] for mail in await mails_since(database, head))
    assert {mail: count for mail, count in mails.items() if mail[1] != str(session)} == {
        ("session.cancelled", accepted["id"]): 1,
        ("session.cancelled", refused["id"]): 1,
    }
    assert await all_deeds(database) == [
        ("confirmation", 1, 1, True),
        ("move", 2, 2, True),
        ("cancellation", 2, 2, True),
    ]
    await assert_the_seats_are_true(database)


async def test_a_refused_one_is_not_accepted_by_the_move_of_a_session_cancelled_since(database: Database) -> None:
    """Its contract covers the new day, and not the former one."""
    adviser = await an_adviser(database)
    await a_contract(database, adviser, starts_on=day("2026-10-01"))
    session = await a_published_session(database)
    refused = await register_to(database, session, adviser)
    assert refused["status"] == "refused"
    await change(database, session, starts_on=LATER)
    await cancel(database, session)

    await carry_out(database)

    assert (await stored_registration(database, refused))["status"] == "cancelled"
    await assert_the_seats_are_true(database)


async def test_a_move_accepts_what_the_former_day_refused_and_gives_a_seat(database: Database) -> None:
    adviser = await an_adviser(database)
    await a_contract(database, adviser, starts_on=day("2026-10-01"))
    session = await a_published_session(database)
    refused = await register_to(database, session, adviser)

    await change(database, session, starts_on=LATER)
    await carry_out(database)

    assert (await stored_registration(database, refused))["status"] == "accepted"
    assert await seated(database, session) == [id_of(refused)]


async def test_a_move_that_refuses_frees_the_seat_and_the_right_and_tells_who_must_act(database: Database) -> None:
    """The contract ends before the new day; another registration of the person waited for that right."""
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser)
    session = await a_published_session(database, capacity=1)
    moved = await register_to(database, session, adviser)
    over_quota = await register_in(database, adviser, day("2026-09-22"), "cybersecurite")
    next_in_line = await register_to(database, session)
    assert (over_quota["status"], next_in_line["seat"]) == ("awaiting_choice", "waiting")
    await change_contract(database, contract, adviser, terminated_on=day("2026-09-30"))
    head = await head_of(database)

    await change(database, session, starts_on=LATER)
    await carry_out(database)

    assert (await stored_registration(database, moved))["status"] == "refused"
    promoted = await stored_registration(database, over_quota)
    assert (promoted["status"], promoted["funding"]) == ("accepted", "state")
    mails = {(mail[0], mail[1]): mail[2] for mail in await mails_since(database, head)}
    assert mails["session.moved", moved["id"]] == ("adviser", "employer")
    assert "registration.refused" not in {event_type for event_type, _ in mails}
    assert await give_next_seats(database, MORNING)
    assert await seated(database, session) == [id_of(next_in_line)]
    await assert_the_seats_are_true(database)


async def test_a_move_to_a_year_whose_right_is_used_awaits_a_choice_in_one_message(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser, day("2027-02-02"), "cybersecurite")
    session = await a_published_session(database)
    registration = await register_to(database, session, adviser)
    head = await head_of(database)

    await change(database, session, starts_on=NEXT_YEAR)
    await carry_out(database)

    row = await stored_registration(database, registration)
    assert (row["status"], row["unit"]) == ("awaiting_choice", None)
    assert [mail[0] for mail in await mails_since(database, head)] == ["session.moved"] * 2
    data = orjson.loads((await events_since(database, head))[2]["data"])
    assert (data["status"], data["reasons"]) == ("awaiting_choice", ["module_quota_exceeded"])
    assert await seated(database, session) == []


async def test_what_is_kept_without_funding_stays_kept(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser, FIRST_DAY, "cybersecurite")
    session = await a_published_session(database)
    kept = await register_to(database, session, adviser)
    await keep_unfunded(database, id_of(kept), Payer.EMPLOYER, a_request_context(), Chooser.PLATFORM)

    await change(database, session, starts_on=NEXT_YEAR)
    await carry_out(database)

    row = await stored_registration(database, kept)
    assert (row["status"], row["funding"], row["payer"]) == ("accepted", "none", "employer")
    assert await seated(database, session) == [id_of(kept)]


async def test_a_derogation_does_not_survive_the_move(database: Database) -> None:
    session = await a_published_session(database)
    refused = await register_to(database, session, await an_adviser(database))
    await derogate(
        database,
        id_of(refused),
        Derogation((Reason.NOT_IN_POST,), Funding.STATE, None, "Contrat signé"),
        a_request_context(),
    )
    assert await seated(database, session) == [id_of(refused)]

    await change(database, session, starts_on=LATER)
    await carry_out(database)

    row = await stored_registration(database, refused)
    assert (row["status"], row["derogated"], row["unit"]) == ("refused", False, None)
    assert await seated(database, session) == []


async def test_one_moved_onto_another_registration_to_the_module_is_cancelled(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    session = await a_published_session(database)
    moved = await register_to(database, session, adviser)
    other = await register_in(database, adviser, LATER)
    head = await head_of(database)

    await change(database, session, starts_on=LATER)
    await carry_out(database)

    row = await stored_registration(database, moved)
    assert (row["status"], row["motive"]) == ("cancelled", "duplicate_registration")
    promoted = await stored_registration(database, other)
    assert (promoted["status"], promoted["unit"]) == ("accepted", "civil_year:2026#1")
    mails = Counter(mail[:2] for mail in await mails_since(database, head))
    assert mails["registration.cancelled", moved["id"]] == 1
    assert ("session.moved", moved["id"]) not in mails
    await assert_the_seats_are_true(database)


async def test_one_that_was_refused_does_not_take_the_place_of_the_one_that_was_accepted(database: Database) -> None:
    """Refused, then registered anew: the session's move makes the first one acceptable."""
    adviser = await an_adviser(database)
    session = await a_published_session(database)
    refused = await register_to(database, session, adviser)
    await a_contract(database, adviser)
    accepted = await register_to(database, session, adviser)
    assert accepted["status"] == "accepted"
    head = await head_of(database)

    await change(database, session, starts_on=LATER)
    await carry_out(database)

    first, second = await stored_registration(database, refused), await stored_registration(database, accepted)
    assert (first["status"], first["session_starts_on"]) == ("refused", LATER)
    assert (second["status"], second["session_starts_on"]) == ("accepted", LATER)
    assert [mail[1] for mail in await mails_since(database, head)] == [accepted["id"], str(session)]


async def test_an_anonymised_adviser_is_passed_over(database: Database) -> None:
    session = await a_published_session(database)
    gone, stays = await registered(database, session, 2)
    await cancel(database, session)
    adviser = (await stored_registration(database, gone))["adviser_id"]
    await anonymise(database, adviser, ANY_VERSION, MORNING, AuditEntry(None, "anonymise", None, MORNING))
    head = await head_of(database)

    await carry_out(database)

    assert [mail[1] for mail in await mails_since(database, head)] == [stays["id"], str(session)]
    assert await all_deeds(database) == [("cancellation", 2, 2, True)]


async def break_writes_of(owner: Database, registration: dict[str, Any]) -> None:
    """Nothing about this registration can be written any more."""
    await owner.one(
        "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$"
    )
    await owner.one(
        "CREATE TRIGGER broken BEFORE INSERT OR UPDATE ON registration FOR EACH ROW"
        f" WHEN (new.id = '{id_of(registration)}') EXECUTE FUNCTION break()"
    )


async def test_one_that_fails_keeps_nobody_else_waiting_and_is_done_once_it_can_be(
    database: Database, owner: Database
) -> None:
    session, other = await a_published_session(database), await a_published_session(database)
    registrations = sorted(await registered(database, session, 3), key=id_of)
    broken, *others = registrations
    elsewhere = await register_to(database, other)
    await break_writes_of(owner, broken)
    head = await head_of(database)
    await change(database, session, starts_on=LATER)
    await change(database, other, starts_on=LATER)

    await carry_out(database)

    moved = [await stored_registration(database, item) for item in (*others, elsewhere)]
    assert {row["session_starts_on"] for row in moved} == {LATER}
    assert (await stored_registration(database, broken))["session_starts_on"] == FIRST_DAY
    shown = await deed_of(database, session)
    assert (shown["concerned"], shown["done"], shown["failing"], shown["finished_at"]) == (3, 2, 1, None)
    assert (await deed_of(database, other))["finished_at"] is not None
    assert not await carry_out_session_deeds(database, MORNING + timedelta(seconds=59))

    await cancel(database, session)
    await carry_out(database)
    assert {(await stored_registration(database, item))["status"] for item in others} == {"cancelled"}
    assert await all_deeds(database) == [("move", 3, 2, False), ("move", 1, 1, True), ("cancellation", 3, 2, False)]

    await carry_out(database, MORNING + timedelta(minutes=2))
    # Its move is overtaken, and writes nothing; its cancellation fails.
    assert await all_deeds(database) == [("move", 3, 3, True), ("move", 1, 1, True), ("cancellation", 3, 2, False)]
    await owner.one("DROP TRIGGER broken ON registration")
    await carry_out(database, MORNING + timedelta(minutes=3))

    assert (await stored_registration(database, broken))["status"] == "cancelled"
    assert [finished for *_, finished in await all_deeds(database)] == [True] * 3
    mails = Counter(mail[:2] for mail in await mails_since(database, head))
    assert mails["session.cancelled", broken["id"]] == mails["session.cancelled", str(session)] == 1
    assert set(mails.values()) == {1}
    await assert_the_seats_are_true(database)


async def test_two_workers_do_it_once(database: Database) -> None:
    session = await a_published_session(database, capacity=1_000)
    registrations = await registered(database, session, 30)
    head = await head_of(database)
    await change(database, session, starts_on=LATER)

    await asyncio.gather(*(carry_out(database) for _ in range(3)))

    mails = Counter(mail[:2] for mail in await mails_since(database, head))
    assert mails == {
        ("session.moved", subject): 1 for subject in [str(session), *(item["id"] for item in registrations)]
    }
    assert {(await stored_registration(database, item))["version"] for item in registrations} == {2}


async def test_whoever_registers_while_it_moves_is_in_the_session_as_it_is(database: Database) -> None:
    session = await a_published_session(database, capacity=1_000)
    advisers = [await an_adviser_in_post(database) for _ in range(30)]
    days = [LATER, day("2026-11-03"), NEXT_YEAR]

    async def moves() -> None:
        for each in days:
            await change(database, session, starts_on=each)
            await carry_out(database)

    outcomes = await asyncio.gather(
        moves(), *(register_to(database, session, adviser) for adviser in advisers), return_exceptions=True
    )
    await carry_out(database)

    assert [item for item in outcomes if isinstance(item, BaseException)] == []
    rows = await database.many("SELECT session_starts_on, status FROM registration")
    assert Counter((row["session_starts_on"], row["status"]) for row in rows) == {(NEXT_YEAR, "accepted"): 30}
    await assert_the_seats_are_true(database)
    await assert_every_decision_replays(database)


async def test_nothing_of_a_cancelled_session_is_decided_again(database: Database) -> None:
    session = await a_published_session(database)
    refused = await register_to(database, session, await an_adviser(database))
    await cancel(database, session)

    await a_contract(database, (await stored_registration(database, refused))["adviser_id"])
    with pytest.raises(SessionCancelled):
        await reexamine(database, id_of(refused), AdviserNotice(), a_request_context())
    with pytest.raises(SessionCancelled):
        await change(database, session, capacity=20)
    await carry_out(database)
    assert (await stored_registration(database, refused))["status"] == "cancelled"
