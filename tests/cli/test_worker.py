"""`python -m app worker`, as many as there are, beside the API."""

import asyncio
import json
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from prometheus_client.parser import text_string_to_metric_families

from app.cli.serving import listening_socket
from app.embedded.cluster import Cluster
from app.persistence.administration.health import count_workers
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.readiness import PROBE_INTERVAL_SECONDS
from tests.cli.cli_process import TIMEOUT_S, new_folder, run_command, serving_process, start_command
from tests.forks import ForkedProcess
from tests.http_builders import an_adviser_in_post, register
from tests.log_capture import LOG_FOLDER
from tests.outbox.webhooks.webhook_builders import SECRETS, an_endpoint
from tests.outbox.webhooks.webhook_receiver import running_receiver
from tests.persistence.outbox.event_builders import write_events

DELIVERING = {"SECRET_KEY": SECRETS[0], "WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "true"}
DATABASE_AWAY_EVENT = "the database does not answer"
PROBES = ("/livez", "/readyz", "/metrics")


def free_port() -> str:
    with listening_socket("127.0.0.1", 0) as found:
        return str(found.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Worker:
    process: subprocess.Popen[bytes] | ForkedProcess
    log_file: Path
    port: str

    def delivered(self) -> float:
        """How many webhooks, as it tells Prometheus."""
        text = httpx.get(f"http://127.0.0.1:{self.port}/metrics").raise_for_status().text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        labels = {"channel": "webhook", "outcome": "delivered"}
        return sum(s.value for s in samples if (s.name, s.labels) == ("delivery_attempts_total", labels))


@contextmanager
def running_workers(url: str, count: int) -> Generator[list[Worker]]:
    """So many workers, which the block tells to stop."""
    started = list[Worker]()
    for _ in range(count):
        port, log_file = free_port(), LOG_FOLDER / f"{uuid4()}.log"
        settings = DELIVERING | {"DATABASE_URL": url, "METRICS_PORT": port}
        process = start_command("worker", settings=settings, stdout=log_file, stderr=log_file)
        started.append(Worker(process, log_file, port))
    try:
        yield started
        for worker in started:
            worker.process.send_signal(signal.SIGTERM)
        assert [worker.process.wait(TIMEOUT_S) for worker in started] == [0] * count
    finally:
        for worker in started:
            worker.process.kill()
            worker.process.wait()


@asynccontextmanager
async def database_unavailable(cluster: Cluster, url: str) -> AsyncGenerator[None]:
    """The database ends every connection and takes no other, until the block ends."""
    name = urlsplit(url).path.removeprefix("/")
    maintenance = open_database(cluster.url("postgres"), pool_size=1, role=None)
    await maintenance.one(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await maintenance.many("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name)
    try:
        yield
    finally:
        await maintenance.one(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await maintenance.close()


async def wait_until_listening(database: Database, count: int) -> None:
    """Return once so many listen to the database."""
    async with asyncio.timeout(TIMEOUT_S):
        while await count_workers(database) < count:
            pass


async def test_workers_share_what_is_delivered_and_outlive_a_database_that_goes_away(
    cluster: Cluster, database_url: str, database: Database
) -> None:
    async with running_receiver() as receiver:
        await an_endpoint(database, receiver.url)
        with running_workers(database_url, 2) as workers:
            await write_events(database, 20)
            await receiver.wait_for(20, seconds=TIMEOUT_S)
            async with database_unavailable(cluster, database_url):
                async with asyncio.timeout(TIMEOUT_S):
                    while not all(DATABASE_AWAY_EVENT in worker.log_file.read_text() for worker in workers):  # noqa: ASYNC110  # a file says nothing
                        await asyncio.sleep(0.05)  # a file tells nobody that it grew
            await wait_until_listening(database, 2)
            await write_events(database, 20)
            await receiver.wait_for(40, seconds=TIMEOUT_S)
            counted = 0.0
            async with asyncio.timeout(TIMEOUT_S):
                while counted < 40:
                    counted = sum([await asyncio.to_thread(worker.delivered) for worker in workers])

    assert max(Counter(receiver.ids).values()) == 1
    assert (len(receiver.ids), counted) == (40, 40)


def test_a_port_for_metrics_that_is_taken_is_said_in_one_line(database_url: str) -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        done = run_command("worker", DATABASE_URL=database_url, METRICS_PORT=port, **DELIVERING)

    assert done.returncode == 2
    assert done.stderr.startswith(f"METRICS_PORT : 127.0.0.1:{port} ")
    assert done.stderr.count("\n") == 1


def registered(base_url: str, key: str) -> None:
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {key}"}) as client:
        register(client, an_adviser_in_post(client)).raise_for_status()


async def wait_until_tried(database: Database, channel: str) -> None:
    """Return once a delivery through it was tried, in vain."""
    found = """SELECT FROM delivery_attempt a JOIN delivery d ON d.id = a.delivery_id
    WHERE d.channel = $1 AND a.error = 'no-connection'"""
    async with asyncio.timeout(TIMEOUT_S):
        while await database.one(found, channel) is None:
            pass


async def test_dead_receivers_make_nothing_unready_and_a_dead_database_does(
    cluster: Cluster, database_url: str, database: Database
) -> None:
    settings = DELIVERING | {"DATABASE_URL": database_url, "RUN_WORKER": "true"}
    settings["SMTP_URL"] = f"smtp://127.0.0.1:{free_port()}?starttls=false"
    key = run_command("keys", "create", "La Coop", "platform", **settings).stdout.split()[-1]
    await an_endpoint(database, f"http://127.0.0.1:{free_port()}/hooks")
    with new_folder() as folder, serving_process(folder / "var", **settings) as program:
        await asyncio.to_thread(registered, program.base_url, key)
        for channel in ("webhook", "email"):
            await wait_until_tried(database, channel)
        async with httpx.AsyncClient(base_url=program.base_url) as client:
            unharmed = [await client.get(path) for path in PROBES]
            async with database_unavailable(cluster, database_url):
                await asyncio.sleep(PROBE_INTERVAL_SECONDS)  # readiness is looked at once a second, however many ask
                harmed = [await client.get(path) for path in PROBES]

    assert [answer.status_code for answer in unharmed] == [200, 200, 200]
    assert [answer.status_code for answer in harmed] == [200, 503, 200]
    assert 'delivery_undelivered{channel="webhook"} 1.0' in unharmed[-1].text
    assert 'delivery_undelivered{channel="webhook"} NaN' in harmed[-1].text


def failures_logged(log_file: str, code: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in log_file.splitlines()]
    return [line for line in lines if line["event"] == "failure" and line["code"] == code]


async def test_a_thousand_requests_that_fail_alike_are_a_few_lines_and_a_count(
    cluster: Cluster, database_url: str
) -> None:
    settings = DELIVERING | {"DATABASE_URL": database_url}
    headers = {
        "Authorization": f"Bearer {run_command('keys', 'create', 'La Coop', 'admin', **settings).stdout.split()[-1]}"
    }
    asked = ("modules", "advisers", "registrations", "webhook-endpoints", "messages")
    with new_folder() as folder, serving_process(folder / "var", **settings) as program:
        async with (
            httpx.AsyncClient(base_url=program.base_url, headers=headers) as client,
            database_unavailable(cluster, database_url),
        ):
            paths = [f"/v1/{noun}" for noun in asked] * 40
            statuses = {(await client.get(path)).status_code for path in paths}
        program.stop()
        log_file = program.logged

    told = failures_logged(log_file, "unavailable")
    whole = [line for line in told if "repeated" not in line]
    assert statuses == {503}
    assert log_file.count('"event":"request"') >= len(paths)  # each of them has its own
    assert len(whole) <= 5
    assert len(whole) + sum(int(str(line["repeated"])) for line in told if line not in whole) == len(paths)
