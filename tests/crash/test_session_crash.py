"""A worker killed at any statement of a deed on a session, or of the gift of a seat: each is done and told once."""

import asyncio
import re
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from app.outbox.session_loop import do_session_work
from app.persistence.engine.database import Database
from tests.crash.fork_server import ForkServer
from tests.crash.killing_proxy import KillingProxy, KillMoment, statement_names
from tests.fake_clock import MORNING
from tests.persistence.test_decisions import assert_every_decision_replays
from tests.use_cases.sessions.deed_builders import LATER, all_deeds, cancel, change, confirm, deed_of, mails_since
from tests.use_cases.sessions.session_builders import (
    a_published_session,
    assert_the_seats_are_true,
    cancel_one,
    register_to,
)

PEOPLE = 3
ITS_LOOK_FOR_DEEDS = r"^SELECT d.id AS deed_id"
# Of a registration, but for the last five, which are of the whole deed.
OF_A_MOVE = {
    "its look for deeds": ITS_LOOK_FOR_DEEDS,
    "its look for registrations": r"^SELECT t.registration_id FROM session_deed d",
    "the adviser's lock": r"^BEGIN.*UPDATE adviser",
    "the mark": r"^UPDATE session_deed_target t SET done_at",
    "the adviser's file": r"FROM adviser a LEFT JOIN",
    "the place": r"^UPDATE registration SET session_place",
    "the session as it was read": r"^SELECT FROM session WHERE id = \$1",
    "the session's lock": r"^SELECT FROM session WHERE id = ANY",
    "what leaves a seat": r"^WITH gone AS",
    "the writing": r"^WITH registrations AS",
    "COMMIT": r"audit_log.*COMMIT$",
    "the progress": r"^UPDATE session_deed d SET done",
    "the session for the summary": r"^SELECT to_json\(page\)",
    "COMMIT of the summary": r"^COMMIT$",
}
NOT_OF_A_MOVE = {"the session's lock", "what leaves a seat"}
OF_A_CONFIRMATION = {
    name: words
    for name, words in OF_A_MOVE.items()
    if name not in {*NOT_OF_A_MOVE, "the place", "the session as it was read"}
}
OF_A_CANCELLATION = {
    name: words for name, words in OF_A_MOVE.items() if name not in {"the place", "the session as it was read"}
}
OF_A_GIFT = {
    "its look for seats": r"^SELECT s.id AS session_id, p.registration_id FROM session s CROSS JOIN LATERAL",
    "the adviser's lock": r"^BEGIN.*UPDATE adviser",
    "the adviser's file": r"FROM adviser a LEFT JOIN",
    "the session's lock": r"^SELECT FROM session WHERE id = ANY",
    "the seat": r"^WITH first AS",
    "the writing": r"^WITH registrations AS",
    "COMMIT": r"audit_log.*COMMIT$",
}


async def move(database: Database, session: UUID) -> object:
    return await change(database, session, starts_on=LATER, place_name="La Criée")


@dataclass(frozen=True, slots=True)
class Deed:
    """How it is asked for, the statements that carry it out, and what people are told."""

    ask: Callable[[Database, UUID], Awaitable[object]]
    statements: dict[str, str]
    event_type: str


DEEDS = {
    "move": Deed(move, {name: OF_A_MOVE[name] for name in OF_A_MOVE if name not in NOT_OF_A_MOVE}, "session.moved"),
    "confirmation": Deed(confirm, OF_A_CONFIRMATION, "session.confirmed"),
    "cancellation": Deed(cancel, OF_A_CANCELLATION, "session.cancelled"),
}
KILLS = [(kind, name, moment) for kind, deed in DEEDS.items() for name in deed.statements for moment in KillMoment]


async def exit_status_of_worker(
    forks: ForkServer,
    through: tuple[str, KillingProxy],
    last: str | None,
    moment: KillMoment,
    act: str = "look_after_sessions",
) -> int:
    """The exit status of a worker that dies at this statement."""
    url, proxy = through
    victim = proxy.arm(last, moment)
    victim.set_result(await forks.start(act, url=url))
    status = await forks.wait_for_exit(victim.result())
    await proxy.wait_until_idle()
    return status


async def finish(database: Database) -> None:
    """As the next worker does."""
    while await do_session_work(database, MORNING):
        pass


async def mails_by_subject(database: Database) -> Counter[tuple[str, str]]:
    return Counter(
        mail[:2] for mail in await mails_since(database, 0) if mail[0].startswith(("session.", "registration.seat"))
    )


async def a_session_of(database: Database, people: int) -> tuple[UUID, list[dict[str, Any]]]:
    session = await a_published_session(database, capacity=1_000)
    return session, [await register_to(database, session) for _ in range(people)]


