"""What readers of the feed get after a restore: never silence where events are lost."""

import asyncio
import subprocess
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.embedded.cluster import Cluster, running_cluster
from app.persistence.engine.database import open_database
from app.persistence.outbox.assign_feed_positions import begin_epoch
from tests.api.response_assertions import expect_problem
from tests.cli.cli_process import new_folder
from tests.conftest import POSTGRES_SETTINGS, create_template
from tests.embedded.process_probes import copy_cluster
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser_in_post, register
from tests.live_server import serving

NAME = "registrations"


@dataclass(frozen=True, slots=True)
class Backup:
    """A dump and a copy of the files of a server. Two events were announced before them, a third one after; `cursors`
    are those of the readers of the second and of the third."""

    folder: Path
    dump: Path
    cursors: tuple[str, str]


def write_event_over_http(client: httpx.Client) -> None:
    register(client, an_adviser_in_post(client)).raise_for_status()


def follow(client: httpx.Client, after: str | None) -> httpx.Response:
    return client.get("/v1/events", params={} if after is None else {"after": after})


def head(client: httpx.Client) -> str:
    cursor: str = follow(client, "now").json()["next"]
    return cursor


@contextmanager
def client_of(cluster: Cluster) -> Generator[httpx.Client]:
    with serving(cluster.url(NAME)) as served, served.client("platform") as client:
        yield client


def command(cluster: Cluster, name: str, *arguments: str | Path) -> None:
    subprocess.run([cluster.binaries / name, "-d", cluster.url(NAME), *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def backup() -> Generator[Backup]:
    with new_folder() as folder:
        with running_cluster(folder / "first", settings=POSTGRES_SETTINGS) as cluster:
            create_template(cluster, NAME)
            with client_of(cluster) as client:
                write_event_over_http(client)
                write_event_over_http(client)
                second = head(client)
            command(cluster, "pg_dump", "-Fc", "-f", folder / "dump")
            command(cluster, "pg_dumpall", "--roles-only", "--no-role-passwords", "-f", folder / "roles")
        copy_cluster(folder / "first", folder / "copy")
        with running_cluster(folder / "first", settings=POSTGRES_SETTINGS) as cluster, client_of(cluster) as client:
            write_event_over_http(client)
            third = head(client)
        yield Backup(folder, folder / "dump", (second, third))


@contextmanager
def dump_in_another_server(backup: Backup) -> Generator[Cluster]:
    with running_cluster(backup.folder / "another", settings=POSTGRES_SETTINGS) as cluster:
        cluster.create_database(NAME)
        command(cluster, "psql", "-f", backup.folder / "roles")  # they are of the server, and in no dump
        command(cluster, "pg_restore", backup.dump)
        yield cluster


@contextmanager
def dump_in_another_database(backup: Backup) -> Generator[Cluster]:
    """Of the same server."""
    with running_cluster(backup.folder / "first", settings=POSTGRES_SETTINGS) as cluster:
        subprocess.run([cluster.binaries / "dropdb", "--maintenance-db", cluster.url("postgres"), NAME], check=True)
        cluster.create_database(NAME)
        command(cluster, "pg_restore", backup.dump)
        yield cluster


@contextmanager
def dump_over_the_database(backup: Backup) -> Generator[Cluster]:
    with running_cluster(backup.folder / "first", settings=POSTGRES_SETTINGS) as cluster:
        command(cluster, "pg_restore", "--clean", backup.dump)
        yield cluster


@contextmanager
def files_recovered(backup: Backup) -> Generator[Cluster]:
    """By recovery, as far as possible: the restored files begin another timeline."""
    data_dir = copy_cluster(backup.folder / "copy", backup.folder / "recovered")
    (data_dir / "postgres" / "recovery.signal").touch()
    with running_cluster(
        data_dir, settings=POSTGRES_SETTINGS | {"restore_command": "false", "hot_standby": "off"}
    ) as cluster:
        yield cluster


@contextmanager
def files_put_back(backup: Backup) -> Generator[Cluster]:
    """As a snapshot of the machine is restored, which the server cannot know."""
    data_dir = copy_cluster(backup.folder / "copy", backup.folder / "put-back")
    with running_cluster(data_dir, settings=POSTGRES_SETTINGS) as cluster:
        yield cluster


@contextmanager
def files_put_back_by_an_operator(backup: Backup) -> Generator[Cluster]:
    """By an operator who makes every reader begin again."""
    data_dir = copy_cluster(backup.folder / "copy", backup.folder / "said")
    with running_cluster(data_dir, settings=POSTGRES_SETTINGS) as cluster:
        asyncio.run(operate(cluster.url(NAME)))
        yield cluster


async def operate(url: str) -> None:
    """`python -m app feed new-epoch`."""
    database = open_database(url, pool_size=1)
    async with database.transaction() as tx:
        await begin_epoch(tx, MORNING)
    await database.close()


Restored = Callable[[Backup], AbstractContextManager[Cluster]]
ANOTHER_FEED: list[Restored] = [
    dump_in_another_server,
    dump_in_another_database,
    dump_over_the_database,
    files_put_back_by_an_operator,
]
THE_SAME_FEED: list[Restored] = [files_recovered, files_put_back]


def begins_again(client: httpx.Client, cursor: str) -> None:
    expired = follow(client, cursor)
    expect_problem(expired, 410, "cursor-expired")
    again: dict[str, Any] = client.get(expired.links["start"]["url"]).json()

    assert positions(again) == [1, 2, 3, 4]
    assert follow(client, again["next"]).json()["data"] == []


def positions(page: dict[str, Any]) -> list[int]:
    return [event["position"] for event in page["data"]]


@pytest.mark.parametrize("restored", ANOTHER_FEED)
def test_a_cursor_from_before_a_restore_has_expired_and_its_reader_begins_again(
    backup: Backup, restored: Restored
) -> None:
    """The position of the third event is given to another event."""
    second, third = backup.cursors
    with restored(backup) as cluster, client_of(cluster) as client:
        expect_problem(follow(client, third), 410, "cursor-expired")
        write_event_over_http(client)
        write_event_over_http(client)

        begins_again(client, second)
        begins_again(client, third)


@pytest.mark.parametrize("restored", THE_SAME_FEED)
def test_of_files_that_lost_an_event_only_whoever_had_read_it_begins_again(backup: Backup, restored: Restored) -> None:
    second, third = backup.cursors
    with restored(backup) as cluster, client_of(cluster) as client:
        expect_problem(follow(client, third), 410, "cursor-expired")
        assert follow(client, second).json()["data"] == []

        write_event_over_http(client)  # as many events as there were
        expect_problem(follow(client, third), 410, "cursor-expired")
        write_event_over_http(client)

        assert positions(follow(client, second).json()) == [3, 4]
        begins_again(client, third)
