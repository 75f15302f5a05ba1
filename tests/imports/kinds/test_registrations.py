"""Registrations of the past: they use funded rights in the order of their sessions, exactly as stated or not at all."""

from typing import Any

import pytest

from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.assign_feed_positions import assign_positions, try_lock
from tests.fake_clock import MORNING
from tests.imports.sample_files import (
    REGISTRATIONS,
    a_registration,
    all_rows,
    counts,
    csv_bytes,
    import_advisers,
    import_file,
    reasons,
    stored_advisers,
)
from tests.persistence.test_decisions import assert_every_decision_replays
from tests.use_cases.use_case_builders import FIRST_DAY, INITIAL, register_in

KEPT = {"prise": "non", "payeur": "employeur"}


async def taken(database: Database, *rows: list[Any]) -> Any:
    return await import_file(database, ImportKind.REGISTRATIONS, csv_bytes(REGISTRATIONS, *rows))


async def standing(database: Database) -> list[tuple[str, str | None, str | None, str | None]]:
    """Status, funding, payer and unit of every registration, in the order of the sessions."""
    rows = await database.many("SELECT * FROM registration ORDER BY session_starts_on, id")
    return [(row["status"], row["funding"], row["payer"], row["unit"]) for row in rows]


async def events(database: Database) -> list[Row]:
    return await database.many("SELECT type, history, subject_version FROM outbox ORDER BY id")


async def test_the_past_is_imported_and_a_second_run_changes_nothing(database: Database) -> None:
    await import_advisers(database, 1, 2)
    rows = (
        a_registration(1, "14/05/2024"),
        a_registration(1),
        a_registration(1, "16/09/2025", module="handicap", **KEPT),
        a_registration(2, statut="absence non justifiée"),
        a_registration(2, "12/05/2026", statut="absence justifiée", prise=None),
        a_registration(2, "02/06/2026", statut="annulée", annulee="28/05/2026", prise=None),
        a_registration(2, "10/06/2025", module="Animer un Café IA auprès de ses publics"),
    )

    first = await taken(database, *rows)
    once = await all_rows(database)
    again = await taken(database, *rows)

    assert (counts(first), counts(again)) == ((7, 0, 0), (0, 7, 0))
    assert await all_rows(database) == once
    assert await standing(database) == [
        ("completed", "state", "state", "civil_year:2024#1"),
        ("completed", "state", "state", "civil_year:2025#1"),
        ("absent_unjustified", "state", "state", "civil_year:2025#1"),
        ("completed", "state", "state", "supplementary:cafe-ia#1"),
        ("completed", "none", "employer", None),
        ("absent_justified", None, None, None),
        ("cancelled", None, None, None),
    ]


async def test_every_decision_taken_so_is_replayed(database: Database) -> None:
    await import_advisers(database, 1, 2)
    await taken(database, a_registration(1), a_registration(1, "16/09/2025", **KEPT), a_registration(2))

    decisions = await assert_every_decision_replays(database)

    assert {decision["cause"] for decision in decisions} == {"import"}
    assert len(decisions) == 3


async def test_a_right_goes_to_the_first_session_in_whatever_line_it_stands(database: Database) -> None:
    await import_advisers(database, 1)

    progress = await taken(database, a_registration(1, "16/09/2025"), a_registration(1, "13/05/2025"))

    assert reasons(progress.rejections) == {2: {"funding": "Il ne reste rien du droit de l’année 2025."}}
    assert await standing(database) == [("completed", "state", "state", "civil_year:2025#1")]


async def test_an_absence_that_was_justified_leaves_the_right_to_the_next(database: Database) -> None:
    await import_advisers(database, 1)

    progress = await taken(
        database, a_registration(1, statut="absence justifiée"), a_registration(1, "16/09/2025", module="handicap")
    )

    assert counts(progress) == (2, 0, 0)
    assert [status for status, *_ in await standing(database)] == ["absent_justified", "completed"]


async def test_a_cancellation_over_quota_needs_no_right(database: Database) -> None:
    await import_advisers(database, 1)

    progress = await taken(
        database,
        a_registration(1),
        a_registration(1, "16/09/2025", statut="annulée", prise=None, annulee="01/09/2025"),
        a_registration(1, "17/09/2025", statut="annulée", prise="oui", annulee="01/09/2025"),
        a_registration(1, "18/09/2025", statut="absence justifiée", prise=None),
    )

    assert counts(progress) == (2, 0, 2)
    assert {*reasons(progress.rejections)} == {4, 5}


async def test_without_a_post_no_right_is_known(database: Database) -> None:
    await import_advisers(database, 1)

    progress = await taken(database, a_registration(1, "15/05/2023"))

    assert "Aucun droit n’est connu" in str(reasons(progress.rejections)[2]["funding"])


