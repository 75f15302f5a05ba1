"""`python -m app serve` whose own PostgreSQL is killed serves again within seconds, or stops with one line."""

import json
import os
import signal
import time
from collections.abc import Callable, Generator
from pathlib import Path

import httpx
import pytest

from tests.cli.program import PATIENCE_S, Program, processes_in, serving
from tests.embedded.household import linux
from tests.scenes import an_adviser_in_post, register

pytestmark = linux


def postmaster(folder: Path) -> int:
    return int((folder / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


def a_session(folder: Path) -> int:
    """One of those that serve the service."""
    found = (
        pid for pid in processes_in(folder) if b" registrations 127.0.0.1(" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    return next(found)


def registers_again(program: Program) -> int:
    """The status of a registration, once there is one again."""
    deadline = time.monotonic() + PATIENCE_S
    with program.client("platform") as client:
        while True:
            try:
                return register(client, an_adviser_in_post(client)).raise_for_status().status_code
            except httpx.HTTPStatusError:
                assert time.monotonic() < deadline, program.logged
                time.sleep(0.05)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_its_postgresql_killed_it_starts_it_again_and_says_so_in_one_line(filled: Path, workers: str) -> None:
    with serving(filled, WORKERS=workers) as program:
        for _ in range(2):
            os.kill(postmaster(filled), signal.SIGKILL)
            assert registers_again(program) == 201
        program.stop()
        lines = [json.loads(line) for line in program.logged.splitlines()]

    assert [line["event"] for line in lines].count("PostgreSQL died and was started again") == 2
    assert processes_in(filled) == []


def test_a_session_killed_it_serves_again(filled: Path) -> None:
    with serving(filled) as program:
        server = postmaster(filled)
        os.kill(a_session(filled), signal.SIGKILL)
        assert registers_again(program) == 201
        assert postmaster(filled) == server


@pytest.fixture
def unstartable(filled: Path) -> Generator[Callable[[], object]]:
    """What keeps the server of the folder from starting, for as long as the test lasts."""
    control = filled / "postgres" / "global" / "pg_control"
    away = control.with_name("pg_control.away")
    yield lambda: control.rename(away)
    away.rename(control)


def test_one_that_cannot_be_started_again_stops_the_service_with_one_line(
    filled: Path, unstartable: Callable[[], object]
) -> None:
    with serving(filled) as program:
        unstartable()
        os.kill(postmaster(filled), signal.SIGKILL)
        status = program.process.wait(PATIENCE_S)
        said = [line for line in program.logged.splitlines() if not line.startswith("{")]

    assert status == 2
    (line,) = said
    assert line.startswith("PostgreSQL s’est arrêté et ne redémarre pas")
    assert line.endswith(str(filled.resolve() / "postgres.log"))
    assert processes_in(filled) == []
