"""The processes of a benchmark start, are accounted for, and none is waited for without end."""

import asyncio
import os
import subprocess
import sys
import time
from contextlib import closing
from urllib.request import urlopen

import pytest

from app.embedded.cluster import Cluster
from app.persistence.engine.database import Database, open_database
from benchmarks.deadline import deadline
from benchmarks.process_cost import PostgresProcesses, RunningProcess
from benchmarks.server_processes import running_bare_app, running_workers
from benchmarks.webhook_throughput import skip_reminders

BUSY = "SELECT count(*) FROM generate_series(1, 3000000)"


def test_workers_that_find_nothing_to_tidy_are_ready(database_url: str) -> None:
    skip_reminders(database_url)
    with deadline(60, "two workers"), running_workers(database_url, 2) as workers:
        assert len({worker.pid for worker in workers}) == 2


def test_the_bare_app_says_how_long_its_answer_is(database_url: str) -> None:
    with running_bare_app(database_url) as server, urlopen(server.base_url, timeout=10) as answer:  # noqa: S310  # our own
        assert answer.headers["content-length"] == "0"


def test_a_deadline_ends_what_waits_for_a_pipe() -> None:
    silent = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(silent, stdout=subprocess.PIPE, text=True) as process:
        pipe = process.stdout or sys.stdin
        with pytest.raises(TimeoutError, match="reading: not over after 0 s"), deadline(0.3, "reading"):
            pipe.readline()
        is_running = process.poll() is None
        process.kill()

    assert is_running


async def call_back_for_ever() -> None:
    loop = asyncio.get_running_loop()

    def call_back() -> None:
        time.sleep(0.01)
        loop.call_soon(call_back)

    call_back()
    await asyncio.sleep(10)


def test_a_deadline_ends_an_event_loop_in_the_middle_of_a_callback() -> None:
    with pytest.raises(TimeoutError, match="calling"), deadline(0.3, "calling"), closing(call_back_for_ever()) as busy:
        asyncio.run(busy)


def test_a_deadline_ends_no_later_than_the_one_around_it() -> None:
    with pytest.raises(TimeoutError, match="inner"), deadline(0.2, "outer"), deadline(60, "inner"):
        time.sleep(10)


def sleep_after_a_deadline() -> None:
    with deadline(60, "inner"):
        pass
    time.sleep(10)


def test_a_deadline_goes_on_after_one_within_it() -> None:
    with pytest.raises(TimeoutError, match="outer"), deadline(0.3, "outer"):
        sleep_after_a_deadline()


def test_what_was_in_time_is_not_ended_later() -> None:
    with deadline(0.1, "quick"):
        pass
    time.sleep(0.3)


async def test_a_backend_that_has_ended_is_accounted_for(cluster: Cluster, database_url: str) -> None:
    postgres = PostgresProcesses(cluster.pid)
    before = postgres.cpu_seconds()
    passing = open_database(database_url, pool_size=1)
    await passing.one(BUSY)
    await passing.close()
    await asyncio.sleep(0.5)

    assert postgres.cpu_seconds() - before >= 0.1


async def test_a_backend_that_lives_is_accounted_for(cluster: Cluster, database: Database) -> None:
    postgres = PostgresProcesses(cluster.pid)
    before = postgres.cpu_seconds()
    await database.one(BUSY)

    assert postgres.cpu_seconds() - before >= 0.1


def test_memory_of_a_process_is_that_which_linux_says() -> None:
    process = RunningProcess(os.getpid())

    assert 20 < process.proportional_mb() <= process.resident_mb() < 4_000
