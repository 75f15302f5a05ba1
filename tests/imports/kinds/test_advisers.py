"""Advisers: found again whatever they are called by, never doubled, and decided again like the API does."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.domain.facts.registration_terms import Status
from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from app.persistence.registrations import registrations
from tests.imports.sample_files import (
    ADVISERS,
    all_rows,
    an_adviser,
    counts,
    csv_bytes,
    import_file,
    reasons,
    stored_advisers,
    xlsx_bytes,
)
from tests.use_cases.use_case_builders import FIRST_DAY, an_adviser_in_post, register_in

TRAINING = ("Id conseiller", "Date de début formation", "Date de fin formation")


async def taken(database: Database, *rows: list[Any], headings: tuple[str, ...] = ADVISERS) -> Any:
    return await import_file(database, ImportKind.ADVISERS, csv_bytes(headings, *rows))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
async def test_an_export_is_imported_and_a_second_run_changes_nothing(database: Database, encoding: str) -> None:
    content = csv_bytes(ADVISERS, an_adviser(1, prenom="Zoé", code="1"), an_adviser(2), encoding=encoding)

    first = await import_file(database, ImportKind.ADVISERS, content)
    once = await all_rows(database)
    again = await import_file(database, ImportKind.ADVISERS, content)

    assert (counts(first), counts(again)) == ((2, 0, 0), (0, 2, 0))
    assert await all_rows(database) == once
    zoe, _ = await stored_advisers(database)
    assert (zoe["conum_id"], zoe["first_name"], zoe["department"]) == (1, "Zoé", "01")
    assert (zoe["initial_training_entered_on"], zoe["in_scheme"], zoe["version"]) == (date(2022, 3, 14), True, 1)


async def test_a_workbook_with_real_dates_is_imported(database: Database) -> None:
    row = [1, "Camille", "Exemple", "camille@example.org", 1, date(2022, 3, 14)]

    progress = await import_file(database, ImportKind.ADVISERS, xlsx_bytes([ADVISERS, row]))

    assert counts(progress) == (1, 0, 0)
    (adviser,) = await stored_advisers(database)
    assert (adviser["department"], adviser["initial_training_entered_on"]) == ("01", date(2022, 3, 14))


async def test_a_file_of_training_dates_changes_nothing_else(database: Database) -> None:
    await taken(database, an_adviser(1))

    progress = await taken(database, [1, "18/04/2022", "30/06/2022"], headings=TRAINING)

    (adviser,) = await stored_advisers(database)
    assert counts(progress) == (1, 0, 0)
    assert (adviser["last_name"], adviser["initial_training_ended_on"]) == ("Exemple 1", date(2022, 6, 30))


async def test_an_identity_that_a_file_leaves_out_stays(database: Database) -> None:
    await taken(database, an_adviser(1))

    progress = await taken(database, [1, None, "Autre", None, None, "14/03/2022"])

    (adviser,) = await stored_advisers(database)
    assert counts(progress) == (1, 0, 0)
    assert (adviser["first_name"], adviser["last_name"], adviser["email"]) == (
        "Camille",
        "Autre",
        "camille.1@example.org",
    )


@pytest.mark.parametrize("cells", [("exempté", ""), ("", ""), ("Formation en septembre", "")])
async def test_who_is_exempt_or_waits_has_no_training_and_no_certificate(
    database: Database, cells: tuple[str, str]
) -> None:
    await taken(database, an_adviser(1))

    progress = await taken(database, [1, *cells], headings=TRAINING)

    (adviser,) = await stored_advisers(database)
    assert counts(progress) == (1, 0, 0)
    assert adviser["initial_training_entered_on"] is None
    assert await database.many("SELECT id FROM certification") == []


@pytest.mark.parametrize(
    "comment", ["Formation en cours", "Formation en présentiel", "Formation terminée", "Non exempté"]
)
async def test_a_comment_that_only_speaks_of_training_changes_no_date(database: Database, comment: str) -> None:
    await taken(database, [*an_adviser(1), comment], headings=(*ADVISERS, "Remarques"))

    (adviser,) = await stored_advisers(database)
    assert adviser["initial_training_entered_on"] == date(2022, 3, 14)


@pytest.mark.parametrize("comment", ["Exemption demandée", "Exempté ?", "exempté : non"])
async def test_an_exemption_that_may_not_be_granted_is_rejected(database: Database, comment: str) -> None:
    await taken(database, an_adviser(1))
    before = await all_rows(database)

    progress = await taken(database, [*an_adviser(1), comment], headings=(*ADVISERS, "Commentaires"))

    assert "exemption" in reasons(progress.rejections)[2]["comment"]
    assert await all_rows(database) == before


async def test_a_comment_that_exempts_is_stronger_than_dates(database: Database) -> None:
    headings = (*ADVISERS, "Commentaire")

    await taken(
        database, [*an_adviser(1), "Exemptée (licence pro)"], [*an_adviser(2), "très motivée"], headings=headings
    )

    exempt, other = await stored_advisers(database)
    assert exempt["initial_training_entered_on"] is None
    assert other["initial_training_entered_on"] == date(2022, 3, 14)


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ([1, "18/04/2022", "18/04/2022"], "initial_training.ended_on", "ne semble pas avoir été formé"),
        ([1, "18/04/22", None], "initial_training.entered_on", "quatre chiffres"),
        ([1, "18/04/2002", None], "initial_training.entered_on", "17/11/2020"),
        ([1, "18/04/2027", None], "initial_training.entered_on", "aujourd’hui"),
        ([1, "18/04/2022", "01/04/2022"], "initial_training.ended_on", "ended_on précède entered_on"),
        ([1, None, "30/06/2022"], "initial_training.entered_on", "requis"),
        (["abc", "18/04/2022", None], "conum_id", "nombre entier"),
        ([99, "18/04/2022", None], None, "ni son nom ni son adresse"),
        ([0, "18/04/2022", None], None, "ne nomme personne"),
        ([1, "18/04/2022", None, "surplus"], None, "plus de cellules"),
    ],
)
async def test_a_line_that_can_t_be_right_is_rejected_with_its_reason(
    database: Database, row: list[Any], field: str | None, reason: str
) -> None:
    await taken(database, an_adviser(1))
    once = await all_rows(database)

    progress = await taken(database, row, headings=TRAINING)

    assert counts(progress) == (0, 0, 1)
    (faults,) = reasons(progress.rejections).values()
    assert [*faults] == [field]
    assert reason in str(faults[field])
    assert await all_rows(database) == once


async def test_everything_wrong_with_a_line_is_said_at_once(database: Database) -> None:
    progress = await taken(
        database, an_adviser(1, code="20", email="nulle part", date="demain"), an_adviser(2, code="20", email="x")
    )

    assert {number: {*faults} for number, faults in reasons(progress.rejections).items()} == {
        2: {"initial_training.entered_on"},  # what can't be read comes first
        3: {"department", "email"},
    }
    assert reasons(progress.rejections)[3]["department"] == "Doit être un code de département : 35, 2A, 974…"


async def test_the_same_line_twice_is_one_person(database: Database) -> None:
    progress = await taken(database, an_adviser(1), an_adviser(1))

    assert counts(progress) == (1, 1, 0)
    assert len(await stored_advisers(database)) == 1


async def test_a_second_line_that_says_otherwise_is_rejected_each_time(database: Database) -> None:
    rows = (an_adviser(1), an_adviser(2), an_adviser(1, nom="Autre"))

    first, again = await taken(database, *rows), await taken(database, *rows)

    assert (counts(first), counts(again)) == ((2, 0, 1), (0, 2, 1))
    assert (
        reasons(first.rejections)
        == {4: {None: "La ligne 2 en dit autre chose : gardez-en une."}}
        == reasons(again.rejections)
    )
    assert [row["last_name"] for row in await stored_advisers(database)] == ["Exemple 1", "Exemple 2"]


async def test_an_adviser_known_by_an_address_gets_an_id_conum(database: Database) -> None:
    await taken(database, an_adviser(None))  # type: ignore[arg-type]  # an empty cell

    progress = await taken(database, an_adviser(7, nom="Exemple None", email="camille.None@example.org"))

    (adviser,) = await stored_advisers(database)
    assert (counts(progress), adviser["conum_id"]) == ((1, 0, 0), 7)


async def test_an_address_of_several_names_nobody(database: Database) -> None:
    await taken(database, an_adviser(1), an_adviser(2))
    await database.one("UPDATE adviser SET email = 'une@example.org'")

    progress = await taken(database, [None, "Camille", "Autre", "une@example.org", "35", ""])

    assert "ID Conum" in str(reasons(progress.rejections)[2]["email"])


async def test_an_identifier_chosen_elsewhere_is_kept(database: Database) -> None:
    adviser = str(uuid4())

    progress = await taken(database, [adviser, 1, "Exemple"], headings=("id", "conum_id", "last_name"))
    again = await taken(database, [adviser, 2, "Exemple"], headings=("id", "conum_id", "last_name"))
    other = await taken(database, [str(uuid4()), 1, "Exemple"], headings=("id", "conum_id", "last_name"))

    assert counts(progress) == (1, 0, 0)
    assert "autre ID Conum" in str(reasons(again.rejections)[2]["conum_id"])
    assert "Un autre conseiller porte" in str(reasons(other.rejections)[2]["conum_id"])
    assert [row["id"] for row in await stored_advisers(database)] == [UUID(adviser)]


async def test_lines_about_one_person_stay_in_order_however_far_apart(database: Database) -> None:
    rows = [an_adviser(number) for number in range(1, 250)]

    progress = await taken(database, *rows, an_adviser(1, nom="Autre"))

    assert reasons(progress.rejections) == {251: {None: "La ligne 2 en dit autre chose : gardez-en une."}}


async def test_sessions_to_come_are_decided_again_like_the_api_does(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await database.one("UPDATE adviser SET conum_id = 1 WHERE id = $1", adviser)
    registration = UUID((await register_in(database, adviser, starts_on=FIRST_DAY))["id"])

    progress = await taken(database, [1, "exempté", None], headings=TRAINING)

    row = await registrations.read(database, registration, owner=None)
    assert counts(progress) == (1, 0, 0)
    assert row is not None
    assert row["status"] == Status.REFUSED
    (cause,) = await database.many("SELECT cause FROM decision ORDER BY id DESC LIMIT 1")
    assert cause["cause"] == "initial_training_changed"
    events = await database.many("SELECT type, history FROM outbox ORDER BY id DESC LIMIT 1")
    assert [dict(event) for event in events] == [{"type": "registration.refused", "history": False}]


async def test_an_import_leaves_who_was_changed_in_the_audit_log(database: Database) -> None:
    await taken(database, an_adviser(1), an_adviser(2))
    await taken(database, an_adviser(1), an_adviser(2))

    lines = await database.many("SELECT * FROM audit_log")

    assert [(line["action"], line["client_id"]) for line in lines] == [("importAdvisers", None)]
    assert {*lines[0]["subject_ids"]} == {row["id"] for row in await stored_advisers(database)}
