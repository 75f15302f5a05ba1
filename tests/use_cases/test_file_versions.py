"""Whoever writes into an adviser's file has raised its version: what is decided in a batch depends on it.

Triggers in these databases refuse anything else; use cases and imports of every kind are carried out in them.
"""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import app
from app.domain.errors import Conflict
from app.persistence.administration.import_kind import ImportKind
from app.persistence.advisers import advisers
from app.persistence.engine import database as database_module
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import LOCK_ADVISER
from app.persistence.engine.transactions.opening import opening_script
from app.use_cases.registrations.record_positioning_test import record_positioning
from tests.imports import sample_files as files
from tests.persistence.postgres_errors import PostgresError
from tests.use_cases.advisers.test_returning_advisers import anonymised_adviser, changed, from_a_spreadsheet
from tests.use_cases.file_version_guard import guard_file_versions
from tests.use_cases.random_actions import random_actions
from tests.use_cases.use_case_builders import INITIAL, a_request_context, an_adviser_in_post, day, id_of, register_in

ACTIONS = 300
# Every statement that locks rows of advisers is in one of these.
KNOWN_LOCKS = {
    "persistence/advisers/advisers.py",
    "persistence/engine/transactions/adviser_locks.py",
    "persistence/registration_batches.py",
    "persistence/schema/personal_data_statements.py",  # of an adviser who is locked
}
NAMED_WITHOUT_RAISING = """SELECT * FROM adviser WHERE id = ANY($1) OR conum_id = ANY($2) OR lower(email) = ANY($3)
FOR NO KEY UPDATE"""
LOCK = re.compile(r"(adviser\b[^;]*?\bFOR (NO KEY )?UPDATE)|(UPDATE adviser\b)", re.DOTALL)


@pytest.fixture
async def guarded(database_url: str, database: Database) -> Database:
    await guard_file_versions(database_url)
    return database


async def play(database: Database) -> None:
    """Registrations, choices, cancellations, contracts, certifications, carry-overs and advisers."""
    actions, done = await random_actions(database, advisers=3), 0
    for _ in range(ACTIONS):
        await actions.refresh()
        try:
            await actions.action()
        except Conflict:
            continue
        done += 1
    assert done > ACTIONS / 3


async def determine_a_path(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    training = await register_in(database, adviser, module=INITIAL)
    await record_positioning(database, id_of(training), day("2026-06-01"), 175, a_request_context())


async def anonymise_and_return(database: Database) -> None:
    await anonymised_adviser(database)
    await changed(database)


async def anonymise_and_import(database: Database) -> None:
    await anonymised_adviser(database)
    await from_a_spreadsheet(database)


async def import_every_kind(database: Database) -> None:
    """Twice, the second time with changes."""
    sheets: dict[ImportKind, tuple[tuple[str, ...], list[Any], list[Any]]] = {
        ImportKind.ADVISERS: (files.ADVISERS, files.an_adviser(), files.an_adviser(code="974", date="15/03/2022")),
        ImportKind.CONTRACTS: (files.CONTRACTS, files.a_contract(), files.a_contract(valide="21/01/2022")),
        ImportKind.CERTIFICATIONS: (files.CERTIFICATIONS, files.a_certification(), files.a_certification()),
        ImportKind.REGISTRATIONS: (files.REGISTRATIONS, files.a_registration(), files.a_registration(1, "14/05/2024")),
    }
    for place in (1, 2):
        for kind, (headings, *lines) in sheets.items():
            progress = await files.import_file(database, kind, files.csv_bytes(headings, lines[place - 1]))
            assert progress.rejections == []


WRITERS: list[Callable[[Database], Awaitable[None]]] = [
    play,
    determine_a_path,
    anonymise_and_return,
    anonymise_and_import,
    import_every_kind,
]
every_writer = pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__)


@every_writer
async def test_whoever_writes_into_a_file_raises_its_version(
    guarded: Database, writer: Callable[[Database], Awaitable[None]]
) -> None:
    await writer(guarded)


def _opening_without_raising(*arguments: Any, **options: Any) -> tuple[str, str]:
    script, expected = opening_script(*arguments, **options)
    return script.replace(LOCK_ADVISER, "SELECT 1 FROM adviser"), expected.replace("UPDATE", "SELECT")


@every_writer
async def test_red_run_a_writer_that_does_not_raise_it_is_refused(
    guarded: Database, writer: Callable[[Database], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "opening_script", _opening_without_raising)
    monkeypatch.setattr(advisers, "LOCK", "SELECT * FROM adviser WHERE id = $1 FOR NO KEY UPDATE")
    monkeypatch.setattr(advisers, "LOCK_NAMED", NAMED_WITHOUT_RAISING)

    with pytest.raises(PostgresError, match="version is not raised"):
        await writer(guarded)


def test_no_other_statement_locks_or_changes_an_adviser() -> None:
    root = Path(app.__file__).parent
    found = {str(path.relative_to(root)) for path in root.rglob("*.py") if LOCK.search(path.read_text())}

    assert found == KNOWN_LOCKS
