"""What readers of the feed get when a standby takes over: no difference, unless it lacks what they have read."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.embedded.cluster import Cluster, running_cluster
from tests.api.response_assertions import expect_problem
from tests.cli.cli_process import new_folder
from tests.conftest import POSTGRES_SETTINGS, create_template
from tests.crash.test_restore import NAME, client_of, follow, head, positions, write_event_over_http
from tests.embedded.process_probes import copy_cluster, run_sql

CURRENT_LSN = "SELECT pg_current_wal_lsn()"
REPLAYED = "SELECT pg_last_wal_replay_lsn() >= '{lsn}'"
RECEIVING = "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'"


@pytest.fixture(scope="module")
def two_events() -> Generator[Path]:
    """The data folder of a stopped server whose feed has two events."""
    with new_folder() as folder:
        with running_cluster(folder / "first", settings=POSTGRES_SETTINGS) as cluster:
            create_template(cluster, NAME)
            with client_of(cluster) as client:
                write_event_over_http(client)
                write_event_over_http(client)
        yield folder / "first"


@pytest.fixture
def primary_and_standby(two_events: Path) -> Generator[tuple[Path, Path]]:
    """The data folders of a primary and of its standby."""
    with new_folder() as folder:
        primary, standby = (copy_cluster(two_events, folder / name) for name in ("primary", "standby"))
        (standby / "postgres" / "standby.signal").touch()
        yield primary, standby


@contextmanager
def streaming(primary: Cluster, standby: Path) -> Generator[Cluster]:
    """A standby that has all that the primary committed, and streams what it commits."""
    settings = POSTGRES_SETTINGS | {"primary_conninfo": primary.url("postgres")}
    with running_cluster(standby, settings=settings) as cluster:
        wait_for_answer(cluster, RECEIVING, "1")
        yield cluster


def wait_for_answer(cluster: Cluster, question: str, answer: str) -> None:
    deadline = time.monotonic() + 20
    while run_sql(cluster.url(NAME), question) != answer:
        assert time.monotonic() < deadline, question


def catch_up(standby: Cluster, primary: Cluster) -> None:
    wait_for_answer(standby, REPLAYED.format(lsn=run_sql(primary.url(NAME), CURRENT_LSN)), "t")


def promote(standby: Cluster) -> None:
    """`pg_ctl promote`, as the account that runs the server."""
    assert run_sql(standby.url(NAME), "SELECT pg_promote()") == "t"


def timeline(cluster: Cluster) -> str:
    return run_sql(cluster.url(NAME), "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)")


def test_a_standby_that_lacks_nothing_takes_over_and_no_reader_notices(primary_and_standby: tuple[Path, Path]) -> None:
    with (
        running_cluster(primary_and_standby[0], settings=POSTGRES_SETTINGS) as primary,
        streaming(primary, primary_and_standby[1]) as standby,
    ):
        with client_of(primary) as client:
            start: dict[str, Any] = client.get("/v1/events", params={"limit": 1}).json()
            write_event_over_http(client)
            third, before = head(client), timeline(primary)
        catch_up(standby, primary)
        primary.server.stop()
        promote(standby)

        with client_of(standby) as client:
            assert follow(client, third).json()["data"] == []
            write_event_over_http(client)

            assert timeline(standby) != before
            assert positions(follow(client, third).json()) == [4]
            assert positions(follow(client, start["next"]).json()) == [2, 3, 4]


def test_a_standby_that_lacks_an_event_takes_over_and_only_whoever_had_read_it_begins_again(
    primary_and_standby: tuple[Path, Path],
) -> None:
    with running_cluster(primary_and_standby[0], settings=POSTGRES_SETTINGS) as primary:
        with streaming(primary, primary_and_standby[1]) as standby, client_of(primary) as client:
            second = head(client)
            catch_up(standby, primary)
        with client_of(primary) as client:
            write_event_over_http(client)
            third = head(client)
    with running_cluster(primary_and_standby[1], settings=POSTGRES_SETTINGS) as standby:
        promote(standby)
        with client_of(standby) as client:
            expect_problem(follow(client, third), 410, "cursor-expired")
            write_event_over_http(client)  # in the place of the one that was lost

            expect_problem(follow(client, third), 410, "cursor-expired")
            assert positions(follow(client, second).json()) == [3]


def test_a_page_known_from_before_is_not_taken_for_what_took_its_place(primary_and_standby: tuple[Path, Path]) -> None:
    """The entity tag tells them apart, though both end at the third position."""
    known = pages_of_the_third(primary_and_standby[0]), pages_of_the_third(primary_and_standby[1])

    assert known[0]["ETag"] != known[1]["ETag"]


def pages_of_the_third(files: Path) -> httpx.Headers:
    """The entity tags of a page once a third event is announced, another one in each of two copies."""
    (files / "postgres" / "standby.signal").unlink(missing_ok=True)
    with running_cluster(files, settings=POSTGRES_SETTINGS) as cluster, client_of(cluster) as client:
        write_event_over_http(client)
        return client.get("/v1/events").headers
