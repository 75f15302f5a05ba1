"""/livez, /readyz and /metrics: whether the process runs, whether it can serve, and its metrics."""

from datetime import datetime

from fastapi import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.api.http.application_state import ApplicationState
from app.api.http.limits.concurrency_limits import limit_concurrency
from app.api.http.problems.database_unavailable_messages import DATABASE_UNAVAILABLE_MESSAGES
from app.api.http.problems.problem_details import Problem
from app.domain.facts.calendar import civil_date
from app.metrics import (
    CONTENT_TYPE,
    DEAD_DELIVERIES,
    DELIVERY_LANES,
    OLDEST_UNDELIVERED_AGE,
    OLDEST_UNSEQUENCED_AGE,
    SESSION_DEEDS_FAILING,
    SESSION_DEEDS_OLDEST_OPEN_AGE,
    SESSION_DEEDS_OPEN,
    SESSION_SEATS_TO_GIVE,
    SUPPORT_OLDEST_OPEN_AGE,
    SUPPORT_OPEN,
    SUPPORT_OVERDUE,
    UNDELIVERED_DELIVERIES,
    WORKERS,
    exposition,
)
from app.persistence.administration.health import count_lanes, count_workers, database_trouble, oldest_unsequenced
from app.persistence.engine.database import Reader
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS
from app.persistence.outbox.deliveries import Channel, count_dead, count_undelivered
from app.persistence.sessions import session_deeds
from app.persistence.support_requests import measure_queue
from app.wording.languages import Sentence

CIRCUIT_STATES = ("closed", "open", "half_open", "disabled")
RETRY_AFTER = {"Retry-After": "1"}
STOPPING = Sentence(fr="Le service s’arrête.", en="The service is stopping.")


def _service(request: Request) -> ApplicationState:
    service: ApplicationState = request.app.state.service
    return service


async def live(_: Request) -> Response:
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """Raise Problem while the process is stopping, and while the database can't serve."""
    service = _service(request)
    if service.draining:
        raise Problem("unavailable", STOPPING, headers=RETRY_AFTER)
    trouble = await database_trouble(service.database)
    if trouble is not None:
        raise Problem("unavailable", DATABASE_UNAVAILABLE_MESSAGES[trouble], headers=RETRY_AFTER)
    return JSONResponse({"status": "ready"})


async def metrics(request: Request) -> Response:
    """Without the database, what it would be asked for is NaN; what this process counts is still served."""
    service = _service(request)
    try:
        since = await oldest_unsequenced(service.database)
        OLDEST_UNSEQUENCED_AGE.set((service.clock() - since).total_seconds() if since else 0)
        await _measure_deliveries(service.database)
        await _measure_support(service.database, service.clock())
        await _measure_sessions(service.database, service.clock())
        WORKERS.set(await count_workers(service.database))
    except UNAVAILABLE_ERRORS:
        _forget_measures()
    return Response(exposition(), media_type=CONTENT_TYPE)


def _forget_measures() -> None:
    of_channels = (
        gauge.labels(channel)
        for gauge in (OLDEST_UNDELIVERED_AGE, UNDELIVERED_DELIVERIES, DEAD_DELIVERIES)
        for channel in Channel
    )
    of_lanes = (DELIVERY_LANES.labels(channel, state) for channel in Channel for state in CIRCUIT_STATES)
    of_support = (SUPPORT_OPEN, SUPPORT_OLDEST_OPEN_AGE, SUPPORT_OVERDUE)
    of_deeds = (SESSION_DEEDS_OPEN, SESSION_DEEDS_OLDEST_OPEN_AGE, SESSION_DEEDS_FAILING)
    for gauge in (
        OLDEST_UNSEQUENCED_AGE,
        WORKERS,
        *of_support,
        *of_deeds,
        SESSION_SEATS_TO_GIVE,
        *of_channels,
        *of_lanes,
    ):
        gauge.set(float("nan"))


async def _measure_deliveries(reader: Reader) -> None:
    undelivered, dead, lanes = await count_undelivered(reader), await count_dead(reader), await count_lanes(reader)
    for channel in Channel:
        waiting = undelivered.get(channel, {"oldest": 0, "waiting": 0})
        OLDEST_UNDELIVERED_AGE.labels(channel).set(waiting["oldest"])
        UNDELIVERED_DELIVERIES.labels(channel).set(waiting["waiting"])
        DEAD_DELIVERIES.labels(channel).set(dead.get(channel, 0))
        for state in CIRCUIT_STATES:
            DELIVERY_LANES.labels(channel, state).set(lanes.get((channel, state), 0))


async def _measure_support(reader: Reader, now: datetime) -> None:
    queue = await measure_queue(reader, civil_date(now))
    SUPPORT_OPEN.set(queue["open"])
    SUPPORT_OVERDUE.set(queue["overdue"])
    SUPPORT_OLDEST_OPEN_AGE.set((now - queue["oldest"]).total_seconds() if queue["oldest"] else 0)


async def _measure_sessions(reader: Reader, now: datetime) -> None:
    found = await session_deeds.measure(reader, civil_date(now))
    SESSION_DEEDS_OPEN.set(found["open"])
    SESSION_DEEDS_OLDEST_OPEN_AGE.set((now - found["oldest"]).total_seconds() if found["oldest"] else 0)
    SESSION_DEEDS_FAILING.set(found["failing"])
    SESSION_SEATS_TO_GIVE.set(found["to_give"])


def routes() -> list[BaseRoute]:
    return [
        Route("/livez", live),
        Route("/readyz", limit_concurrency(ready)),
        Route("/metrics", limit_concurrency(metrics)),
    ]
