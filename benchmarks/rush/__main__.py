"""`make bench-rush`: December and 31 March, played in some minutes against a service, its worker, a receiver of webhooks
and a mail server. It ends with status 1 when anything is refused but by 429, when a queue does not drain or memory grows.

Some 4,000 advisers register a few thousand times a month: 25 times an hour, 250 in a December hour. That hour played in a
minute is 4 registrations a second; the default rate is more than ten times that.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import uvloop

from app.embedded.cluster import running_cluster
from app.persistence.administration.client_role import Role
from app.persistence.schema.migrations import migrate
from benchmarks.dataset import populate
from benchmarks.deadline import deadline
from benchmarks.keep_alive_connections import KeepAliveConnections
from benchmarks.process_cost import RunningProcess
from benchmarks.rush import december, year_end
from benchmarks.rush.api_clients import ApiClient, ApiClients, add_api_clients
from benchmarks.rush.load_shape import Cast, LoadShape, Played, play_shape
from benchmarks.rush.queues import wait_until_drained
from benchmarks.rush.recorded_answers import RecordedAnswers
from benchmarks.rush.smtp_sink import running_smtp_sink
from benchmarks.rush.verdict import Claim, claims
from benchmarks.server_processes import running_service, running_workers
from benchmarks.table import header
from benchmarks.webhook_receiver import running_receiver
from benchmarks.webhook_throughput import add_endpoints, skip_reminders

SECONDS = float(os.environ.get("RUSH_SECONDS", "75"))  # of each shape
RATE = float(os.environ.get("RUSH_RATE", "20"))  # registrations a second in the rush
DRAIN_SECONDS = float(os.environ.get("RUSH_DRAIN_SECONDS", "60"))
STARTING_SECONDS, ENDPOINTS = 120, 4
PER_CLIENT = 8  # requests a second of one client: less than the 600 a minute that each may send
REQUESTS_PER_REGISTRATION = 2.5

SHAPES = (
    LoadShape("December", december.play, december.REGISTRATIONS_PER_STORY, has_imports=False),
    LoadShape("31 March", year_end.play, year_end.REGISTRATIONS_PER_STORY, has_imports=True),
)
ADVISERS_PER_SHAPE = year_end.STORIES * ceil(RATE * SECONDS / year_end.STORIES)

# Everybody can be written to; at year's end, some have a file to be put right.
MORE_OF_THE_DATASET = (
    "UPDATE adviser SET email = 'camille.' || conum_id || '@example.org'",
    "UPDATE contract SET employer_contact_email = 'rh@example.org'",
    f"""UPDATE contract c SET contract_uploaded_on = NULL FROM adviser a WHERE a.id = c.adviser_id
    AND a.conum_id > {ADVISERS_PER_SHAPE} AND a.conum_id % {year_end.STORIES} = {year_end.WITHOUT_UPLOADED_CONTRACT}""",
)
CLIENTS = {
    Role.PLATFORM: ceil(RATE * REQUESTS_PER_REGISTRATION / PER_CLIENT) + 2,
    Role.TRAINING_ORGANISATION: ceil(RATE / PER_CLIENT) + 2,
    Role.ADMIN: 1,
}


@dataclass(frozen=True, slots=True)
class Running:
    """What is played against; `processes` by their names, whose memory must stay flat."""

    url: str
    base_url: str
    processes: dict[str, RunningProcess]


@contextmanager
def running_everything(folder: Path) -> Generator[Running]:
    """Until the block ends. Raise TimeoutError when it does not start."""
    with ExitStack() as stack:
        with deadline(STARTING_SECONDS, "starting"):
            cluster = stack.enter_context(running_cluster(folder / "data"))
            cluster.create_database("bench")
            url = cluster.url("bench")
            migrate(url)
            populate(cluster, url, len(SHAPES) * ADVISERS_PER_SHAPE, *MORE_OF_THE_DATASET)
            skip_reminders(url)
            receiver, sink = stack.enter_context(running_receiver()), stack.enter_context(running_smtp_sink())
            add_endpoints(url, receiver, ENDPOINTS)
            service = stack.enter_context(running_service(url, {"RATE_LIMIT_PER_MINUTE": "600"}))
            (worker,) = stack.enter_context(running_workers(url, 1, {"SMTP_URL": sink.url}))
        yield Running(url, service.base_url, {"service": service, "worker": worker})


async def rush(running: Running, shape: LoadShape, first: int) -> list[Claim]:
    """Play a shape and print its rows: what must be true of it."""
    answers, connections = RecordedAnswers(), KeepAliveConnections(running.base_url)
    secrets = await add_api_clients(running.url, CLIENTS)
    impatient = ApiClient(connections, secrets[Role.PLATFORM].pop(), answers)
    watched = list(running.processes.values())
    cast = Cast(ApiClients(connections, secrets, answers), impatient, watched)
    played = await play_shape(shape, cast, first, SECONDS, RATE)
    drained_after, queues = await wait_until_drained(running.url, DRAIN_SECONDS)
    connections.close()
    _print(shape, played, answers)
    return claims(answers, played, queues, drained_after, list(running.processes))


def _print(shape: LoadShape, played: Played, answers: RecordedAnswers) -> None:
    print(f"\n{shape.name}: {played.ended} stories of {played.offered} offered, in {played.seconds:.0f} s; ", end="")
    print(f"p99 of all requests {answers.p99_ms():.0f} ms")
    print(header())
    answers.print(played.seconds)


async def play_all(running: Running) -> list[Claim]:
    """Every shape in turn. Raise TimeoutError."""
    found: list[Claim] = []
    for number, shape in enumerate(SHAPES):
        async with asyncio.timeout(2 * SECONDS + DRAIN_SECONDS + STARTING_SECONDS):
            made = await rush(running, shape, number * ADVISERS_PER_SHAPE + 1)
        print("\n".join(map(str, made)), flush=True)
        found += made
    return found


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="rush-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running_everything(folder) as running:
            found = uvloop.run(play_all(running))
    sys.exit(not all(claim.holds for claim in found))


if __name__ == "__main__":
    main()
