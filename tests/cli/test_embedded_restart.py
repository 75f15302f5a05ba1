"""`python -m app serve` whose own PostgreSQL is killed serves again within seconds, or stops with one line."""

import json
import os
import signal
import time
from collections.abc import Callable, Generator
from pathlib import Path

import httpx
import pytest

from tests.cli.cli_process import TIMEOUT_S, ServeProcess, processes_in, serving_process
from tests.embedded.process_probes import only_on_linux
from tests.http_builders import an_adviser_in_post, register

pytestmark = only_on_linux


def postmaster(folder: Path) -> int:
    return int((folder / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


def backend_of_service(folder: Path) -> int:
    """One of those that serve the service."""
    found = (
        pid for pid in processes_in(folder) if b" registrations 127.0.0.1(" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    return next(found)


def registers_again(program: ServeProcess) -> int:
    """The status of a registration, once there is one again."""
    deadline = time.monotonic() + TIMEOUT_S
    with program.client("platform") as client:
        while True:
            try:
                return register(client, an_adviser_in_post(client)).raise_for_status().status_code
            except httpx.HTTPStatusError:
                assert time.monotonic() < deadline, program.logged
                time.sleep(0.05)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_its_postgresql_killed_it_starts_it_again_and_says_so_in_one_line(filled_data_dir: Path, workers: str) -> None:
    with serving_process(filled_data_dir, WORKERS=workers) as program:
        for _ in range(2):
            os.kill(postmaster(filled_data_dir), signal.SIGKILL)
            assert registers_again(program) == 201
        program.stop()
        lines = [json.loads(line) for line in program.logged.splitlines()]

    assert [line["event"] for line in lines].count("PostgreSQL died and was started again") == 2
    assert processes_in(filled_data_dir) == []


def test_a_session_killed_it_serves_again(filled_data_dir: Path) -> None:
    with serving_process(filled_data_dir) as program:
        server = postmaster(filled_data_dir)
        os.kill(backend_of_service(filled_data_dir), signal.SIGKILL)
        assert registers_again(program) == 201
        assert postmaster(filled_data_dir) == server


@pytest.fixture
def unstartable(filled_data_dir: Path) -> Generator[Callable[[], object]]:
    """What keeps the server of the folder from starting, for as long as the test lasts."""
    control = filled_data_dir / "postgres" / "global" / "pg_control"
    away = control.with_name("pg_control.away")
    yield lambda: control.rename(away)
    away.rename(control)


def test_one_that_cannot_be_started_again_stops_the_service_with_one_line(
    filled_data_dir: Path, unstartable: Callable[[], object]
) -> None:
    with serving_process(filled_data_dir) as program:
        unstartable()
        os.kill(postmaster(filled_data_dir), signal.SIGKILL)
        status = program.process.wait(TIMEOUT_S)
        said = [line for line in program.logged.splitlines() if not line.startswith("{")]

    assert status == 2
    (line,) = said
    assert line.startswith("PostgreSQL s’est arrêté et ne redémarre pas")
    assert line.endswith(str(filled_data_dir.resolve() / "postgres.log"))
    assert processes_in(filled_data_dir) == []
