"""Who owns the database, and what acts for it: on a server whose owner is no superuser, as managed ones are."""

import asyncio
import tempfile
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from app.embedded.cluster import Cluster, running_cluster
from app.persistence.administration.health import database_trouble
from app.persistence.engine.database import open_database
from app.persistence.engine.database_errors import DatabaseTrouble
from app.persistence.schema.migrations import migrate
from tests.conftest import POSTGRES_SETTINGS

PASSWORD = "theirs"  # noqa: S105  # of a server that lives for a test


@pytest.fixture(scope="module")
def managed_server() -> Generator[Cluster]:
    """A server that no migration has ever seen."""
    with tempfile.TemporaryDirectory(prefix="registrations-tests-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        with running_cluster(Path(name) / "data", settings=POSTGRES_SETTINGS) as started:
            yield started


async def _done(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


def owned(server: Cluster, name: str, rights: str) -> str:
    """The URL, for its owner, of a new database whose owner has these rights."""
    create = f"CREATE ROLE {name} LOGIN {rights} PASSWORD '{PASSWORD}'", f"CREATE DATABASE {name} OWNER {name}"
    asyncio.run(_done(server.url("postgres"), *create))
    parts = urlsplit(server.url(name))
    return urlunsplit(parts._replace(netloc=f"{name}:{PASSWORD}@{parts.netloc.rpartition('@')[2]}"))


async def _readiness(url: str) -> DatabaseTrouble | None:
    database = open_database(url, pool_size=1)
    found = await database_trouble(database)
    await database.close()
    return found


async def _acts_as(url: str) -> str:
    database = open_database(url, pool_size=1)
    row = await database.one("SELECT current_user::text AS name, count(*) FROM registration")
    await database.close()
    assert row is not None
    return str(row["name"])


def test_a_database_that_no_migration_has_seen_is_not_ready(managed_server: Cluster) -> None:
    """There is not even a role to act as."""
    url = owned(managed_server, "untouched", "NOCREATEROLE")

    assert asyncio.run(_readiness(url)) is DatabaseTrouble.SCHEMA


def test_an_owner_who_may_make_roles_makes_them_and_acts_as_them(managed_server: Cluster) -> None:
    url = owned(managed_server, "landlord", "CREATEROLE")

    migrate(url)

    assert asyncio.run(_acts_as(url)) == "registrations_service"
    assert asyncio.run(_readiness(url)) is DatabaseTrouble.POLICY


def test_another_owner_is_told_what_an_administrator_must_do(managed_server: Cluster) -> None:
    migrate(owned(managed_server, "first", "CREATEROLE SUPERUSER"))
    url = owned(managed_server, "tenant", "NOCREATEROLE")

    with pytest.raises(Exception, match=r"as an administrator: .* GRANT registrations_service TO tenant"):
        migrate(url)
    roles = "registrations_service, registrations_training_organisation"
    asyncio.run(_done(managed_server.url("postgres"), f"GRANT {roles} TO tenant"))
    migrate(url)

    assert asyncio.run(_acts_as(url)) == "registrations_service"


def test_a_user_who_owns_nothing_may_serve(managed_server: Cluster) -> None:
    """Whatever such a process does, it is not the owner."""
    migrate(owned(managed_server, "owner", "SUPERUSER"))
    url = owned(managed_server, "server", "NOCREATEROLE")
    asyncio.run(
        _done(
            managed_server.url("postgres"), "GRANT registrations_service, registrations_training_organisation TO server"
        )
    )
    parts = urlsplit(url)

    assert asyncio.run(_acts_as(urlunsplit(parts._replace(path="/owner")))) == "registrations_service"
