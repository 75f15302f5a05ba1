"""Exam results: only those that say how the exam ended, numbered in the order of their days, and never e-mailed."""

from datetime import date
from typing import Any

import pytest

from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from tests.imports.sample_files import (
    CERTIFICATIONS,
    a_certification,
    all_rows,
    counts,
    csv_bytes,
    import_advisers,
    import_file,
    reasons,
    stored_advisers,
    xlsx_bytes,
)
from tests.use_cases.certifications.result_builders import annul
from tests.use_cases.use_case_builders import FIRST_DAY, register_in


async def taken(database: Database, *rows: list[Any]) -> Any:
    return await import_file(database, ImportKind.CERTIFICATIONS, csv_bytes(CERTIFICATIONS, *rows))


async def results(database: Database) -> list[Row]:
    return await database.many('SELECT * FROM certification ORDER BY "on"')


async def test_results_are_imported_and_a_second_run_changes_nothing(database: Database) -> None:
    await import_advisers(database, 1, 2)
    rows = (a_certification(1), a_certification(2, certification="Certification Pix", resultat="Échoué"))

    first = await taken(database, *rows)
    once = await all_rows(database)
    again = await taken(database, *rows)

    assert (counts(first), counts(again)) == ((2, 0, 0), (0, 2, 0))
    assert await all_rows(database) == once
    assert {(row["qualification"], row["outcome"], row["on"]) for row in await results(database)} == {
        ("remn-ccp1", "obtained", date(2022, 9, 12)),
        ("pix", "failed", date(2022, 9, 12)),
    }


async def test_attempts_are_numbered_in_the_order_of_their_days(database: Database) -> None:
    await import_advisers(database, 1)
    failed = a_certification(1, resultat="échec", date="03/06/2022")
    absent = a_certification(1, resultat="absence justifiée", date="01/03/2022", motif="certificat médical")

    await taken(database, a_certification(1), failed, absent)

    found = [(row["outcome"], row["attempt"], row["next_attempt_payer"]) for row in await results(database)]
    assert found == [("absent_justified", 1, "state"), ("failed", 1, "employer"), ("obtained", 2, None)]


@pytest.mark.parametrize(
    ("cells", "field", "reason"),
    [
        ({"resultat": "non"}, "outcome", "échoué"),
        ({"resultat": None}, "outcome", "requis"),
        ({"date": None}, "on", "requis"),
        ({"certification": "Brevet de natation"}, "qualification", "catalogue"),
        ({"resultat": "absence justifiée", "motif": "test covid positif", "date": "01/06/2024"}, "motive", "justifiée"),
        ({"motif": "fatigue"}, "motive", "Valeurs possibles"),
        ({"id_conseiller": 99}, "conum_id", "Aucun conseiller"),
    ],
)
async def test_a_line_that_does_not_say_enough_is_rejected(
    database: Database, cells: dict[str, Any], field: str, reason: str
) -> None:
    await import_advisers(database, 1)

    progress = await taken(database, a_certification(1, **cells))

    (faults,) = reasons(progress.rejections).values()
    assert [*faults] == [field]
    assert reason in str(faults[field])
    assert await results(database) == []


async def test_the_export_of_a_neighbour_needs_a_day_and_a_title(database: Database) -> None:
    await import_advisers(database, 1, 2)
    rows = [
        ("idPG", "nom", "prénom", "certifie", "Titre", "Date"),
        (1, "a", "b", "oui", "CCP1", "12/09/2022"),
        (2, "a", "b", "non", "x", ""),
    ]

    progress = await import_file(database, ImportKind.CERTIFICATIONS, xlsx_bytes(rows, names=("CCP1 REMN",)))

    assert {line: {*faults} for line, faults in reasons(progress.rejections).items()} == {
        2: {"qualification"},
        3: {"outcome"},
    }


async def test_a_result_of_the_past_is_in_the_feed_and_in_nobody_s_mailbox(database: Database) -> None:
    await import_advisers(database, 1)

    await taken(database, a_certification(1))

    events = await database.many("SELECT type, history, recipients FROM outbox")
    assert [(event["type"], event["history"]) for event in events] == [("certification.recorded", True)]


