"""The feed follows commits without ever skipping one: dense positions for each audience, whatever the writers do."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from app.outbox.sequencer_loop import run_sequencer
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.database_errors import violated_constraint
from app.persistence.outbox import assign_feed_positions
from app.persistence.outbox.assign_feed_positions import (
    BATCH,
    GLOBAL_FEED_ID,
    StaleSnapshotError,
    delete_expired_events,
)
from app.persistence.outbox.event_feed import MAX_SCANNED, read_feed
from app.persistence.schema.retention_periods import EVENTS_RETENTION
from app.seed.published_catalogue import HISTYA, LA_FABRIK, LA_MEDNUM
from app.use_cases.notifications.sequence_events import sequence_events
from tests.fake_clock import MORNING, FakeClock
from tests.persistence.interleaved_transactions import wait_until_blocked_by
from tests.persistence.outbox.event_builders import (
    Follower,
    all_events,
    event_ids,
    place_waiting_events,
    positions,
    read_page,
    uncommitted_event,
    write_event,
    write_events,
)
from tests.persistence.postgres_errors import UniqueViolation
from tests.use_cases.random_actions import random_actions
from tests.use_cases.use_case_builders import INITIAL, an_adviser_in_post, register_in

REFUSED = "registration.refused"
CERTIFIED = "certification.recorded"
BEHIND_THE_OLDEST_TRANSACTION = """SELECT 1 FROM outbox
WHERE xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"""


class NaiveFollower:
    """What a feed ordered by `id > cursor` would be."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.seen: list[UUID] = []
        self.cursor = 0

    async def read(self) -> None:
        for row in await self.database.many("SELECT id, event_id FROM outbox WHERE id > $1 ORDER BY id", self.cursor):
            self.seen.append(row["event_id"])
            self.cursor = row["id"]


async def test_whoever_commits_late_is_read_late_and_a_reader_of_ids_never_sees_it(database: Database) -> None:
    naive, follower = NaiveFollower(database), Follower(database)
    async with uncommitted_event(database) as (_, slow):
        (quick,) = await write_events(database)
        await place_waiting_events(database)
        await naive.read()
        await follower.read(10)
    await place_waiting_events(database)
    await naive.read()
    await follower.read(10)

    assert (follower.seen, follower.positions) == ([quick, slow], [1, 2])
    assert naive.seen == [quick]


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # a play, not a secret


async def writing(database: Database, random: Random, committed: list[list[UUID]]) -> None:
    """Fifteen transactions of one to three events, three in ten undone."""
    mine: list[UUID] = []
    committed.append(mine)
    for _ in range(15):
        with suppress(UndoneError):
            mine += await written(database, random)


async def written(database: Database, random: Random) -> list[UUID]:
    async with database.transaction() as tx:
        events: list[UUID] = []
        for _ in range(random.randint(1, 3)):
            events.append(await write_event(tx, organisation=random.choice([LA_MEDNUM, HISTYA])))
            await asyncio.sleep(random.random() / 100)
        undone_in_three_of_ten(random)
    return events


def undone_in_three_of_ten(random: Random) -> None:
    if random.random() < 0.3:
        raise UndoneError


class UndoneError(Exception):
    """The writer changed its mind."""


def page_sizes(random: Random) -> Iterator[int]:
    while True:
        yield random.randint(1, 12)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_readers_see_exactly_what_was_committed_each_writer_in_order(database: Database, seed: int) -> None:
    random = dice(seed)
    committed: list[list[UUID]] = []
    done, stop = asyncio.Event(), asyncio.Event()
    followers = [Follower(database), Follower(database), Follower(database, LA_MEDNUM)]
    sequencers = [asyncio.create_task(run_sequencer(database, FakeClock(), stop)) for _ in range(2)]
    reading = [
        asyncio.create_task(follower.follow(page_sizes(dice(seed + place)), done))
        for place, follower in enumerate(followers)
    ]

    await asyncio.gather(*(writing(database, dice(random.randrange(10**6)), committed) for _ in range(20)))
    stop.set()
    await asyncio.gather(*sequencers)
    await place_waiting_events(database)
    done.set()
    await asyncio.gather(*reading)

    expected = {event for mine in committed for event in mine}
    whole, again, one_organisation = followers
    assert whole.seen == again.seen == await all_events(database)
    assert (len(whole.seen), {*whole.seen}) == (len(expected), expected)
    assert whole.positions == [*range(1, len(expected) + 1)]
    assert all([event for event in whole.seen if event in set(mine)] == mine for mine in committed)
    assert one_organisation.seen == await all_events(database, LA_MEDNUM)
    assert one_organisation.seen == [event for event in whole.seen if event in set(one_organisation.seen)]


