"""A real PostgreSQL for every test that needs one; databases are copies of a migrated template."""

import asyncio
import gc
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import httpx
import pytest

from app.embedded.cluster import Cluster, running_cluster
from app.logs import configure_logs
from app.persistence.engine.database import Database, open_database
from app.persistence.schema.migrations import migrate
from app.seed.demonstration import load_demonstration
from app.seed.published_catalogue import load_catalogue
from tests.databases import Databases, name_of, running_databases
from tests.fake_clock import MORNING
from tests.live_server import PEPPER, LiveServer, serving
from tests.log_capture import SUITE_LOG, lines_with_personal_data

TEMPLATE = "template_migrated"
# Durability is what tests/embedded is about; here the disk would only be waited for.
POSTGRES_SETTINGS = {"max_connections": "200", "fsync": "off", "full_page_writes": "off"}
# Nor must it be written to at all where memory has room: each test has a database of its own.
SHARED_MEMORY, ROOM_IN_BYTES = Path("/dev/shm"), 4 << 30  # noqa: S108  # a folder with a name of its own is made there


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays: Python need not look through it for garbage again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _left_out(reporter: pytest.TerminalReporter) -> Counter[str]:
    """How many tests were skipped, by the reason given."""
    reports: list[pytest.TestReport] = reporter.getreports("skipped")
    return Counter(str(report.longrepr[2]) for report in reports if isinstance(report.longrepr, tuple))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say last what was left out, and why; a reason names the command that installs what is missing."""
    for reason, count in _left_out(terminalreporter).items():
        terminalreporter.write_line(f"left out: {count} tests. {reason.removeprefix('Skipped: ')}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """On CI, nothing is left out for want of a program."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if "CI" in os.environ and reporter is not None and any("missing" in reason for reason in _left_out(reporter)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _roomy_folder() -> Path | None:
    """Where a server's files take least time; None for the usual place."""
    return SHARED_MEMORY if SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free >= ROOM_IN_BYTES else None


@pytest.fixture(scope="session", autouse=True)
def logs() -> Generator[None]:
    """No person, address or key is found in what was logged, by the end of the suite."""
    configure_logs("info", SUITE_LOG)
    yield
    assert lines_with_personal_data() == []


@pytest.fixture(scope="session")
def cluster() -> Generator[Cluster]:
    """A server of its own; `PG_BINDIR` chooses its version."""
    place = _roomy_folder()
    with tempfile.TemporaryDirectory(prefix="registrations-tests-", dir=place, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # PostgreSQL drops root's rights and must still be able to walk in.
        folder.chmod(0o755)
        with running_cluster(folder / "data", settings=POSTGRES_SETTINGS) as started:
            yield started


async def _load(url: str) -> None:
    database = open_database(url, pool_size=1)
    await load_catalogue(database, "support@example.org", MORNING)
    await database.close()


def create_template(cluster: Cluster, name: str) -> None:
    """Make a database with the schema and the published catalogue, that nobody is connected to."""
    cluster.create_database(name)
    url = cluster.url(name)
    migrate(url)
    asyncio.run(_load(url))


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The name of a database that is copied."""
    create_template(cluster, TEMPLATE)
    return TEMPLATE


@pytest.fixture(scope="session")
def databases(cluster: Cluster) -> Generator[Databases]:
    with running_databases(cluster) as found:
        yield found


@pytest.fixture(scope="session")
async def demonstration(databases: Databases, template: str) -> str:
    """The name of a database with the demonstration department too, that nobody is connected to."""
    url = databases.copy(template)
    database = open_database(url, pool_size=4)
    await load_demonstration(database, MORNING)
    await database.close()
    return name_of(url)


@pytest.fixture
async def database_url(databases: Databases, template: str) -> AsyncGenerator[str]:
    """A database of the test's own, where commits are real."""
    url = databases.copy(template)
    yield url
    # The event loop runs on: a session that somebody is still opening in it would keep the database for a minute.
    await asyncio.to_thread(databases.drop, url)


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = open_database(database_url, pool_size=60, secrets=PEPPER.secrets)
    yield opened
    await opened.close()


@pytest.fixture
async def owner(database_url: str) -> AsyncGenerator[Database]:
    """The same database, acting as whoever owns it: not what the service may do."""
    opened = open_database(database_url, pool_size=2, role=None)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def served(databases: Databases, template: str) -> Generator[LiveServer]:
    """The service over real HTTP, on a database shared by the session: each test brings an adviser of its own."""
    with serving(databases.copy(template)) as started:
        yield started


@pytest.fixture(scope="module")
def module_service(databases: Databases, template: str) -> Generator[LiveServer]:
    """The service on a database that only the tests of the module know."""
    with serving(databases.copy(template)) as started:
        yield started


@pytest.fixture
def own_service(database_url: str) -> Generator[LiveServer]:
    """The service on a database of the test's own."""
    with serving(database_url) as started:
        yield started


@pytest.fixture
def served_demonstration(databases: Databases, demonstration: str) -> Generator[LiveServer]:
    """The service on a demonstration department of the test's own."""
    with serving(databases.copy(demonstration)) as started:
        yield started


@pytest.fixture
def platform(served: LiveServer) -> Generator[httpx.Client]:
    with served.client("platform") as client:
        yield client


@pytest.fixture
def organisation(served: LiveServer) -> Generator[httpx.Client]:
    """La Mednum."""
    with served.client("training_organisation") as client:
        yield client


@pytest.fixture
def admin(served: LiveServer) -> Generator[httpx.Client]:
    with served.client("admin") as client:
        yield client
