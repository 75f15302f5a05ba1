"""Each room knows only the storeys below it: the linter passes, and reports each forbidden import planted in a copy."""

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
        "from app.persistence.schema import gdpr_processing_register",
        "app.persistence.schema.gdpr_processing_register",
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
    (
        "use_cases/advisers",
        "from app.use_cases.registrations import session_venue",
        "app.use_cases.registrations.session_venue",
    ),
    ("use_cases/administration", "from app.use_cases import upsert_contract", "app.use_cases.upsert_contract"),
    (
        "use_cases/notifications",
        "from app.use_cases.administration import grantable_scopes",
        "app.use_cases.administration.grantable_scopes",
    ),
    (
        "use_cases/registrations",
        "from app.use_cases.certifications import result_ledger",
        "app.use_cases.certifications.result_ledger",
    ),
    ("use_cases/changes", "from app.use_cases import upsert_catalogue", "app.use_cases.upsert_catalogue"),
    ("use_cases/registrations", "from app.use_cases import sessions", "app.use_cases.sessions"),
    (
        "use_cases/request_context",
        "from app.use_cases.changes import changes_as_rows",
        "app.use_cases.changes.changes_as_rows",
    ),
    ("use_cases/errors", "from app.use_cases import preconditions", "app.use_cases.preconditions"),
    ("wording", "from app.use_cases import preconditions", "app.use_cases.preconditions"),
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
    ("imports/lines", "from app.imports import batch_context", "app.imports.batch_context"),
    ("imports/batch_context.py", "from app.imports.kinds import advisers", "app.imports.kinds.advisers"),
    ("imports/kinds", "from app.imports import line_batches", "app.imports.line_batches"),
    ("imports/file_parsing.py", "from app.imports import line_batches", "app.imports.line_batches"),
    ("imports/line_batches.py", "from app.imports import file_parsing", "app.imports.file_parsing"),
    ("imports/file_parsing.py", "from app.imports import run_import", "app.imports.run_import"),
    ("imports/run_import.py", "from app.imports import import_jobs", "app.imports.import_jobs"),
    ("api", "from app.imports import run_import", "app.imports.run_import"),
    ("api/http", "from app.api.identity import scopes", "app.api.identity.scopes"),
    ("api/http/problems", "from app.api.contracts import contract_routes", "app.api.contracts.contract_routes"),
    ("api/identity", "from app.api.modules import catalogue_routes", "app.api.modules.catalogue_routes"),
    ("api/advisers", "from app.api.notifications import event_resources", "app.api.notifications.event_resources"),
    ("api/certifications", "from app.api.openapi import descriptions", "app.api.openapi.descriptions"),
    ("api/contracts", "from app.api.administration import policy_requests", "app.api.administration.policy_requests"),
    ("api/modules", "from app.api import health", "app.api.health"),
    ("api/registrations", "from app.api.pages import problem_pages", "app.api.pages.problem_pages"),
    (
        "api/notifications",
        "from app.api.administration import import_routes",
        "app.api.administration.import_routes",
    ),
    ("api/administration", "from app.api.pages import guide_page", "app.api.pages.guide_page"),
    ("api/openapi", "from app.api.pages import page_routes", "app.api.pages.page_routes"),
    ("api/pages", "from app.api.openapi.examples import request_examples", "app.api.openapi.examples.request_examples"),
    ("api/health", "from app.api import application", "app.api.application"),
)


# Modules that nobody gave a storey.
NEWCOMERS = (
    "app.utils", "app.api.utils", "app.use_cases.utils",
    "app.persistence.utils", "app.persistence.engine.utils", "app.persistence.schema.utils",
)  # fmt: skip


def module_of(number: int) -> str:
    """The module that the import of this number is planted in, of its own where the storey is a folder."""
    place = PLANTED[number][0].removesuffix(".py")
    planted = f"app/{place}/planted_{number}" if (PROJECT / "app" / place).is_dir() else f"app/{place}"
    return planted.replace("/", ".")


def linted(project: Path) -> tuple[int, str]:
    """The linter's exit status, and its report."""
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
    for newcomer in NEWCOMERS:
        (project / f"{newcomer.replace('.', '/')}.py").touch()
    (project / "app" / "helpers").mkdir()
    (project / "app" / "helpers" / "__init__.py").touch()
    return linted(project)


def test_the_house_as_it_stands_keeps_every_contract() -> None:
    status, report = linted(PROJECT)

    assert status == 0, report
    assert "0 broken" in report


@pytest.mark.parametrize("number", range(len(PLANTED)), ids=[f"{room} ← {statement}" for room, statement, _ in PLANTED])
def test_an_import_planted_where_it_may_not_be_is_seen(planted: tuple[int, str], number: int) -> None:
    _, _, imported = PLANTED[number]

    assert f"{module_of(number)} -> {imported} (l." in planted[1]
    assert planted[0] != 0


@pytest.mark.parametrize("newcomer", [*NEWCOMERS, "app.helpers"])
def test_a_file_or_folder_without_a_storey_is_seen(planted: tuple[int, str], newcomer: str) -> None:
    _, _, unlisted = planted[1].partition("The following modules are not listed as layers:")

    assert f"- {newcomer}\n" in unlisted
