"""A line is imported whole or not at all, whatever it holds, through crashes and races; in a dry run, not at all."""

from asyncio import gather
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from pydantic import BaseModel

from app.api.advisers.adviser_schemas import AdviserFields, adviser_resource
from app.api.contracts.contract_schemas import ContractRequest, contract_resource
from app.cli.importing import COMMAND_LINE
from app.imports.file_parsing import parse_file
from app.imports.lines.adviser_matching import KnownAdvisers
from app.imports.run_import import ImportParameters, ImportProgress, ImportRun
from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database, Reader, Transaction
from tests.fake_clock import MORNING
from tests.imports.sample_files import (
    ADVISERS,
    ATTENDANCE,
    CERTIFICATIONS,
    CONTRACTS,
    REGISTRATIONS,
    SESSIONS,
    a_certification,
    a_contract,
    a_published_session,
    a_registration,
    all_rows,
    an_adviser,
    an_attendance,
    counts,
    csv_bytes,
    import_advisers,
    import_file,
    reasons,
    report_nothing,
    stored_advisers,
    xlsx_bytes,
)
from tests.persistence.test_decisions import assert_every_decision_replays
from tests.use_cases.use_case_builders import day, register_in

LINES = 120
GARBAGE: Sequence[Any] = (
    None, "", " ", "0", "-1", "1", "2", "99", "1e400", "31/02/2024", "15/04/24", "45397", "2024-04-15", "oui", "non",
    "exempté", "\x00", "a\nb", "=1+1", "'; DROP TABLE adviser; --", "\U0001f98a", "é" * 300, "x" * 3_000, "CDI",
    "camille.1@example.org", "@", "21350238800019", "0" * 14, "cafe-ia", "obtenu", "annulée", "État", "٣٣٣",
)  # fmt: skip
KINDS = {
    ImportKind.ADVISERS: (ADVISERS, an_adviser),
    ImportKind.CONTRACTS: (CONTRACTS, a_contract),
    ImportKind.CERTIFICATIONS: (CERTIFICATIONS, a_certification),
    ImportKind.REGISTRATIONS: (REGISTRATIONS, a_registration),
    ImportKind.SESSIONS: (SESSIONS, a_published_session),
    ImportKind.ATTENDANCE: (ATTENDANCE, an_attendance),
}
# Each imported line is one row of this table, new or in its next version.
TABLES = {
    ImportKind.ADVISERS: "adviser",
    ImportKind.CONTRACTS: "contract",
    ImportKind.CERTIFICATIONS: "certification",
    ImportKind.REGISTRATIONS: "registration",
    ImportKind.SESSIONS: "session",
    ImportKind.ATTENDANCE: "registration",
}
every_kind = pytest.mark.parametrize("kind", ImportKind)


def random_lines(kind: ImportKind, chance: Random, *, packed: bool) -> bytes:
    """Lines about a few people, every fifth cell of which may hold anything."""
    headings, row_of = KINDS[kind]
    rows = [
        [chance.choice(GARBAGE) if chance.random() < 0.06 else cell for cell in row_of(chance.randint(1, 12))]
        for _ in range(LINES)
    ]
    if packed:
        legal = [[None if cell == "\x00" else cell for cell in row] for row in rows]
        return xlsx_bytes([headings, *legal])
    return csv_bytes(headings, *rows)


async def registered_to_a_past_session(database: Database, kind: ImportKind) -> None:
    """All advisers, to one whose reference is REF-1, when attendance is to be imported."""
    if kind is ImportKind.ATTENDANCE:
        for adviser in await stored_advisers(database):
            await register_in(database, adviser["id"], day("2026-05-18"))
        await database.one("UPDATE registration SET session_reference = 'REF-1'")


async def versions(database: Database, kind: ImportKind) -> int:
    """How often a row of this kind was written."""
    row = await database.one(f"SELECT coalesce(sum(version), 0) AS written FROM {TABLES[kind]}")  # noqa: S608  # our own names
    return int(row["written"]) if row else 0


@every_kind
@pytest.mark.parametrize("seed", range(4))
async def test_whatever_the_cells_hold_a_line_is_imported_whole_or_rejected(
    database: Database, kind: ImportKind, seed: int
) -> None:
    await import_advisers(database, *range(1, 9))
    await registered_to_a_past_session(database, kind)
    content = random_lines(kind, Random(seed), packed=seed % 2 == 1)  # noqa: S311  # the same lines in every run
    before = await versions(database, kind)

    tried = await import_file(database, kind, content, dry_run=True)
    first = await import_file(database, kind, content)
    written = await versions(database, kind) - before
    once = await all_rows(database)
    again = await import_file(database, kind, content)

    assert counts(tried) == counts(first)
    assert first.imported == written
    assert again.imported == 0
    if kind is ImportKind.SESSIONS:  # a line that says too little to publish one changes nothing of one published since
        assert {*reasons(again.rejections)} <= {*reasons(first.rejections)}
    else:
        assert {*reasons(again.rejections)} == {*reasons(first.rejections)}
    assert await all_rows(database) == once
    assert len(first.rejections) > LINES / 10
    assert first.imported + first.unchanged > LINES / 10
    await _check_rows(database)
    await assert_every_decision_replays(database)


