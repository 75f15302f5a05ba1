"""What /metrics tells of events and deliveries moves as they do."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.persistence.database import Database, open_database
from app.use_cases.keep_endpoint import change_endpoint
from app.use_cases.reach import Reach
from tests.clockwork import MORNING
from tests.outbox.posting import an_endpoint, hurry, one_turn, trace
from tests.outbox.receiver import Received, Receiver, Reply, receiving, thanks
from tests.persistence.telling import placed, told
from tests.served import Served

Measure = Callable[..., Awaitable[float]]


@pytest.fixture(scope="module")
def measurable(module_service: Served) -> Served:
    """A service to which nobody but these tests comes."""
    return module_service


@pytest.fixture
async def database(measurable: Served) -> AsyncGenerator[Database]:
    opened = open_database(measurable.database_url, pool_size=2)
    yield opened
    await opened.one("UPDATE webhook_endpoint SET status = 'deleted', disabled_because = NULL")
    await opened.close()


@pytest.fixture
async def measured(measurable: Served) -> AsyncGenerator[Measure]:
    """The present value of a sample; 0 when there is none."""
    async with httpx.AsyncClient(base_url=measurable.base_url) as client:

        async def measure(name: str, **labels: str) -> float:
            text = (await client.get("/metrics")).raise_for_status().text
            samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
            return sum(sample.value for sample in samples if (sample.name, sample.labels) == (name, labels))

        yield measure


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with receiving() as started:
        yield started


async def refusing(_: Received) -> Reply:
    return Reply(500)


async def test_the_oldest_event_without_a_position_ages_until_it_is_placed(
    measurable: Served, measured: Measure, database: Database
) -> None:
    measurable.clock.now = MORNING + timedelta(seconds=30)
    await told(database)
    waiting = await measured("outbox_oldest_unsequenced_age_seconds")
    await placed(database)

    assert (waiting, await measured("outbox_oldest_unsequenced_age_seconds")) == (30, 0)


async def test_what_is_undelivered_is_counted_and_ages_until_it_has_arrived(
    measured: Measure, database: Database, receiver: Receiver
) -> None:
    await an_endpoint(database, receiver.url)
    await told(database, 3)
    await placed(database)
    await database.one("UPDATE delivery SET created_at = now() - interval '1 hour'")
    before = await measured("delivery_undelivered", channel="webhook")
    age = await measured("delivery_oldest_undelivered_age_seconds", channel="webhook")
    await one_turn(database)

    assert (before, await measured("delivery_undelivered", channel="webhook")) == (3, 0)
    assert 3600 <= age < 3700
    assert await measured("delivery_oldest_undelivered_age_seconds", channel="webhook") == 0


@pytest.mark.parametrize(("answer", "outcome"), [(thanks, "delivered"), (refusing, "refused")])
async def test_attempts_are_counted_by_what_they_came_to(
    measured: Measure, database: Database, receiver: Receiver, answer: Callable[..., Awaitable[Reply]], outcome: str
) -> None:
    receiver.answer = answer
    await an_endpoint(database, receiver.url)
    await told(database, 2)
    await placed(database)
    before = await measured("delivery_attempts_total", channel="webhook", outcome=outcome)
    await one_turn(database)

    assert await measured("delivery_attempts_total", channel="webhook", outcome=outcome) == before + 2


async def test_a_receiver_is_counted_where_its_circuit_breaker_stands(
    measured: Measure, database: Database, receiver: Receiver
) -> None:
    async def lanes() -> tuple[float, ...]:
        states = ("closed", "open", "half_open", "disabled")
        return tuple([await measured("delivery_lanes", channel="webhook", state=state) for state in states])

    await database.one("UPDATE webhook_endpoint SET status = 'deleted'")
    receiver.answer = refusing
    endpoint = await an_endpoint(database, receiver.url)
    assert await lanes() == (1, 0, 0, 0)

    await told(database, 5)
    await placed(database)
    while await one_turn(database):
        pass
    assert await lanes() == (0, 1, 0, 0)

    await hurry(database)
    assert await lanes() == (0, 0, 1, 0)

    off = {"status": "disabled"}
    await change_endpoint(database, endpoint.id, off, endpoint.owner, Reach(anywhere=True), MORNING, trace())
    assert await lanes() == (0, 0, 0, 1)