@pytest.mark.parametrize(
    ("cells", "field", "reason"),
    [
        ({"statut": "inscrite"}, "status", "Valeurs possibles"),
        ({"statut": None}, "status", "requis"),
        ({"statut": "acceptée"}, "status", "Valeurs possibles"),
        ({"prise": None}, "funding", "funding est requis"),
        ({"prise": "non"}, "payer", "payer est requis"),
        ({"payeur": "OPCO"}, "payer", "ne s’accordent pas"),
        ({"statut": "annulée"}, "cancelled_on", "cancelled_on est requis"),
        ({"statut": "annulée", "annulee": "13/05/2025"}, None, "a commencé"),
        ({"statut": "annulée", "annulee": "16/06/2026"}, "cancelled_on", "au plus tard aujourd’hui"),
        ({"starts_on": "13/05/2027"}, None, "commence le"),
        ({"date_de_fin": "12/05/2025"}, "session.ends_on", "ends_on précède starts_on"),
        ({"date_de_fin": None}, "session.ends_on", "requis"),
        ({"format": "en plein air"}, "session.format", "Valeurs possibles"),
        ({"module": "macramé"}, "module_code", "catalogue"),
        ({"organisme": None}, "training_organisation_id", "requis"),
        ({"organisme": "Inconnu"}, "training_organisation_id", "catalogue"),
        ({"module": "formation-initiale"}, "funding", "déjà bénéficié"),
        ({"module": "ccp2-ccp3", **KEPT}, "funding", "financée par l’État"),
        ({"id_conseiller": 99}, "conum_id", "Aucun conseiller"),
    ],
)
async def test_a_line_that_can_t_be_right_is_rejected_with_its_reason(
    database: Database, cells: dict[str, Any], field: str | None, reason: str
) -> None:
    await import_advisers(database, 1)
    once = await all_rows(database)

    progress = await taken(database, a_registration(1, **cells))

    (faults,) = reasons(progress.rejections).values()
    assert [*faults] == [field]
    assert reason in str(faults[field])
    assert await all_rows(database) == once


async def test_who_is_outside_the_scheme_used_no_right(database: Database) -> None:
    await import_advisers(database, 1)
    await database.one("UPDATE adviser SET in_scheme = false")

    progress = await taken(
        database,
        a_registration(1),
        a_registration(1, "14/05/2025", prise="non"),
        a_registration(1, "15/05/2025", **KEPT),
    )

    assert {line: {*faults} for line, faults in reasons(progress.rejections).items()} == {2: {"funding"}, 4: {"payer"}}
    assert await standing(database) == [("completed", "none", None, None)]


async def test_a_registration_known_here_is_not_rewritten(database: Database) -> None:
    await import_advisers(database, 1)
    (adviser,) = await stored_advisers(database)
    await register_in(database, adviser["id"], starts_on=FIRST_DAY.replace(year=2025), module="cybersecurite")

    progress = await taken(database, a_registration(1, "08/09/2025"))

    assert reasons(progress.rejections) == {2: {"status": "Déjà connue ici, acceptée : un import ne la change pas."}}


async def test_the_past_is_in_the_feed_and_in_nobody_s_mailbox(database: Database) -> None:
    await import_advisers(database, 1)
    await taken(database, a_registration(1))

    async with database.transaction() as tx:
        assert await try_lock(tx)
        numbered = await assign_positions(tx, [], MORNING)

    assert [tuple(event.values()) for event in await events(database)] == [("registration.completed", True, 1)]
    assert (numbered.count, [*numbered.for_webhooks], [*numbered.for_emails]) == (1, [], [])


INITIAL_ROW: dict[str, Any] = {"module": "formation-initiale", "organisme": "La Fabrik de la médiation numérique"}


async def test_what_the_past_changes_for_sessions_to_come_is_told_as_ever(database: Database) -> None:
    await import_advisers(database, 1, date=None)
    (adviser,) = await stored_advisers(database)
    refused = await register_in(database, adviser["id"], starts_on=FIRST_DAY)

    progress = await taken(database, a_registration(1, "14/03/2022", **INITIAL_ROW))

    assert (refused["status"], counts(progress)) == ("refused", (1, 0, 0))
    assert [(event["type"], event["history"]) for event in await events(database)] == [
        ("registration.refused", False), ("registration.completed", True), ("registration.regularisable", False),
    ]  # fmt: skip


async def test_a_right_that_a_session_to_come_holds_is_not_taken_from_it(database: Database) -> None:
    await import_advisers(database, 1, date=None)
    (adviser,) = await stored_advisers(database)
    await register_in(database, adviser["id"], module=INITIAL)

    progress = await taken(database, a_registration(1, "14/03/2022", **INITIAL_ROW))

    assert "déjà bénéficié" in str(reasons(progress.rejections)[2]["funding"])
    assert [status for status, *_ in await standing(database)] == ["accepted"]


async def test_where_and_when_it_was_asked_for_are_kept(database: Database) -> None:
    await import_advisers(database, 1)
    headings = (*REGISTRATIONS, "Lieu", "Référence", "Demandée le", "Motif")
    row = [*a_registration(1, statut="absence justifiée"), "Rennes", "S-42", "01/04/2025", "Maladie"]

    await import_file(database, ImportKind.REGISTRATIONS, csv_bytes(headings, row))

    (kept,) = await database.many("SELECT * FROM registration")
    assert [kept[name] for name in ("session_place", "session_reference", "motive")] == ["Rennes", "S-42", "Maladie"]
    assert kept["requested_on"].isoformat() == "2025-04-01"


async def test_what_was_asked_for_was_asked_by_today(database: Database) -> None:
    await import_advisers(database, 1, 2)
    headings = (*REGISTRATIONS, "Demandée le")
    rows = [[*a_registration(1), "15/06/2026"], [*a_registration(2), "16/06/2026"]]

    progress = await import_file(database, ImportKind.REGISTRATIONS, csv_bytes(headings, *rows))

    assert {line: [*faults] for line, faults in reasons(progress.rejections).items()} == {3: ["requested_on"]}