async def test_a_refusal_that_a_result_lifts_is_told_as_ever(database: Database) -> None:
    await import_advisers(database, 1, date=None)
    (adviser,) = await stored_advisers(database)
    refused = await register_in(database, adviser["id"], starts_on=FIRST_DAY)

    await taken(database, a_certification(1, certification="pix"), a_certification(1, certification="catic"))

    assert refused["status"] == "refused"
    events = await database.many("SELECT type, history FROM outbox ORDER BY id OFFSET 1")
    assert [(event["type"], event["history"]) for event in events] == [
        ("certification.recorded", True), ("certification.recorded", True), ("registration.regularisable", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "field", "reason"),
    [
        ({"date": "16/06/2026"}, "on", "aujourd’hui"),
        ({"date": "13/07/2025"}, "on", "du 13 juillet 2019 au 12 juillet 2025"),
        ({"resultat": "absence justifiée"}, "motive", "medical_certificate"),
        ({"resultat": "échoué", "motif": "force majeure"}, "motive", "justifiée"),
    ],
)
async def test_a_line_that_cannot_be_is_rejected_at_its_column(
    database: Database, cells: dict[str, Any], field: str, reason: str
) -> None:
    await import_advisers(database, 1)

    progress = await taken(database, a_certification(1, **cells))

    (faults,) = reasons(progress.rejections).values()
    assert [*faults] == [field]
    assert reason in faults[field]
    assert await results(database) == []


@pytest.mark.parametrize("in_one_file", [True, False])
async def test_a_line_that_contradicts_another_is_rejected(database: Database, *, in_one_file: bool) -> None:
    await import_advisers(database, 1)
    lines = a_certification(1), a_certification(1, resultat="échoué")
    earlier = [] if in_one_file else [await taken(database, lines[0])]

    progress = await taken(database, *lines)

    assert counts(progress) == (0 if earlier else 1, len(earlier), 1)
    (faults,) = reasons(progress.rejections).values()
    assert [*faults] == ["outcome"]
    assert "12 septembre 2022" in faults["outcome"]
    (row,) = await results(database)
    assert row["outcome"] == "obtained"


async def test_a_line_that_says_less_or_the_same_changes_nothing_and_one_that_says_otherwise_is_rejected(
    database: Database,
) -> None:
    await import_advisers(database, 1)
    absent = a_certification(1, resultat="absence justifiée", motif="certificat médical")
    await taken(database, absent)
    once = await all_rows(database)

    again = await taken(database, absent, a_certification(1, resultat="absence justifiée"))
    other = await taken(database, a_certification(1, resultat="absence justifiée", motif="force majeure"))

    assert (counts(again), counts(other)) == ((0, 2, 0), (0, 0, 1))
    assert [[*faults] for faults in reasons(other.rejections).values()] == [["motive"]]
    assert await all_rows(database) == once


async def test_a_file_sent_again_does_not_bring_back_what_was_annulled(database: Database) -> None:
    await import_advisers(database, 1)
    await taken(database, a_certification(1))
    (wrong,) = await results(database)
    await annul(database, {"id": str(wrong["id"])})
    once = await all_rows(database)

    again = await taken(database, a_certification(1))
    assert await all_rows(database) == once
    true = await taken(database, a_certification(1, resultat="échoué"))
    both = await taken(database, a_certification(1), a_certification(1, resultat="échoué"))

    assert (counts(again), counts(true), counts(both)) == ((0, 0, 1), (1, 0, 0), (0, 1, 1))
    ((faults,),) = [[*reasons(again.rejections).values()]]
    assert "annulé le 15 juin 2026" in faults["outcome"]


async def test_results_before_those_already_recorded_move_their_numbers(database: Database) -> None:
    await import_advisers(database, 1)
    await taken(database, a_certification(1))

    await taken(database, a_certification(1, resultat="échec", date="03/06/2022"))

    assert [(row["outcome"], row["attempt"]) for row in await results(database)] == [("failed", 1), ("obtained", 2)]
