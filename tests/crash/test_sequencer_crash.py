"""A sequencer killed at any statement leaves a whole batch or nothing: positions, webhooks and e-mails."""

import signal
from dataclasses import dataclass
from uuid import UUID

import pytest

from app.persistence.engine.database import Database
from app.persistence.outbox.messages import EMAIL_LANE_ID
from app.seed.published_catalogue import LA_MEDNUM
from tests.crash.fork_server import ForkServer
from tests.crash.killing_proxy import KillingProxy, KillMoment, statement_names
from tests.outbox.webhooks.webhook_builders import a_client, an_endpoint
from tests.persistence.outbox.event_builders import all_events, place_waiting_events, write_event
from tests.samples import CRASH_ROUNDS
from tests.use_cases.use_case_builders import an_adviser_in_post

STATEMENTS = {
    "its look whether anything waits": r"^SELECT 1 FROM outbox",
    "BEGIN": r"^BEGIN",
    "its turn": r"pg_try_advisory_xact_lock",
    "the positions": r"INSERT INTO feed_entry",
    "the webhooks": r"INSERT INTO delivery.*'webhook'",
    "the e-mails": r"INSERT INTO delivery.*'email'",
    "COMMIT": r"COMMIT$",
}


@dataclass(frozen=True, slots=True)
class EventAudience:
    """An adviser, and all who get the events: two endpoints, two recipients of e-mails."""

    database: Database
    adviser: UUID
    receivers: frozenset[tuple[UUID, str]]

    async def told(self) -> list[UUID]:
        """Two events, committed together."""
        async with self.database.transaction() as tx:
            return [await write_event(tx, adviser=self.adviser, recipients=("adviser", "employer")) for _ in range(2)]

    async def holds(self, events: list[UUID]) -> bool:
        """Whether exactly these have their positions, each with one delivery for each receiver."""
        rows = await self.database.many("SELECT event_id, lane_id, recipient FROM delivery")
        posted = [(row["event_id"], (row["lane_id"], row["recipient"])) for row in rows]
        assert len(posted) == len({*posted})
        assert {*posted} == {(event, who) for event in await all_events(self.database) for who in self.receivers}
        return await all_events(self.database) == events


@pytest.fixture
async def audience(database: Database) -> EventAudience:
    clients = [await a_client(database), await a_client(database, LA_MEDNUM)]
    endpoints = [await an_endpoint(database, "http://127.0.0.1:9/", client=client) for client in clients]
    readers = {(EMAIL_LANE_ID, "adviser"), (EMAIL_LANE_ID, "employer")}
    return EventAudience(
        database, await an_adviser_in_post(database), frozenset({(each.id, "endpoint") for each in endpoints} | readers)
    )


async def exit_status_of_sequencer(
    forks: ForkServer, through: tuple[str, KillingProxy], last: str | None, moment: KillMoment, act: str = "place"
) -> int:
    """The exit status of a sequencer that dies at this statement."""
    url, proxy = through
    victim = proxy.arm(last, moment)
    victim.set_result(await forks.start(act, url=url))
    status = await forks.wait_for_exit(victim.result())
    await proxy.wait_until_idle()
    return status


async def test_without_a_kill_its_statements_are_those_that_are_made_fatal(
    forks: ForkServer, crash_proxy: tuple[str, KillingProxy], audience: EventAudience
) -> None:
    expected = await audience.told()

    assert await exit_status_of_sequencer(forks, crash_proxy, None, KillMoment.HEARD) == 0

    assert statement_names(crash_proxy[1].statements, STATEMENTS) == [*STATEMENTS]
    assert await audience.holds(expected)


@pytest.mark.parametrize("moment", KillMoment)
@pytest.mark.parametrize("statement", STATEMENTS)
async def test_killed_at_any_statement_it_leaves_all_or_nothing(
    forks: ForkServer,
    crash_proxy: tuple[str, KillingProxy],
    audience: EventAudience,
    moment: KillMoment,
    statement: str,
) -> None:
    committed = (statement, moment) == ("COMMIT", KillMoment.HEARD)
    expected = list[UUID]()
    for _ in range(CRASH_ROUNDS):
        before = [*expected]
        expected += await audience.told()

        assert await exit_status_of_sequencer(forks, crash_proxy, STATEMENTS[statement], moment) == -signal.SIGKILL

        assert await audience.holds(expected if committed else before)
        await place_waiting_events(audience.database)
        assert await audience.holds(expected)


async def test_red_run_posting_after_the_commit_loses_what_was_to_be_delivered(
    forks: ForkServer, crash_proxy: tuple[str, KillingProxy], audience: EventAudience
) -> None:
    expected = await audience.told()
    await exit_status_of_sequencer(forks, crash_proxy, STATEMENTS["COMMIT"], KillMoment.HEARD, "place_then_post")
    await place_waiting_events(audience.database)

    assert await all_events(audience.database) == expected
    assert await audience.database.many("SELECT FROM delivery") == []
