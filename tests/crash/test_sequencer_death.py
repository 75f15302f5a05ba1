"""A sequencer killed at any statement leaves its whole step or nothing: positions, webhooks and e-mails."""

import signal
from dataclasses import dataclass
from uuid import UUID

import pytest

from app.persistence.database import Database
from app.persistence.messages import MAIL_LANE
from app.seed.catalogue import LA_MEDNUM
from tests.crash.nursery import Nursery
from tests.crash.wire import Moment, Wire, names
from tests.outbox.posting import a_client, an_endpoint
from tests.persistence.telling import everything, placed, tell
from tests.samples import CRASH_ROUNDS
from tests.use_cases.acting import an_adviser_in_post

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
class Town:
    """An adviser, and all who are told of everything: two endpoints, two readers of e-mails."""

    database: Database
    adviser: UUID
    receivers: frozenset[tuple[UUID, str]]

    async def told(self) -> list[UUID]:
        """Two events, committed together."""
        async with self.database.transaction() as tx:
            return [await tell(tx, adviser=self.adviser, recipients=("adviser", "employer")) for _ in range(2)]

    async def holds(self, events: list[UUID]) -> bool:
        """Whether just these have their positions, each with one delivery for each receiver."""
        rows = await self.database.many("SELECT event_id, lane_id, recipient FROM delivery")
        posted = [(row["event_id"], (row["lane_id"], row["recipient"])) for row in rows]
        assert len(posted) == len({*posted})
        assert {*posted} == {(event, who) for event in await everything(self.database) for who in self.receivers}
        return await everything(self.database) == events


@pytest.fixture
async def town(database: Database) -> Town:
    clients = [await a_client(database), await a_client(database, LA_MEDNUM)]
    endpoints = [await an_endpoint(database, "http://127.0.0.1:9/", client=client) for client in clients]
    readers = {(MAIL_LANE, "adviser"), (MAIL_LANE, "employer")}
    return Town(
        database, await an_adviser_in_post(database), frozenset({(each.id, "endpoint") for each in endpoints} | readers)
    )


async def ended(born: Nursery, through: tuple[str, Wire], last: str | None, moment: Moment, act: str = "place") -> int:
    """The status with which a sequencer ends that says this last."""
    url, wire = through
    victim = wire.set(last, moment)
    victim.set_result(await born.start(act, url=url))
    status = await born.ended(victim.result())
    await wire.silent()
    return status


async def test_left_alive_it_says_what_is_made_fatal_and_nothing_else(
    born: Nursery, through_wire: tuple[str, Wire], town: Town
) -> None:
    expected = await town.told()

    assert await ended(born, through_wire, None, Moment.HEARD) == 0

    assert names(through_wire[1].said, STATEMENTS) == [*STATEMENTS]
    assert await town.holds(expected)


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("statement", STATEMENTS)
async def test_killed_at_any_statement_it_leaves_all_or_nothing(
    born: Nursery, through_wire: tuple[str, Wire], town: Town, moment: Moment, statement: str
) -> None:
    committed = (statement, moment) == ("COMMIT", Moment.HEARD)
    expected = list[UUID]()
    for _ in range(CRASH_ROUNDS):
        before = [*expected]
        expected += await town.told()

        assert await ended(born, through_wire, STATEMENTS[statement], moment) == -signal.SIGKILL

        assert await town.holds(expected if committed else before)
        await placed(town.database)
        assert await town.holds(expected)


async def test_red_run_posting_after_the_commit_loses_what_was_to_be_delivered(
    born: Nursery, through_wire: tuple[str, Wire], town: Town
) -> None:
    expected = await town.told()
    await ended(born, through_wire, STATEMENTS["COMMIT"], Moment.HEARD, "place_then_post")
    await placed(town.database)

    assert await everything(town.database) == expected
    assert await town.database.many("SELECT FROM delivery") == []
