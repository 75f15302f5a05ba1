"""What each command imports, as the interpreter itself tells: help waits for nothing, a command for what it runs."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from app.cli.program import cli
from app.cli.serving import listening_socket
from tests.cli.cli_process import CLEAN_ENVIRONMENT, new_folder, run_cold_command, serving_cold_process
from tests.forks import CHECKOUT
from tests.imports.sample_files import ADVISERS, an_adviser, csv_bytes, xlsx_bytes

SECRET = "a-secret-for-tests-that-is-long-enough"  # noqa: S105  # opens nothing
TELLING = {"PYTHONPROFILEIMPORTTIME": "1"}  # on standard error, module by module
IMPORTED = re.compile(r"^import time:.*\| +(\S+)$", re.MULTILINE)

# What takes time to import, or is of no use but to one command.
HEAVY = frozenset(
    {"aiosmtplib", "alembic", "asyncpg", "cryptography", "fastapi", "httpcore2", "httpx", "jinja2", "jwt", "openpyxl"}
    | {"pydantic_settings", "sqlalchemy", "standardwebhooks", "starlette", "structlog", "uvicorn", "uvloop"}
    | {"app.embedded.cluster", "app.imports", "app.main", "app.seed", "app.worker"}
)
SETTINGS = {"pydantic_settings", "asyncpg", "starlette"}  # their addresses are checked by those who will connect
RULES = SETTINGS | {"cryptography", "structlog"}  # the use cases, and the problems that the API would answer
PAGES = {"fastapi", "jinja2"}

# What each command may import of it; a new command has its row here.
MAY = {
    "import": RULES | {"fastapi", "app.imports"},
    "serve": RULES | PAGES | {"uvicorn", "uvloop", "app.main"},
    "worker": RULES | {"fastapi", "jinja2", "aiosmtplib", "httpcore2", "httpx", "standardwebhooks"}
    | {"uvloop", "app.imports", "app.worker"},
    "migrate": SETTINGS | {"alembic", "sqlalchemy"},
    "migration": SETTINGS | {"alembic", "sqlalchemy"},
    "seed": SETTINGS | {"app.seed"},
    "openapi": RULES - {"pydantic_settings"} | PAGES,
    "keys create": RULES,
    "keys list": SETTINGS | {"structlog"},
    "keys revoke": RULES,
    "clients create": RULES,
    "clients list": SETTINGS | {"structlog"},
    "clients revoke": RULES,
    "secrets rotate": RULES,
    "secrets status": RULES,
    "feed new-epoch": SETTINGS,
}  # fmt: skip


def heavy_among(told: str) -> set[str]:
    """What was imported of HEAVY, by what the interpreter told."""
    names = [f"{name}." for name in IMPORTED.findall(told)]
    return {heavy for heavy in HEAVY if any(name.startswith(f"{heavy}.") for name in names)}


def commands(group: TyperGroup, *before: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, *before, name)
        else:
            yield " ".join((*before, name))


def test_every_command_says_what_it_may_import() -> None:
    group = get_command(cli)

    assert isinstance(group, TyperGroup)
    assert {*commands(group)} == {*MAY}


HELPING = """
import sys
from typer.testing import CliRunner
from app.cli.program import cli
for command in sys.argv[1:]:
    assert CliRunner().invoke(cli, [*command.split(), "--help"]).exit_code == 0, command
"""


def test_help_imports_nothing_that_takes_time() -> None:
    asked = [sys.executable, "-c", HELPING, "", *MAY]

    done = subprocess.run(
        asked, cwd=CHECKOUT, env=CLEAN_ENVIRONMENT | TELLING, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert heavy_among(done.stderr) == set()


def test_the_accepted_columns_are_shown_without_what_their_lines_would_do() -> None:
    done = run_cold_command("import", "advisers", "--columns", **TELLING)

    assert done.returncode == 0
    assert heavy_among(done.stderr) == {"app.imports"}


@pytest.fixture
def settings(database_url: str) -> dict[str, str]:
    return TELLING | {"DATABASE_URL": database_url, "SECRET_KEY": SECRET}


NOBODY = "01978a3e-5b0c-7c41-9d5f-2f0c1b7a9e34"


@pytest.mark.parametrize(
    ("command", "words", "status"),
    [
        ("migrate", (), 0),
        ("seed", (), 0),
        ("openapi", (), 0),
        ("keys create", ("La Coop", "platform"), 0),
        ("keys list", (), 0),
        ("keys revoke", (NOBODY,), 2),
        ("clients create", ("La Coop", "platform"), 0),
        ("clients list", (), 0),
        ("clients revoke", (NOBODY,), 2),
        ("secrets rotate", (), 0),
        ("secrets status", (), 0),
        ("feed new-epoch", (), 0),
    ],
)
def test_a_command_imports_what_it_runs(
    settings: dict[str, str], command: str, words: tuple[str, ...], status: int
) -> None:
    done = run_cold_command(*command.split(), *words, **settings)

    assert done.returncode == status, done.stderr
    assert heavy_among(done.stderr) <= MAY[command]


def test_what_writes_migrations_imports_what_migrates() -> None:
    refused = run_cold_command("migration", "nothing", **TELLING)  # for want of a database

    assert refused.returncode == 2
    assert heavy_among(refused.stderr) <= MAY["migration"]


@pytest.mark.parametrize(
    ("name", "content", "more"),
    [
        ("advisers.csv", csv_bytes(ADVISERS, an_adviser(1)), set[str]()),
        ("advisers.xlsx", xlsx_bytes([ADVISERS, an_adviser(1)]), {"openpyxl"}),
    ],
    ids=["separated values", "a workbook"],
)
def test_a_spreadsheet_is_imported_without_the_reader_of_others(
    settings: dict[str, str], tmp_path: Path, name: str, content: bytes, more: set[str]
) -> None:
    file = tmp_path / name
    file.write_bytes(content)

    done = run_cold_command("import", "advisers", str(file), "--dry-run", **settings)

    assert done.returncode == 0, done.stderr
    assert heavy_among(done.stderr) <= MAY["import"] | more
    assert heavy_among(done.stderr) >= more


def test_a_service_imports_neither_what_migrates_nor_what_others_do_beside_it(settings: dict[str, str]) -> None:
    with new_folder() as folder, serving_cold_process(folder / "var", **settings) as program:
        imported = heavy_among(program.logged)

    assert imported <= MAY["serve"]


def test_the_parent_of_several_processes_imports_nothing_that_they_serve(settings: dict[str, str]) -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        refused = run_cold_command("serve", PORT=port, WORKERS="2", **settings)

    assert refused.returncode == 2
    assert heavy_among(refused.stderr) <= MAY["serve"] - PAGES - {"app.main"}


def test_a_worker_imports_neither_what_migrates_nor_what_serves(settings: dict[str, str]) -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        refused = run_cold_command("worker", METRICS_PORT=port, **settings)

    assert refused.returncode == 2
    assert heavy_among(refused.stderr) <= MAY["worker"]