async def test_two_sequencers_never_place_an_event_twice(database: Database) -> None:
    expected = await write_events(database, 3 * BATCH)

    while await assign_feed_positions.has_unsequenced_events(database):
        await asyncio.gather(*(sequence_events(database, MORNING) for _ in range(4)))

    assert await all_events(database) == expected


async def test_a_backlog_is_read_by_key_even_of_a_table_that_the_planner_takes_for_empty(database: Database) -> None:
    async with database.transaction() as tx:
        assert await assign_feed_positions.try_lock(tx)
        plan = await tx.many(f"EXPLAIN {assign_feed_positions.ASSIGN_POSITIONS}", MORNING, [])

    steps = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "Index Scan using ix_outbox_unsequenced on outbox" in steps
    assert "Seq Scan on outbox" not in steps
    assert "Bitmap" not in steps


async def test_whoever_comes_second_leaves_at_once(database: Database) -> None:
    await write_events(database)

    async with database.transaction() as first:
        assert await assign_feed_positions.try_lock(first)
        assert await sequence_events(database, MORNING) == 0

    assert await sequence_events(database, MORNING) == 1


async def backend(transaction: Transaction) -> int:
    row = await transaction.one("SELECT pg_backend_pid() AS pid")
    assert row is not None
    return int(row["pid"])


async def until_placed(database: Database) -> None:
    async with asyncio.timeout(5):
        while await assign_feed_positions.has_unsequenced_events(database):
            pass


async def place_out_of_turn(database: Database) -> None:
    async with database.transaction() as tx:
        await assign_feed_positions.assign_positions(tx, (), MORNING)


async def both_place_at_once(database: Database) -> None:
    """A second sequencer that does not wait for its turn begins while the first has not committed."""
    async with database.transaction() as first:
        await assign_feed_positions.assign_positions(first, (), MORNING)
        second = asyncio.create_task(place_out_of_turn(database))
        await wait_until_blocked_by(database, await backend(first))
    await second


async def test_out_of_turn_a_second_sequencer_is_stopped_by_the_constraint(database: Database) -> None:
    expected = await write_events(database, 2)

    with pytest.raises(UniqueViolation) as refused:
        await both_place_at_once(database)

    assert violated_constraint(refused.value) == "uq_feed_entry_outbox_id"
    assert await all_events(database) == expected


async def test_with_neither_turn_nor_constraint_events_are_told_twice(database: Database, owner: Database) -> None:
    expected = await write_events(database, 2)
    await owner.one("ALTER TABLE feed_entry DROP CONSTRAINT uq_feed_entry_outbox_id")

    await both_place_at_once(database)

    assert await all_events(database) == expected * 2


async def test_a_snapshot_older_than_the_turn_is_refused(database: Database) -> None:
    await write_events(database)

    async with database.transaction() as tx:
        await tx.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(StaleSnapshotError):
            await assign_feed_positions.try_lock(tx)


async def test_a_transaction_that_stays_open_holds_nobody_up(database: Database) -> None:
    """Feeds ordered by transaction would stand still behind it."""
    async with uncommitted_event(database):
        expected = await write_events(database, 3)

        assert await place_waiting_events(database) == 3
        assert event_ids((await read_page(database)).events) == expected
        assert await database.many(BEHIND_THE_OLDEST_TRANSACTION) == []


async def test_each_organisation_has_a_feed_of_its_own(database: Database) -> None:
    ours = await write_events(database, 2)
    theirs = await write_events(database, 1, organisation=HISTYA)
    nobodys = await write_events(database, 1, organisation=None, type="entitlement.carried_over")
    more = await write_events(database, 1)

    await place_waiting_events(database)

    assert await all_events(database) == ours + theirs + nobodys + more
    assert await all_events(database, LA_MEDNUM) == ours + more
    assert await all_events(database, HISTYA) == theirs
    assert (await read_page(database, feed=LA_FABRIK)).events == []


