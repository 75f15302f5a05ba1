"""Both load generators play every row against the service, and what they count is what happened."""

import asyncio
import os
import shutil
from collections.abc import Callable, Generator

import pytest

from app.persistence.engine.database import open_database
from benchmarks.hot_path.measurement import measure
from benchmarks.hot_path.read_rows import NAMES, Reader
from benchmarks.http_load import Load, Result, play_by_generator, play_by_wrk
from benchmarks.load import wrk
from benchmarks.load.request_templates import Requests, fill
from benchmarks.load.response_head import parse_head
from benchmarks.process_cost import PostgresProcesses
from benchmarks.server_processes import Server
from tests.benchmarks.populated_service import serving_dataset
from tests.databases import Databases
from tests.live_server import LiveServer

ADVISERS, CLIENTS = 4_000, 2
PLAYERS: list[Callable[[Load], Result]] = [play_by_generator, *([play_by_wrk] if shutil.which("wrk") else [])]
OUTPUT = """Running 3s test @ http://127.0.0.1:40001
  2 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    23.42ms    4.10ms  71.22ms   88.11%
    Req/Sec   341.20     42.15   404.00     81.67%
  Latency Distribution
     50%  850.00us
     75%   24.61ms
     90%   27.03ms
     99%    1.20s
  2045 requests in 3.01s, 2.71MB read
Requests/sec:    679.40
Transfer/sec:      0.90MB
Numbers used: 2061
"""


@pytest.fixture(scope="module")
def populated(databases: Databases, template: str) -> Generator[LiveServer]:
    with serving_dataset(databases, template, ADVISERS) as started:
        yield started


def authorization(served: LiveServer) -> str:
    return f"Bearer {served.keys['admin']}"


async def count_registrations(url: str) -> int:
    owner = open_database(url, pool_size=1, role=None)
    row = await owner.one("SELECT count(*) AS count FROM registration WHERE status = 'accepted'")
    await owner.close()
    return int(row["count"]) if row else 0


@pytest.mark.parametrize("play", PLAYERS)
def test_registrations_are_played_each_of_another_adviser(
    populated: LiveServer, play: Callable[[Load], Result]
) -> None:
    template = Requests(populated.base_url, authorization(populated)).registration()
    first = 1 + PLAYERS.index(play) * ADVISERS // 2
    before = asyncio.run(count_registrations(populated.database_url))

    result = play(Load(populated.base_url, template, range(first, first + ADVISERS // 2), 1, CLIENTS))

    written = asyncio.run(count_registrations(populated.database_url)) - before
    assert result.failed == 0
    assert 0 < result.requests <= written <= result.numbers
    assert 0 < result.p50_ms <= result.p99_ms


@pytest.mark.parametrize("play", PLAYERS)
@pytest.mark.parametrize("row", NAMES)
def test_each_row_of_reads_is_played(populated: LiveServer, play: Callable[[Load], Result], row: str) -> None:
    templates = Reader(Server(0, populated.base_url), authorization(populated)).templates()

    result = play(Load(populated.base_url, templates[row], range(1, ADVISERS), 1, CLIENTS))

    assert result.failed == 0
    assert result.requests > 0


@pytest.mark.parametrize("play", PLAYERS)
def test_what_is_refused_is_counted(populated: LiveServer, play: Callable[[Load], Result]) -> None:
    template = Requests(populated.base_url, "Bearer nobody").one()

    result = play(Load(populated.base_url, template, range(1, ADVISERS), 1, CLIENTS))

    assert result.failed == result.requests > 0


def test_a_row_with_a_refusal_is_no_row() -> None:
    refused = Result(10, 1, 10.0, 1.0, 2.0)

    with pytest.raises(ValueError, match="1 of 10 requests of 'reads' failed"):
        measure("reads", lambda: refused, PostgresProcesses(os.getpid()), None)


def test_both_players_fill_a_text_alike() -> None:
    text = Requests("http://127.0.0.1:1", "Bearer a%b").registration()

    filled = fill(text, 10)

    head, _, body = filled.partition(b"\r\n\r\n")
    assert b"Authorization: Bearer a%b\r\n" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert filled.count(b"00000000-0000-7000-8000-00000000000a") == 2


def test_the_output_of_wrk_is_read() -> None:
    assert wrk.parse_output(OUTPUT) == {
        "requests": 2045,
        "failed": 0,
        "numbers": 2061,
        "per_second": 679.4,
        "p50_ms": 0.85,
        "p99_ms": 1200.0,
    }


def test_what_wrk_says_of_errors_is_read() -> None:
    errors = "  Socket errors: connect 0, read 1, write 0, timeout 3\n  Non-2xx or 3xx responses: 5\nRequests/sec:"

    assert wrk.parse_output(OUTPUT.replace("Requests/sec:", errors))["failed"] == 9


def test_what_is_no_output_of_wrk_is_refused() -> None:
    with pytest.raises(ValueError, match="unable to connect"):
        wrk.parse_output("unable to connect to 127.0.0.1:1 Connection refused\n")


def test_the_length_of_an_answer_is_read_when_its_head_is_complete() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

    assert parse_head(head[:-1]) is None
    assert parse_head(head + b"1234") == (200, len(head), len(head) + 5)
    assert parse_head(b"HTTP/1.1 304 Not Modified\r\n\r\n") == (304, 29, 29)
    with pytest.raises(ValueError, match="chunked"):
        parse_head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