async def _check_rows(database: Database) -> None:
    """Every row is one that the API takes."""
    for row in await database.many("SELECT * FROM adviser"):
        _check(AdviserFields, adviser_resource(row, with_contact=True))
    for row in await database.many("SELECT * FROM contract"):
        _check(ContractRequest, contract_resource(row))


def _check(model: type[BaseModel], shown: Any) -> None:
    model.model_validate({name: shown[name] for name in shown if name in model.model_fields})


@every_kind
async def test_a_dry_run_says_the_same_and_writes_nothing(database: Database, kind: ImportKind) -> None:
    """Also when one line stands on another: the same person, the same right."""
    await import_advisers(database, 1)
    await registered_to_a_past_session(database, kind)
    headings, row_of = KINDS[kind]
    rows = [row_of(1), row_of(2), row_of(1)]
    if kind is ImportKind.REGISTRATIONS:
        rows.append(a_registration(1, "16/09/2025"))
    content, before = csv_bytes(headings, *rows), await all_rows(database)

    tried = await import_file(database, kind, content, dry_run=True)

    assert await all_rows(database) == before
    real = await import_file(database, kind, content)
    assert (counts(tried), reasons(tried.rejections)) == (counts(real), reasons(real.rejections))


class _Interrupted(Exception):  # noqa: N818  # what happens, not a mistake
    """The process dies here."""


@pytest.mark.parametrize("within", [True, False])
async def test_what_is_interrupted_is_finished_by_another_run(database: Database, within: bool) -> None:  # noqa: FBT001  # a parameter of pytest's
    content = csv_bytes(ADVISERS, *(an_adviser(number) for number in range(1, 251)))
    reported = 0

    async def report_progress(reader: Reader, _: int, __: ImportProgress | None) -> None:
        nonlocal reported
        reported += isinstance(reader, Transaction) == within
        if reported == 2 + (not within):  # the first report outside of any transaction comes before them all
            raise _Interrupted

    parameters = ImportParameters(ImportKind.ADVISERS, COMMAND_LINE)
    with pytest.raises(_Interrupted):
        await ImportRun(database, parameters, lambda: MORNING, report_progress).run(
            parse_file(ImportKind.ADVISERS, content)
        )
    (left,) = await database.many("SELECT count(*) AS kept FROM adviser")
    progress = await import_file(database, ImportKind.ADVISERS, content)

    assert left["kept"] == (100 if within else 200)
    assert counts(progress) == (250 - left["kept"], left["kept"], 0)


async def test_a_line_that_the_database_refuses_takes_no_other_along(database: Database, owner: Database) -> None:
    await owner.one("ALTER TABLE adviser ADD CONSTRAINT odd CHECK (conum_id <> 13)")
    rows = [an_adviser(number) for number in range(1, 31)]

    progress = await import_file(database, ImportKind.ADVISERS, csv_bytes(ADVISERS, *rows))

    assert counts(progress) == (29, 0, 1)
    assert "La base de données refuse" in str(reasons(progress.rejections)[14][None])


async def test_an_adviser_that_another_client_adds_first_is_found_at_the_next_try(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another client adds the adviser between the look and the write: the halves look again."""
    content = csv_bytes(ADVISERS, *(an_adviser(number) for number in range(1, 5)))
    lock = KnownAdvisers.lock

    async def with_another_worker_first(tx: Transaction, named: Any, organisation: None) -> Any:
        found = await lock(tx, named, organisation)
        if len(named) == 4:
            await imported_by_another(database)
        return found

    monkeypatch.setattr(KnownAdvisers, "lock", with_another_worker_first)

    progress = await import_file(database, ImportKind.ADVISERS, content)

    assert counts(progress) == (3, 1, 0)
    (kept,) = await database.many("SELECT count(*) AS kept FROM adviser")
    assert kept["kept"] == 4


async def imported_by_another(database: Database) -> None:
    """Not by an import: two of them take turns."""
    await database.one("""INSERT INTO adviser (id, conum_id, first_name, last_name, email, department, in_scheme,
        initial_training_entered_on, version, created_at, updated_at) VALUES (gen_random_uuid(), 2, 'Camille',
        'Exemple 2', 'camille.2@example.org', '35', true, '2022-03-14', 1, now(), now())""")


async def test_two_imports_of_one_file_take_turns(database: Database) -> None:
    """Addresses are no key: only taking turns keeps two imports from adding the same person twice."""
    rows = [
        [None, "Camille", f"Exemple {number}", f"camille.{number}@example.org", "35", None] for number in range(200)
    ]
    content = csv_bytes(ADVISERS, *rows)
    parameters = ImportParameters(ImportKind.ADVISERS, COMMAND_LINE)

    async def one() -> ImportProgress:
        return await ImportRun(database, parameters, lambda: MORNING, report_nothing).run(
            parse_file(parameters.kind, content)
        )

    progresses = await gather(one(), one(), one())

    assert sum(progress.imported for progress in progresses) == 200
    (kept,) = await database.many("SELECT count(*) AS kept FROM adviser")
    assert kept["kept"] == 200