async def test_an_exam_is_told_once_to_every_organisation_that_registered_the_adviser(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    await register_in(database, adviser, module=INITIAL)
    await register_in(database, adviser)
    async with database.transaction() as tx:
        exam = await write_event(tx, type=CERTIFIED, organisation=LA_FABRIK, adviser=adviser)
        await write_event(tx, type=CERTIFIED, organisation=None)

    await place_waiting_events(database)

    feeds = {feed: await all_events(database, feed) for feed in (GLOBAL_FEED_ID, LA_FABRIK, LA_MEDNUM, HISTYA)}
    assert [events.count(exam) for events in feeds.values()] == [1, 1, 1, 0]
    assert (len(feeds[GLOBAL_FEED_ID]), len(feeds[LA_FABRIK]), len(feeds[LA_MEDNUM])) == (4, 2, 2)


async def test_the_database_shows_an_organisation_its_own_feed_only(database: Database) -> None:
    """Whatever a statement forgets to ask."""
    ours = await write_events(database, 2)
    await write_events(database, 3, organisation=HISTYA)
    await place_waiting_events(database)
    await write_events(database)
    viewer = database.for_tenant(LA_MEDNUM)

    entries = await viewer.many("SELECT DISTINCT feed_id FROM feed_entry")
    feeds = await viewer.many("SELECT id, last_position FROM feed")
    events = await viewer.many("SELECT event_id FROM outbox ORDER BY id")

    assert [row["feed_id"] for row in entries] == [LA_MEDNUM]
    assert [(row["id"], row["last_position"]) for row in feeds] == [(LA_MEDNUM, 2)]
    assert [row["event_id"] for row in events] == ours


async def test_the_events_of_a_registration_stand_in_the_order_of_its_versions(database: Database) -> None:
    play = await random_actions(database, advisers=4)
    stop = asyncio.Event()
    placing = asyncio.create_task(run_sequencer(database, FakeClock(), stop))
    for _ in range(30):
        await play.refresh()
        await asyncio.gather(*(play.action() for _ in range(5)), return_exceptions=True)
    stop.set()
    await placing
    await place_waiting_events(database)

    rows = await database.many(
        "SELECT subject_id, subject_version FROM feed_entry JOIN outbox ON id = outbox_id WHERE feed_id = $1 "
        "AND subject_type = 'registration' ORDER BY subject_id, position",
        GLOBAL_FEED_ID,
    )
    versions = [(row["subject_id"], row["subject_version"]) for row in rows]
    assert len({subject for subject, _ in versions}) > 10
    assert versions == sorted(versions)


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7, 0]), (500, [7])])
async def test_pages_follow_each_other_without_hole_or_double(database: Database, limit: int, sizes: list[int]) -> None:
    expected = await write_events(database, 7)
    await place_waiting_events(database)
    follower = Follower(database)

    for _ in sizes:
        await follower.read(limit)

    assert follower.seen == expected


async def test_a_filter_never_passes_what_was_scanned(database: Database) -> None:
    """The filter finds its type far behind what one read looks at, and in front of what is told meanwhile."""
    await write_events(database, MAX_SCANNED + 10)
    (wanted,) = await write_events(database, type=REFUSED)
    await place_waiting_events(database)

    first = await read_page(database, 0, types=[REFUSED])
    (late,) = await write_events(database, type=REFUSED)
    await place_waiting_events(database)
    second = await read_page(database, first.scanned_to, types=[REFUSED])

    assert (first.events, first.scanned_to, first.head) == ([], MAX_SCANNED, MAX_SCANNED + 11)
    assert event_ids(second.events) == [wanted, late]
    assert second.scanned_to == second.head == MAX_SCANNED + 12
    there = await all_events(database)
    assert [reading.scanned_event for reading in (first, second)] == [there[MAX_SCANNED - 1], there[-1]]


async def test_a_full_page_of_a_filter_ends_at_its_last_event(database: Database) -> None:
    for _ in range(4):
        await write_events(database, type=REFUSED)
        await write_events(database, 2)
    await place_waiting_events(database)
    seen: list[int] = []
    after = 0

    while (found := await read_page(database, after, limit=1, types=[REFUSED])).events:
        seen += positions(found.events)
        after = found.scanned_to

    assert seen == [1, 4, 7, 10]
    assert (found.scanned_to, found.head) == (12, 12)


