"""What requests cost the program and the database, on each size in turn: medians of several rounds."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from statistics import median

from benchmarks.growth.database import GrownDatabase
from benchmarks.growth.processor_time import ProcessorTime
from benchmarks.growth.requests import REQUESTS, GrownService, RequestFailed
from benchmarks.server_processes import running_service

FIRST_TRIES = 5
MOST = 1.15  # times the cost on the smallest database
Costs = tuple[float, float]
"""Milliseconds of processor for a request: of the program, of the database."""


def measure_requests(postmaster: int, databases: Sequence[GrownDatabase], rounds: int) -> Mapping[str, Sequence[Costs]]:
    """By request, its costs on each database. The first round warms what is remembered, and does not count: the others
    read the same rows, from memory."""
    samples: dict[tuple[str, int], list[Costs]] = {}
    with ExitStack() as stack:
        services = [_service(stack, database) for database in databases]
        for turn in range(rounds + 1):
            for service in services:
                service.numbers = count()
            for name in REQUESTS:
                for service in services if turn % 2 else reversed(services):
                    cost = _cost(postmaster, service, name)
                    if turn:
                        samples.setdefault((name, service.database.advisers), []).append(cost)
    return {name: [_median(samples[name, database.advisers]) for database in databases] for name in REQUESTS}


def _service(stack: ExitStack, database: GrownDatabase) -> GrownService:
    server = stack.enter_context(running_service(database.url))
    service = GrownService(database, server.base_url, server.pid)
    # The first registration of a process reads the policy, which takes long where the processor is shared.
    for _ in range(FIRST_TRIES):
        with suppress(RequestFailed):
            REQUESTS["POST /v1/registrations"][0](service)
            break
    return service


def _cost(postmaster: int, service: GrownService, name: str) -> Costs:
    send, batch = REQUESTS[name]
    service.connection.close()  # opened again: the service may have ended it while others were measured
    clock = ProcessorTime(postmaster, f"growth_{service.database.advisers}", service.pid)
    program, database = clock.program_seconds(), clock.database_seconds()
    for _ in range(batch):
        send(service)
    spent = clock.program_seconds() - program, clock.database_seconds() - database
    return spent[0] * 1000 / batch, spent[1] * 1000 / batch


def _median(costs: Sequence[Costs]) -> Costs:
    return median(program for program, _ in costs), median(database for _, database in costs)