def each_once(event_type: str, session: UUID, registrations: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return {(event_type, subject): 1 for subject in [str(session), *(item["id"] for item in registrations)]}


@pytest.mark.parametrize("kind", DEEDS)
async def test_without_a_kill_its_statements_are_those_that_are_made_fatal(
    forks: ForkServer, crash_proxy: tuple[str, KillingProxy], database: Database, kind: str
) -> None:
    deed = DEEDS[kind]
    session, registrations = await a_session_of(database, 1)
    await deed.ask(database, session)

    assert await exit_status_of_worker(forks, crash_proxy, None, KillMoment.HEARD) == 0

    own = [
        statement
        for statement in crash_proxy[1].statements
        if any(re.search(words, statement, re.DOTALL) for words in deed.statements.values())
    ]
    assert [*dict.fromkeys(statement_names(own, deed.statements))] == [*deed.statements]
    assert await mails_by_subject(database) == each_once(deed.event_type, session, registrations)


@pytest.mark.parametrize(("kind", "name", "moment"), KILLS)
async def test_killed_at_any_statement_each_registration_is_done_once_and_each_told_once(
    forks: ForkServer,
    crash_proxy: tuple[str, KillingProxy],
    database: Database,
    kind: str,
    name: str,
    moment: KillMoment,
) -> None:
    deed = DEEDS[kind]
    session, registrations = await a_session_of(database, PEOPLE)
    await deed.ask(database, session)

    status = await exit_status_of_worker(forks, crash_proxy, deed.statements[name], moment)

    assert status == -signal.SIGKILL
    shown = await deed_of(database, session)
    is_over = (name, moment) == ("COMMIT of the summary", KillMoment.HEARD)
    assert (shown["concerned"], shown["finished_at"] is not None) == (PEOPLE, is_over)
    await finish(database)
    assert await mails_by_subject(database) == each_once(deed.event_type, session, registrations)
    assert await all_deeds(database) == [(kind, PEOPLE, PEOPLE, True)]
    rows = await database.many("SELECT status, session_starts_on, version FROM registration")
    assert {row["version"] for row in rows} == {2}
    assert {row["status"] for row in rows} == {"cancelled" if kind == "cancellation" else "accepted"}
    assert {row["session_starts_on"] == LATER for row in rows} == {kind == "move"}
    await assert_the_seats_are_true(database)
    await assert_every_decision_replays(database)


@pytest.mark.parametrize("moment", KillMoment)
@pytest.mark.parametrize("name", OF_A_GIFT)
async def test_killed_at_any_statement_a_free_seat_is_given_once(
    forks: ForkServer, crash_proxy: tuple[str, KillingProxy], database: Database, name: str, moment: KillMoment
) -> None:
    session = await a_published_session(database, capacity=1)
    first, second, third = [await register_to(database, session) for _ in range(3)]
    await cancel_one(database, first)

    assert await exit_status_of_worker(forks, crash_proxy, OF_A_GIFT[name], moment) == -signal.SIGKILL
    await finish(database)

    assert await mails_by_subject(database) == {("registration.seat_given", second["id"]): 1}
    (row,) = await database.many("SELECT seats_taken, seats_waiting FROM session")
    assert (row["seats_taken"], row["seats_waiting"]) == (1, 1)
    assert third["seat"] == "waiting"
    await assert_the_seats_are_true(database)


async def test_workers_killed_one_after_the_other_while_others_work_do_all_of_it_once(
    forks: ForkServer, crash_proxy: tuple[str, KillingProxy], database: Database
) -> None:
    session, registrations = await a_session_of(database, 40)
    await move(database, session)
    done = 0
    for name, moment in [(name, moment) for name in ("the writing", "COMMIT") for moment in KillMoment] * 2:
        other = asyncio.create_task(do_some(database))
        await exit_status_of_worker(forks, crash_proxy, DEEDS["move"].statements[name], moment)
        await other
        shown = await deed_of(database, session)
        assert done <= shown["done"] <= shown["concerned"] == len(registrations)
        done = shown["done"]
    await finish(database)

    assert await mails_by_subject(database) == each_once("session.moved", session, registrations)
    assert await all_deeds(database) == [("move", 40, 40, True)]


async def do_some(database: Database) -> None:
    """A turn of another worker."""
    await do_session_work(database, MORNING)


async def test_red_run_marking_first_loses_a_message(
    forks: ForkServer, crash_proxy: tuple[str, KillingProxy], database: Database
) -> None:
    session, registrations = await a_session_of(database, PEOPLE)
    await move(database, session)

    await exit_status_of_worker(
        forks, crash_proxy, OF_A_MOVE["the writing"], KillMoment.NOT_HEARD, "look_after_sessions_marking_first"
    )
    await finish(database)

    told = await mails_by_subject(database)
    assert len(told) == PEOPLE < len(each_once("session.moved", session, registrations))


async def test_red_run_marking_last_tells_somebody_twice(
    forks: ForkServer, crash_proxy: tuple[str, KillingProxy], database: Database
) -> None:
    session, _ = await a_session_of(database, PEOPLE)
    await confirm(database, session)

    await exit_status_of_worker(
        forks, crash_proxy, OF_A_MOVE["COMMIT"], KillMoment.HEARD, "look_after_sessions_marking_last"
    )
    await finish(database)

    assert max((await mails_by_subject(database)).values()) == 2