async def test_what_was_kept_long_enough_is_forgotten_and_a_reader_who_needs_it_is_told_so(database: Database) -> None:
    await write_events(database, 3)
    await place_waiting_events(database)
    kept = await write_events(database, 2)
    await sequence_events(database, MORNING + timedelta(days=1))

    forgotten = await delete_expired_events(database, MORNING + EVENTS_RETENTION + timedelta(seconds=1))

    assert forgotten == 3
    assert [(await read_page(database, after)).has_gap for after in range(6)] == [True, True, True, False, False, False]
    assert (
        event_ids((await read_page(database, 3)).events) == event_ids((await read_page(database, None)).events) == kept
    )
    assert positions((await read_page(database, None)).events)[0] == 4


async def test_positions_go_on_when_everything_was_forgotten(database: Database) -> None:
    await write_events(database, 3)
    await place_waiting_events(database)
    await delete_expired_events(database, MORNING + EVENTS_RETENTION + timedelta(seconds=1))
    start = await read_page(database, None)

    await write_events(database)
    await place_waiting_events(database)

    assert (start.events, start.scanned_to, start.head) == ([], 3, 3)
    assert positions((await read_page(database, None)).events) == [4]


async def test_what_nobody_has_read_yet_is_not_forgotten(database: Database) -> None:
    await write_events(database)

    assert await delete_expired_events(database, MORNING + 2 * EVENTS_RETENTION) == 0


async def test_a_position_that_was_lost_with_a_server_is_told_so(database: Database) -> None:
    await write_events(database, 2)
    await place_waiting_events(database)

    assert (await read_page(database, 3)).has_gap


async def test_a_position_that_holds_another_event_than_was_read_there_was_lost(database: Database) -> None:
    first, second = await write_events(database, 2)
    await place_waiting_events(database)

    readings = [await read_page(database, after, event=event) for after in (1, 2) for event in (first, second, None)]

    assert [reading.has_gap for reading in readings] == [False, True, False, True, False, False]


@pytest.mark.parametrize("feed", [GLOBAL_FEED_ID, LA_MEDNUM])
async def test_however_a_page_ends_it_says_which_event_is_there(database: Database, feed: UUID) -> None:
    """Full, short, empty, without anything of a type, or before anything was told."""
    reader = database.for_tenant(None if feed == GLOBAL_FEED_ID else feed)
    before = await read_feed(reader, feed, after=0, limit=2, types=None)
    events = await write_events(database, 3)
    await place_waiting_events(database)

    full, short, empty = [await read_feed(reader, feed, after=after, limit=2, types=None) for after in (0, 2, 3)]
    others = await read_feed(reader, feed, after=0, limit=2, types=[REFUSED])

    assert (before.scanned_to, before.scanned_event) == (0, None)
    assert [reading.scanned_to for reading in (full, short, empty, others)] == [2, 3, 3, 3]
    assert [reading.scanned_event for reading in (full, short, empty, others)] == [events[1], *[events[2]] * 3]


async def test_an_event_that_was_forgotten_since_is_taken_at_its_reader_s_word(database: Database) -> None:
    (only,) = await write_events(database)
    await place_waiting_events(database)
    await delete_expired_events(database, MORNING + EVENTS_RETENTION + timedelta(seconds=1))

    found = await read_page(database, 1, event=only)

    assert (found.has_gap, found.scanned_event) == (False, only)


async def epoch(database: Database) -> UUID:
    return (await read_page(database)).epoch


async def test_the_first_positions_of_another_server_begin_an_epoch(database: Database) -> None:
    await write_events(database)
    await place_waiting_events(database)
    before = await epoch(database)
    await write_events(database)
    await place_waiting_events(database)
    the_same = await epoch(database)
    await database.one("UPDATE feed_epoch SET server = '7/00000001'")

    await write_events(database)
    await place_waiting_events(database)

    assert before == the_same != await epoch(database)


async def test_a_server_known_with_its_line_of_history_is_the_same(database: Database) -> None:
    """As former versions kept it; the line changes whenever a standby takes over."""
    before = await epoch(database)
    await database.one(
        "UPDATE feed_epoch SET server = split_part(server, '/', 1) || '/0000007F/' || split_part(server, '/', -1)"
    )

    await write_events(database)
    await place_waiting_events(database)

    assert await epoch(database) == before


async def test_an_operator_begins_an_epoch(database: Database) -> None:
    before = await epoch(database)

    async with database.transaction() as tx:
        await assign_feed_positions.begin_epoch(tx, MORNING)

    assert await epoch(database) != before
