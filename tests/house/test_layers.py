"""Each room knows only the storeys below it: the linter passes, and reports each forbidden import planted in a copy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LINTER = Path(sys.executable).parent / "lint-imports"

# Where it is planted (in a new module of a folder, or in a module), what is planted, and what the linter must name.
PLANTED = (
    ("domain", "import sqlalchemy", "sqlalchemy"),
    ("domain", "import fastapi", "fastapi"),
    ("domain", "import pydantic", "pydantic"),
    ("domain", "import json", "json"),
    ("domain", "import os", "os"),
    ("domain", "import time", "time"),
    ("domain", "import logging", "logging"),
    ("domain", "import random", "random"),
    ("domain", "from app.persistence.engine import upsert", "app.persistence.engine.upsert"),
    ("domain/facts", "from app.domain.decisions import refusals", "app.domain.decisions.refusals"),
    ("domain/facts", "from app.domain import events", "app.domain.events"),
    ("domain/decisions", "from app.domain.record import reminders", "app.domain.record.reminders"),
    ("domain/decisions", "from app.domain import events", "app.domain.events"),
    ("domain/errors.py", "from app.domain.facts import calendar", "app.domain.facts.calendar"),
    ("domain/events.py", "from app.domain.record import obligations", "app.domain.record.obligations"),
    (
        "persistence",
        "from app.use_cases.registrations import cancel_registration",
        "app.use_cases.registrations.cancel_registration",
    ),
    ("persistence", "import fastapi", "fastapi"),
    ("use_cases", "from app.api.identity import api_key_secrets", "app.api.identity.api_key_secrets"),
    ("use_cases", "import fastapi", "fastapi"),
    ("use_cases", "from starlette.responses import Response", "starlette"),
    ("use_cases", "import sqlalchemy", "sqlalchemy"),
    ("use_cases", "from app.wording import decision_summaries", "app.wording.decision_summaries"),
    ("wording", "from app.use_cases import civil_date", "app.use_cases.civil_date"),
    ("api", "import sqlalchemy", "sqlalchemy"),
    ("api", "import asyncpg", "asyncpg"),
    ("api", "from app import settings", "app.settings"),
    ("api", "from app import clock", "app.clock"),
    ("embedded", "from app import seed", "app.seed"),
    ("embedded", "import asyncpg", "asyncpg"),
    ("seed", "import fastapi", "fastapi"),
    ("seed", "from app import imports", "app.imports"),
    ("imports", "import fastapi", "fastapi"),
    ("imports", "import asyncpg", "asyncpg"),
    ("imports/files", "from app.imports.columns import cell_parsers", "app.imports.columns.cell_parsers"),
    ("imports/columns", "from app.imports.lines import line_parsing", "app.imports.lines.line_parsing"),
    ("imports/lines", "from app.imports import batch", "app.imports.batch"),
    ("imports/batch.py", "from app.imports.kinds import advisers", "app.imports.kinds.advisers"),
    ("imports/kinds", "from app.imports import line_batches", "app.imports.line_batches"),
    ("imports/file_parsing.py", "from app.imports import line_batches", "app.imports.line_batches"),
    ("imports/line_batches.py", "from app.imports import file_parsing", "app.imports.file_parsing"),
    ("imports/file_parsing.py", "from app.imports import run_import", "app.imports.run_import"),
    ("imports/run_import.py", "from app.imports import import_jobs", "app.imports.import_jobs"),
    ("api", "from app.imports import run_import", "app.imports.run_import"),
)


def linted(project: Path) -> tuple[int, str]:
    """The linter's exit status, and its report."""
    wide = os.environ | {"COLUMNS": "200"}  # an import that is found stands on one line
    outcome = subprocess.run(
        [LINTER, "--no-cache", "--no-logo"], cwd=project, env=wide, capture_output=True, text=True, check=False
    )
    return outcome.returncode, outcome.stdout


def plant(app: Path, number: int) -> None:
    place, statement, _ = PLANTED[number]
    if place.endswith(".py"):
        module = app / place
        module.write_text(f"{statement}\n{module.read_text()}")
    else:
        (app / place / f"planted_{number}.py").write_text(f"{statement}\n")


def planted_module(number: int) -> str:
    """The importing module, as the linter names it."""
    place = PLANTED[number][0]
    module = place.removesuffix(".py") if place.endswith(".py") else f"{place}/planted_{number}"
    return f"app.{module.replace('/', '.')}"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """What the linter says of a copy of the house with every import planted."""
    project = tmp_path_factory.mktemp("house")
    shutil.copytree(PROJECT / "app", project / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", project)
    for number in range(len(PLANTED)):
        plant(project / "app", number)
    (project / "app" / "utils.py").touch()
    (project / "app" / "helpers").mkdir()
    (project / "app" / "helpers" / "__init__.py").touch()
    return linted(project)


def test_the_house_as_it_stands_keeps_every_contract() -> None:
    status, report = linted(PROJECT)

    assert status == 0, report
    assert "0 broken" in report


@pytest.mark.parametrize("number", range(len(PLANTED)), ids=[f"{room} ← {statement}" for room, statement, _ in PLANTED])
def test_an_import_planted_where_it_may_not_be_is_seen(planted: tuple[int, str], number: int) -> None:
    status, report = planted

    assert f"{planted_module(number)} -> {PLANTED[number][2]} (l." in report
    assert status != 0


@pytest.mark.parametrize("newcomer", ["app.utils", "app.helpers"])
def test_a_file_or_folder_without_a_storey_is_seen(planted: tuple[int, str], newcomer: str) -> None:
    _, _, unlisted = planted[1].partition("The following modules are not listed as layers:")

    assert f"- {newcomer}\n" in unlisted
