"""What /metrics tells of events and deliveries moves as they do."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.persistence.engine.database import Database, open_database
from app.use_cases.notifications.administer_webhook_endpoints import change_endpoint
from app.use_cases.notifications.egress_policy import EgressPolicy
from app.use_cases.sessions.give_seats import give_next_seats
from tests.api.administration.support_request_builders import answer, open_request
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser
from tests.live_server import PEPPER, LiveServer
from tests.outbox.webhooks.webhook_builders import an_audit_entry, an_endpoint, make_everything_due, relay_once
from tests.outbox.webhooks.webhook_receiver import ReceivedRequest, Receiver, Reply, accept, running_receiver
from tests.persistence.outbox.event_builders import place_waiting_events, write_events
from tests.use_cases.sessions.deed_builders import LATER, carry_out, change
from tests.use_cases.sessions.session_builders import a_published_session, cancel_one, register_to

ReadMetric = Callable[..., Awaitable[float]]


@pytest.fixture(scope="module")
def quiet_service(module_service: LiveServer) -> LiveServer:
    """A service that these tests alone call."""
    return module_service


@pytest.fixture
async def database(quiet_service: LiveServer) -> AsyncGenerator[Database]:
    opened = open_database(quiet_service.database_url, pool_size=2, secrets=PEPPER.secrets)
    yield opened
    await opened.one("UPDATE webhook_endpoint SET status = 'deleted', disabled_because = NULL")
    await opened.close()


@pytest.fixture
async def metric_value(quiet_service: LiveServer) -> AsyncGenerator[ReadMetric]:
    """The present value of a sample; 0 when there is none."""
    async with httpx.AsyncClient(base_url=quiet_service.base_url) as client:

        async def measure(name: str, **labels: str) -> float:
            text = (await client.get("/metrics")).raise_for_status().text
            samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
            return sum(sample.value for sample in samples if (sample.name, sample.labels) == (name, labels))

        yield measure


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with running_receiver() as started:
        yield started


async def refusing(_: ReceivedRequest) -> Reply:
    return Reply(500)


async def test_the_oldest_event_without_a_position_ages_until_it_is_placed(
    quiet_service: LiveServer, metric_value: ReadMetric, database: Database
) -> None:
    quiet_service.clock.now = MORNING + timedelta(seconds=30)
    await write_events(database)
    waiting = await metric_value("outbox_oldest_unsequenced_age_seconds")
    await place_waiting_events(database)

    assert (waiting, await metric_value("outbox_oldest_unsequenced_age_seconds")) == (30, 0)


async def test_what_is_undelivered_is_counted_and_ages_until_it_has_arrived(
    metric_value: ReadMetric, database: Database, receiver: Receiver
) -> None:
    await an_endpoint(database, receiver.url)
    await write_events(database, 3)
    await place_waiting_events(database)
    await database.one("UPDATE delivery SET created_at = now() - interval '1 hour'")
    before = await metric_value("delivery_undelivered", channel="webhook")
    age = await metric_value("delivery_oldest_undelivered_age_seconds", channel="webhook")
    await relay_once(database)

    assert (before, await metric_value("delivery_undelivered", channel="webhook")) == (3, 0)
    assert 3600 <= age < 3700
    assert await metric_value("delivery_oldest_undelivered_age_seconds", channel="webhook") == 0


@pytest.mark.parametrize(("answer", "outcome"), [(accept, "delivered"), (refusing, "refused")])
async def test_attempts_are_counted_by_outcome(
    metric_value: ReadMetric,
    database: Database,
    receiver: Receiver,
    answer: Callable[..., Awaitable[Reply]],
    outcome: str,
) -> None:
    receiver.answer = answer
    await an_endpoint(database, receiver.url)
    await write_events(database, 2)
    await place_waiting_events(database)
    before = await metric_value("delivery_attempts_total", channel="webhook", outcome=outcome)
    await relay_once(database)

    assert await metric_value("delivery_attempts_total", channel="webhook", outcome=outcome) == before + 2


async def test_a_receiver_is_counted_where_its_circuit_breaker_stands(
    metric_value: ReadMetric, database: Database, receiver: Receiver
) -> None:
    async def lanes() -> tuple[float, ...]:
        states = ("closed", "open", "half_open", "disabled")
        return tuple([await metric_value("delivery_lanes", channel="webhook", state=state) for state in states])

    await database.one("UPDATE webhook_endpoint SET status = 'deleted'")
    receiver.answer = refusing
    endpoint = await an_endpoint(database, receiver.url)
    assert await lanes() == (1, 0, 0, 0)

    await write_events(database, 5)
    await place_waiting_events(database)
    while await relay_once(database):
        pass
    assert await lanes() == (0, 1, 0, 0)

    await make_everything_due(database)
    assert await lanes() == (0, 0, 1, 0)

    off = {"status": "disabled"}
    await change_endpoint(
        database, endpoint.id, off, endpoint.owner, EgressPolicy(allows_anything=True), MORNING, an_audit_entry()
    )
    assert await lanes() == (0, 0, 0, 1)


async def test_the_queue_of_support_requests_is_measured(quiet_service: LiveServer, metric_value: ReadMetric) -> None:
    names = ("support_requests_open", "support_requests_oldest_open_age_seconds", "support_requests_overdue")

    async def queue() -> tuple[float, ...]:
        return tuple([await metric_value(name) for name in names])

    quiet_service.clock.now = MORNING
    before = await queue()
    with quiet_service.client("admin") as admin:
        adviser = an_adviser(admin)
        first = open_request(admin, adviser)
        open_request(admin, adviser)
        quiet_service.clock.now = MORNING + timedelta(days=60)  # the last day to answer
        on_time = await queue()
        quiet_service.clock.now = MORNING + timedelta(days=61)
        late = await queue()
        answer(admin, first, granted=False).raise_for_status()
        answered = await queue()

    day = timedelta(days=1).total_seconds()
    assert (before, on_time, late) == ((0, 0, 0), (2, 60 * day, 0), (2, 61 * day, 2))
    assert answered == (1, 61 * day, 1)


async def test_deeds_on_sessions_and_seats_to_give_are_measured(
    quiet_service: LiveServer, metric_value: ReadMetric, database: Database
) -> None:
    names = ("session_deeds_open", "session_deeds_oldest_open_age_seconds", "session_deeds_failing_registrations")

    async def measured() -> tuple[float, ...]:
        return tuple([await metric_value(name) for name in (*names, "session_seats_to_give")])

    quiet_service.clock.now = MORNING
    before = await measured()
    session = await a_published_session(database, capacity=1)
    first = await register_to(database, session)
    await register_to(database, session)
    await cancel_one(database, first)
    await change(database, session, starts_on=LATER)
    quiet_service.clock.now = MORNING + timedelta(minutes=5)
    waiting = await measured()
    await carry_out(database)
    await give_next_seats(database, MORNING)

    assert (before, waiting, await measured()) == ((0, 0, 0, 0), (1, 300, 0, 1), (0, 0, 0, 0))
