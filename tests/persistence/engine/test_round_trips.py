"""What an action costs on the wire, statements prepared: round trips, counted by a proxy before PostgreSQL."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.persistence.engine.database import Database, open_database
from app.persistence.registrations import registrations
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.registrations.register_adviser import preview
from app.use_cases.sessions.register_in_session import preview_in_session
from tests.persistence.counting_proxy import CountingProxy, through_counting_proxy
from tests.use_cases.registrations.batch_builders import a_batch_context, register_in_a_batch
from tests.use_cases.sessions.session_builders import a_published_session, a_session_registration, register_to
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    a_new_registration,
    a_request_context,
    an_adviser,
    an_adviser_in_post,
    an_idempotency_key,
    day,
    id_of,
    register_in,
)


@pytest.fixture
async def proxied(database_url: str) -> AsyncGenerator[tuple[Database, CountingProxy]]:
    """A database of one connection, behind a wire that counts."""
    async with through_counting_proxy(database_url) as (url, proxy):
        opened = open_database(url, pool_size=1)
        yield opened, proxy
        await opened.close()


async def cost(proxy: CountingProxy, action: Callable[[], Awaitable[Any]]) -> int:
    """The round trips of the action."""
    before = proxy.round_trips
    await action()
    return proxy.round_trips - before


async def test_a_registration_takes_four_round_trips_begin_and_commit_included(
    proxied: tuple[Database, CountingProxy],
) -> None:
    database, proxy = proxied
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser, FIRST_DAY, context=a_request_context(key=an_idempotency_key()))

    accepted = await cost(
        proxy,
        lambda: register_in(
            database, adviser, FIRST_DAY + timedelta(365), context=a_request_context(key=an_idempotency_key())
        ),
    )
    over_quota = await cost(
        proxy,
        lambda: register_in(
            database, adviser, FIRST_DAY + timedelta(1), context=a_request_context(key=an_idempotency_key())
        ),
    )

    assert (accepted, over_quota) == (4, 4)


async def test_a_registration_to_a_session_takes_one_more_for_its_seat(proxied: tuple[Database, CountingProxy]) -> None:
    database, proxy = proxied
    session = await a_published_session(database, capacity=2)
    advisers = [await an_adviser_in_post(database) for _ in range(3)]
    refused = [await an_adviser(database) for _ in range(2)]

    def registering(adviser: UUID) -> Callable[[], Awaitable[Any]]:
        return lambda: register_to(database, session, adviser, a_request_context(key=an_idempotency_key()))

    await registering(advisers[0])()
    await registering(refused[0])()

    seated, waiting = [await cost(proxy, registering(adviser)) for adviser in advisers[1:]]
    without_a_seat = await cost(proxy, registering(refused[1]))

    assert (seated, waiting, without_a_seat) == (5, 5, 5)


async def test_a_preview_in_a_session_takes_one_round_trip(proxied: tuple[Database, CountingProxy]) -> None:
    database, proxy = proxied
    session, adviser = await a_published_session(database), await an_adviser_in_post(database)
    wanted = a_session_registration(adviser, session)
    await preview_in_session(database, wanted, a_request_context())

    assert await cost(proxy, lambda: preview_in_session(database, wanted, a_request_context())) == 1


async def test_leaving_a_seat_takes_two_more(proxied: tuple[Database, CountingProxy]) -> None:
    """The session is locked before it is read: a lock and what follows it are two statements."""
    database, proxy = proxied
    session = await a_published_session(database)
    first, second = [await register_to(database, session) for _ in range(2)]

    def cancelling(registration: Mapping[str, Any]) -> Callable[[], Awaitable[Any]]:
        context = a_request_context(key=an_idempotency_key())
        return lambda: cancel(database, id_of(registration), Cancellation(day("2026-06-15")), context)

    await cancelling(first)()

    assert await cost(proxy, cancelling(second)) == 6


async def test_in_a_batch_it_takes_two_also_by_itself(proxied: tuple[Database, CountingProxy]) -> None:
    database, proxy = proxied
    first, second = await an_adviser_in_post(database), await an_adviser_in_post(database)
    await register_in_a_batch(database, a_new_registration(first), a_batch_context())

    assert await cost(proxy, lambda: register_in_a_batch(database, a_new_registration(second), a_batch_context())) == 2


async def test_a_cancellation_that_promotes_takes_four_round_trips(proxied: tuple[Database, CountingProxy]) -> None:
    database, proxy = proxied
    adviser = await an_adviser_in_post(database)
    first, second, _ = [await register_in(database, adviser, FIRST_DAY + timedelta(number)) for number in range(3)]
    await cancel(database, id_of(first), Cancellation(day("2026-06-15")), a_request_context(key=an_idempotency_key()))

    cancelling = await cost(
        proxy,
        lambda: cancel(
            database, id_of(second), Cancellation(day("2026-06-15")), a_request_context(key=an_idempotency_key())
        ),
    )

    assert len(await database.many("SELECT id FROM decision WHERE cause = 'promotion'")) == 2
    assert cancelling == 4


async def test_a_read_takes_one_round_trip(proxied: tuple[Database, CountingProxy]) -> None:
    database, proxy = proxied
    adviser = await an_adviser_in_post(database)
    registration = id_of(await register_in(database, adviser))
    await registrations.read(database, registration, owner=None)
    await preview(database, a_new_registration(adviser, FIRST_DAY + timedelta(1)), a_request_context())

    reading = await cost(proxy, lambda: registrations.read(database, registration, owner=None))
    previewing = await cost(
        proxy, lambda: preview(database, a_new_registration(adviser, FIRST_DAY + timedelta(1)), a_request_context())
    )

    assert (reading, previewing) == (1, 1)


async def test_the_wire_counts_what_is_not_prepared_yet(proxied: tuple[Database, CountingProxy]) -> None:
    database, proxy = proxied
    await database.one("SELECT 1")

    first = await cost(proxy, lambda: database.one("SELECT 2"))
    again = await cost(proxy, lambda: database.one("SELECT 2"))

    assert (first, again) == (2, 1)
