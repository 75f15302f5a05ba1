"""The stories of the load shapes come to their end, and a shape that is not as it must be is told."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import replace

import aiosmtplib
import asyncpg
import pytest

from app.domain.facts.calendar import civil_date
from app.persistence.administration.client_role import Role
from benchmarks.keep_alive_connections import KeepAliveConnections
from benchmarks.rush import background_load, december, year_end
from benchmarks.rush.adviser_stories import AdviserStory
from benchmarks.rush.api_clients import ApiClient, ApiClients
from benchmarks.rush.load_shape import Played
from benchmarks.rush.queues import Queues, wait_until_drained
from benchmarks.rush.recorded_answers import RecordedAnswers, UnexpectedAnswerError
from benchmarks.rush.smtp_sink import running_smtp_sink
from benchmarks.rush.verdict import claims, growth
from tests.benchmarks.populated_service import serving_dataset
from tests.databases import Databases
from tests.fake_clock import MORNING
from tests.live_server import LiveServer, serving

ADVISERS, FIRST_OF_YEAR_END = 40, 21
WITHOUT_CONTRACT = f"""UPDATE contract c SET contract_uploaded_on = NULL FROM adviser a WHERE a.id = c.adviser_id
AND a.conum_id % {year_end.STORIES} = {year_end.WITHOUT_UPLOADED_CONTRACT} AND a.conum_id >= {FIRST_OF_YEAR_END}"""  # noqa: S608  # our own numbers
DRAINED = Queues(0, 0, 0, 0, 0)
STEADY = [[100.0, 80.0]] * 40


@pytest.fixture(scope="module")
def populated(databases: Databases, template: str) -> Generator[LiveServer]:
    with serving_dataset(databases, template, ADVISERS, WITHOUT_CONTRACT) as started:
        yield started


def clients_of(served: LiveServer, connections: KeepAliveConnections) -> ApiClients:
    return ApiClients(connections, {role: [served.keys[role]] for role in Role}, RecordedAnswers())


@pytest.mark.parametrize(("play", "first"), [(december.play, 1), (year_end.play, FIRST_OF_YEAR_END)])
async def test_every_story_comes_to_its_end(
    populated: LiveServer, play: Callable[[AdviserStory], Awaitable[None]], first: int
) -> None:
    connections = KeepAliveConnections(populated.base_url)
    clients = clients_of(populated, connections)

    for number in range(first, first + 12):
        await play(AdviserStory(clients, number, civil_date(MORNING)))
    connections.close()

    assert clients.answers.unexpected == []
    assert clients.answers.server_errors == 0


async def test_a_story_told_twice_is_not_as_expected(populated: LiveServer) -> None:
    connections = KeepAliveConnections(populated.base_url)
    clients = clients_of(populated, connections)
    story = AdviserStory(clients, ADVISERS, civil_date(MORNING))
    await december.play(story)

    with pytest.raises(UnexpectedAnswerError):
        await december.play(story)
    connections.close()

    assert "409" in clients.answers.unexpected[0]


async def ask_until_limited(served: LiveServer) -> RecordedAnswers:
    connections, answers, over = KeepAliveConnections(served.base_url), RecordedAnswers(), asyncio.Event()
    client = ApiClient(connections, served.keys["platform"], answers)
    asking = asyncio.create_task(background_load.ask_without_waiting(client, over))
    async with asyncio.timeout(20):
        while not answers.limited.total():  # noqa: ASYNC110  # its end is what is waited for
            await asyncio.sleep(0.05)
    over.set()
    await asking
    connections.close()
    return answers


def test_whoever_does_not_heed_the_limit_is_told_so(databases: Databases, template: str) -> None:
    url = databases.copy(template)
    with serving(url, per_minute=5) as served:
        answers = asyncio.run(ask_until_limited(served))
    databases.drop(url)

    assert answers.limited.total() >= 1
    assert answers.unexpected == []


async def test_a_spreadsheet_is_taken_and_waited_for(own_service: LiveServer) -> None:
    connections, answers, over = KeepAliveConnections(own_service.base_url), RecordedAnswers(), asyncio.Event()
    client = ApiClient(connections, own_service.keys["admin"], answers)
    importing = asyncio.create_task(background_load.import_spreadsheets(client, over))
    async with asyncio.timeout(20):
        while not answers.took:  # noqa: ASYNC110  # its end is what is waited for
            await asyncio.sleep(0.05)
    importing.cancel()

    _, left = await wait_until_drained(own_service.database_url, 0)
    connections.close()

    assert answers.unexpected == []
    assert left.imports == 1
    assert not left.are_drained


async def test_an_event_and_a_delivery_that_wait_are_seen(database_url: str) -> None:
    owner = await asyncpg.connect(database_url)
    await owner.execute("""INSERT INTO outbox (event_id, type, subject_type, subject_id, subject_version, adviser_id,
        data, occurred_at) VALUES (gen_random_uuid(), 'registration.accepted', 'registration', gen_random_uuid(), 1,
        gen_random_uuid(), '{}', now())""")
    await owner.close()

    _, left = await wait_until_drained(database_url, 0)

    assert left == replace(DRAINED, unsequenced=1)


async def test_the_sink_takes_messages_and_counts_them() -> None:
    with running_smtp_sink() as sink:
        port = int(sink.url.partition("127.0.0.1:")[2].partition("?")[0])
        for text in ("bonjour", "un\r\n..\r\npoint"):
            message = f"Subject: essai\r\n\r\n{text}\r\n"
            await aiosmtplib.send(
                message,
                sender="a@example.org",
                recipients=["b@example.org"],
                hostname="127.0.0.1",
                port=port,
                start_tls=False,
            )

        assert sink.count() == 2


def failing(answers: RecordedAnswers, resident_mb: list[list[float]], queues: Queues) -> list[str]:
    """The claims that do not hold."""
    played = Played(10, 10, 40.0, resident_mb)
    return [each.text for each in claims(answers, played, queues, 1.0, ["service", "worker"]) if not each.holds]


def limited_answers() -> RecordedAnswers:
    answers = RecordedAnswers()
    answers.limited["GET modules"] += 1
    return answers


def test_a_shape_that_is_as_it_must_be_passes() -> None:
    assert failing(limited_answers(), STEADY, DRAINED) == []


def test_each_thing_that_must_be_true_can_fail() -> None:
    refused = limited_answers()
    refused.unexpected.append("POST registration: 409")
    refused.server_errors = 1
    growing = [[100.0, 80.0 + second] for second in range(40)]

    assert [text.split(":")[0] for text in failing(refused, STEADY, DRAINED)] == [
        "nothing is refused but by 429", "no answer 5xx"
    ]  # fmt: skip
    assert failing(RecordedAnswers(), STEADY, DRAINED) == [
        "a client that does not heed its limit is told so: 0 answers 429"
    ]
    assert len(failing(limited_answers(), STEADY, replace(DRAINED, emails=1))) == 1
    assert len(failing(limited_answers(), STEADY, replace(DRAINED, given_up=1))) == 1
    (grown,) = failing(limited_answers(), growing, DRAINED)
    assert grown == "memory of the worker is flat: 90 MB at a quarter, 118 MB at the end"


def test_growth_is_told_from_a_quarter_on() -> None:
    assert growth([*range(8), *([20.0] * 32)]) == (20.0, 20.0)
