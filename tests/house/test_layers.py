"""Each room knows only the storeys below it: the linter passes, and sees every import planted where it may not be."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LINTER = Path(sys.executable).parent / "lint-imports"

# Where it is planted (a folder, or a module that is a storey of its own), what, and what the linter must say of it.
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
    (
        "persistence",
        "from app.use_cases.registrations import cancel_registration",
        "app.use_cases.registrations.cancel_registration",
    ),
    ("persistence", "import fastapi", "fastapi"),
    ("persistence/outbox", "from app.persistence import certifications", "app.persistence.certifications"),
    ("persistence/certifications", "from app.persistence.outbox import messages", "app.persistence.outbox.messages"),
    ("persistence/advisers", "from app.persistence import certifications", "app.persistence.certifications"),
    (
        "persistence/administration",
        "from app.persistence.advisers import advisers",
        "app.persistence.advisers.advisers",
    ),
    ("persistence/registrations", "from app.persistence import contracts", "app.persistence.contracts"),
    ("persistence/identities", "from app.persistence import catalogue", "app.persistence.catalogue"),
    (
        "persistence/schema",
        "from app.persistence.identities import identity_digests",
        "app.persistence.identities.identity_digests",
    ),
    ("persistence/engine", "from app.persistence.schema import migrations", "app.persistence.schema.migrations"),
    (
        "persistence/engine/transactions",
        "from app.persistence.schema import retention_periods",
        "app.persistence.schema.retention_periods",
    ),
    (
        "persistence/schema/migrations",
        "from app.persistence.schema import processing_register",
        "app.persistence.schema.processing_register",
    ),
    ("persistence/schema/tables", "from app.persistence.schema import migrations", "app.persistence.schema.migrations"),
    (
        "persistence/schema/personal_data_inventory",
        "from app.persistence.schema.tables import all_tables",
        "app.persistence.schema.tables.all_tables",
    ),
    (
        "persistence/schema/retention_periods",
        "from app.persistence.schema import personal_data_inventory",
        "app.persistence.schema.personal_data_inventory",
    ),
    ("persistence/engine/database", "from app.persistence.engine import upsert", "app.persistence.engine.upsert"),
    (
        "persistence/engine/transactions",
        "from app.persistence.engine import database",
        "app.persistence.engine.database",
    ),
    ("persistence/engine/readers", "from app.persistence.engine import readiness", "app.persistence.engine.readiness"),
    (
        "persistence/engine/connection_pool",
        "from app.persistence.engine import listen_notify",
        "app.persistence.engine.listen_notify",
    ),
    (
        "persistence/engine/connection",
        "from app.persistence.engine import connection_pool",
        "app.persistence.engine.connection_pool",
    ),
    (
        "persistence/engine/secrets",
        "from app.persistence.engine import connection",
        "app.persistence.engine.connection",
    ),
    ("persistence/administration", "import asyncpg", "asyncpg"),
    ("persistence/outbox", "import sqlalchemy", "sqlalchemy"),
    ("persistence/engine", "import alembic", "alembic"),
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
    ("api", "from app.imports import run_import", "app.imports.run_import"),
)


def module_of(number: int) -> str:
    """The module that the import of this number is planted in, of its own where the storey is a folder."""
    place = PLANTED[number][0].replace("/", ".")
    return f"app.{place}.planted_{number}" if (PROJECT / "app" / PLANTED[number][0]).is_dir() else f"app.{place}"


def linted(project: Path) -> tuple[int, str]:
    """The linter's exit status, and what it said."""
    wide = os.environ | {"COLUMNS": "200"}  # an import that is found stands on one line
    outcome = subprocess.run(
        [LINTER, "--no-cache", "--no-logo"], cwd=project, env=wide, capture_output=True, text=True, check=False
    )
    return outcome.returncode, outcome.stdout


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """What the linter says of a copy of the house with each import planted, as the first line of its module."""
    project = tmp_path_factory.mktemp("house")
    shutil.copytree(PROJECT / "app", project / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", project)
    for number, (_, statement, _) in enumerate(PLANTED):
        module = project / f"{module_of(number).replace('.', '/')}.py"
        module.write_text(f"{statement}\n{module.read_text() if module.exists() else ''}")
    (project / "app" / "utils.py").touch()
    for room in ("persistence", "persistence/engine", "persistence/schema"):
        (project / "app" / room / "utils.py").touch()
    (project / "app" / "helpers").mkdir()
    (project / "app" / "helpers" / "__init__.py").touch()
    return linted(project)


def test_the_house_as_it_stands_keeps_every_contract() -> None:
    status, said = linted(PROJECT)

    assert status == 0, said
    assert "0 broken" in said


@pytest.mark.parametrize("number", range(len(PLANTED)), ids=[f"{room} ← {statement}" for room, statement, _ in PLANTED])
def test_an_import_planted_where_it_may_not_be_is_seen(planted: tuple[int, str], number: int) -> None:
    _, _, imported = PLANTED[number]

    assert f"{module_of(number)} -> {imported} (l.1)" in planted[1]
    assert planted[0] != 0


@pytest.mark.parametrize(
    "newcomer",
    [
        "app.utils",
        "app.helpers",
        "app.persistence.utils",
        "app.persistence.engine.utils",
        "app.persistence.schema.utils",
    ],
)
def test_a_file_or_folder_without_a_storey_is_seen(planted: tuple[int, str], newcomer: str) -> None:
    _, _, unlisted = planted[1].partition("The following modules are not listed as layers:")

    assert f"- {newcomer}\n" in unlisted
