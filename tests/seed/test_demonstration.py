import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from app.api.advisers.adviser_schemas import AdviserFields
from app.api.contracts.contract_schemas import ContractRequest, EmployerResource
from app.domain.decisions.admission import Decision, Outcome
from app.domain.decisions.recorded_decisions import Cause, replay
from app.domain.decisions.refusals import Absence, Reason, Refusal
from app.domain.errors import InvalidTransition
from app.domain.events import EventType
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration_terms import Funding, Payer, Status, Unit
from app.persistence.administration.policies import read_policies
from app.persistence.advisers.adviser_files import FACTS
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.seed.demonstration import PEOPLE, load_demonstration
from app.seed.scenarios.fictional_employers import MAIRIE
from app.seed.scenarios.modules import PARENTS
from app.seed.scenarios.scenario import Course, Declined, Person, Post
from app.use_cases.advisers.remind_advisers import remind_next_batch
from tests.fake_clock import MORNING

REFUSALS: TypeAdapter[tuple[Refusal, ...]] = TypeAdapter(tuple[Refusal, ...])
TABLES = (
    "adviser", "contract", "session", "seat", "session_deed", "registration", "decision", "certification", "carry_over",
    "outbox", "idempotency",
)  # fmt: skip

# What takes an import, an annulled result, a person, or another life than those told.
NOT_TOLD = {
    Cause.IMPORT, Cause.EXEMPTION_CHANGED, Cause.DEROGATION, Cause.SCHEME_CHANGED, Cause.DEPARTMENT_CHANGED,
}  # fmt: skip

REGISTRATIONS = """SELECT r.*, a.conum_id, r.session_starts_on::text AS first_day
FROM registration r JOIN adviser a ON a.id = r.adviser_id"""


async def counted(database: Database) -> dict[str, int]:
    counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in TABLES)  # noqa: S608  # our own names
    return dict(await database.one(f"SELECT {counts}") or {})


async def reasons(database: Database) -> list[tuple[Refusal, ...]]:
    return [REFUSALS.validate_json(row["reasons"]) for row in await database.many("SELECT reasons FROM decision")]


async def distinct(database: Database, column: str, table: str) -> set[object]:
    rows = await database.many(f'SELECT DISTINCT "{column}" AS value FROM {table}')  # noqa: S608  # our own names
    return {row["value"] for row in rows}


async def test_the_department_has_fifty_four_advisers_and_twelve_employers(loaded: Database) -> None:
    assert await distinct(loaded, "conum_id", "adviser") == {*range(900001, 900041), *range(900042, 900056)}
    assert len(await distinct(loaded, "employer_siret", "contract")) == 12


async def test_every_employer_says_that_it_is_a_demonstration(loaded: Database) -> None:
    names = await distinct(loaded, "employer_name", "contract")

    assert all("(démonstration)" in str(name) for name in names)
    assert await distinct(loaded, "employer_legal_form", "contract") == {"public", "private", "undetermined"}


async def test_every_contract_is_one_that_the_api_takes(loaded: Database) -> None:
    for row in await loaded.many("SELECT * FROM contract"):
        file = ("ds_file_number", "contract_uploaded_on", "validated_on")
        nested = {
            "employer": {name: row[f"employer_{name}"] for name in EmployerResource.__annotations__},
            "administrative_file": {name: row[name] for name in file},
        }
        own = {name: row[name] for name in ContractRequest.model_fields if name in row.keys()}  # noqa: SIM118  # a record

        columns = ContractRequest.model_validate(own | nested).columns()

        assert {name: row[name] for name in columns} == columns


async def test_every_adviser_is_one_that_the_api_takes(loaded: Database) -> None:
    for row in await loaded.many("SELECT * FROM adviser"):
        columns = {name: row[name] for name in AdviserFields.model_fields if name != "initial_training"}

        assert AdviserFields.model_validate(columns).email == row["email"]
        assert row["email"].endswith("@example.org")


async def test_every_reason_is_given_to_somebody(loaded: Database) -> None:
    given = [refusal for found in await reasons(loaded) for refusal in found]

    assert {refusal.code for refusal in given} == {*Reason}
    assert {refusal.detail for refusal in given} == {*Absence, None}


async def test_somebody_is_given_five_reasons_at_once(loaded: Database) -> None:
    assert max(len(found) for found in await reasons(loaded)) == 5


async def test_every_status_occurs(loaded: Database) -> None:
    assert await distinct(loaded, "status", "registration") == {*Status}


async def test_every_funding_and_every_payer_occurs(loaded: Database) -> None:
    assert await distinct(loaded, "funding", "registration") == {*Funding, None}
    assert await distinct(loaded, "payer", "registration") == {*Payer, None}


async def test_every_kind_of_right_is_used(loaded: Database) -> None:
    held = {str(unit).rpartition("#")[0] for unit in await distinct(loaded, "unit", "registration") if unit}

    years = {f"civil_year:{year}" for year in (2024, 2025, 2026)}
    assert held == {
        "first_year", "supplementary:cafe-ia", "carry_over:civil_year:2025", "carry_over:first_year", *years,
    }  # fmt: skip


async def test_every_exempting_qualification_exempts_somebody(loaded: Database) -> None:
    exempting = await loaded.many("SELECT code FROM qualification WHERE exempts_from_initial_training")

    assert {row["code"] for row in exempting} <= await distinct(loaded, "qualification", "certification")


async def test_every_outcome_of_an_exam_occurs(loaded: Database) -> None:
    assert await distinct(loaded, "outcome", "certification") == {*CertificationOutcome}


async def test_every_cause_of_a_decision_occurs(loaded: Database) -> None:
    assert await distinct(loaded, "cause", "decision") == {*Cause} - NOT_TOLD


async def test_sessions_spread_over_three_civil_years(loaded: Database) -> None:
    rows = await loaded.many(REGISTRATIONS)

    assert {row["session_starts_on"].year for row in rows} >= {2024, 2025, 2026}
    assert 120 <= len(rows) <= 200


async def test_there_are_registrations_to_cancel_to_move_and_to_choose(loaded: Database) -> None:
    ahead = [row for row in await loaded.many(REGISTRATIONS) if row["session_starts_on"] > MORNING.date()]
    of_status = Counter(row["status"] for row in ahead)

    assert of_status[Status.ACCEPTED] >= 5
    assert of_status[Status.AWAITING_CHOICE] >= 3
    assert any(Payer.OPCO in row["offered_payers"] for row in ahead)


async def test_a_refusal_put_right_waits_for_its_notice(loaded: Database) -> None:
    (row,) = await loaded.many(
        f"{REGISTRATIONS} WHERE a.conum_id = 900027 AND r.session_starts_on > $1", MORNING.date()
    )
    told = await loaded.many("SELECT type FROM outbox WHERE subject_id = $1 ORDER BY id", row["id"])

    assert row["status"] == Status.REFUSED
    assert [event["type"] for event in told] == ["registration.refused", "registration.regularisable"]


async def test_what_is_past_is_in_the_outbox_as_history(loaded: Database) -> None:
    assert [row["history"] for row in await loaded.many("SELECT DISTINCT history FROM outbox")] == [True]


def _end(row: Row | None) -> tuple[str, str | None, str | None]:
    assert row is not None
    return row["status"], row["payer"], row["unit"]


@pytest.mark.parametrize(
    ("conum_id", "module", "first_day", "end"),
    [
        (900004, "cybersecurite", "2024-10-08", (Status.COMPLETED, Payer.STATE, "first_year#2")),
        (900005, "intelligence-artificielle", "2025-09-09", (Status.COMPLETED, Payer.STATE, "carry_over:first_year#1")),
        (900007, "parentalite-numerique", "2024-10-08", (Status.COMPLETED, Payer.EMPLOYER, None)),
        (900008, "numerique-responsable", "2025-03-11", (Status.COMPLETED, Payer.STATE, "civil_year:2024#1")),
        (900010, PARENTS, "2026-03-10", (Status.COMPLETED, Payer.STATE, "carry_over:civil_year:2025#1")),
        (900013, "cafe-ia", "2025-04-08", (Status.COMPLETED, Payer.STATE, "supplementary:cafe-ia#1")),
        (900015, "handicap", "2025-10-07", (Status.COMPLETED, Payer.OPCO, None)),
        (900016, "numerique-responsable", "2025-10-07", (Status.COMPLETED, Payer.SELF, None)),
        (900017, "intelligence-artificielle", "2025-09-18", (Status.COMPLETED, Payer.STATE, "civil_year:2025#1")),
        (900018, "cybersecurite", "2025-10-07", (Status.COMPLETED, Payer.STATE, "civil_year:2025#1")),
        (900019, "parentalite-numerique", "2025-11-18", (Status.AWAITING_CHOICE, None, None)),
        (900024, "intelligence-artificielle", "2025-03-11", (Status.REFUSED, None, None)),
        (900029, "aidants-connect", "2025-05-13", (Status.COMPLETED, Payer.STATE, "civil_year:2025#1")),
        (900034, "formation-initiale", "2024-10-07", (Status.COMPLETED, Payer.STATE, None)),
        (900036, "cybersecurite", "2025-05-13", (Status.COMPLETED, None, None)),
        (900037, "ccp2-ccp3", "2025-03-17", (Status.COMPLETED, Payer.STATE, None)),
        (900038, "ccp2-ccp3", "2025-11-03", (Status.REFUSED, None, None)),
    ],
)  # fmt: skip
async def test_a_situation_ends_as_it_says(
    loaded: Database, conum_id: int, module: str, first_day: str, end: tuple[str, str | None, Unit | None]
) -> None:
    wanted = f"{REGISTRATIONS} WHERE a.conum_id = $1 AND r.module_code = $2 AND r.session_starts_on::text = $3"

    assert _end(await loaded.one(wanted, conum_id, module, first_day)) == end


async def test_no_unit_is_held_twice(loaded: Database) -> None:
    held = Counter((row["adviser_id"], row["unit"]) for row in await loaded.many(REGISTRATIONS) if row["unit"])

    assert set(held.values()) == {1}


async def test_nothing_happens_after_the_loading(loaded: Database) -> None:
    latest = """SELECT greatest((SELECT max(updated_at) FROM registration), (SELECT max(decided_at) FROM decision),
    (SELECT max(occurred_at) FROM outbox), (SELECT max(updated_at) FROM contract)) AS instant"""
    row = await loaded.one(latest)

    assert row is not None
    assert row["instant"] <= MORNING


async def test_what_happens_to_somebody_is_told_in_its_order(loaded: Database) -> None:
    rows = await loaded.many(
        "SELECT coalesce(adviser_id, subject_id) AS concerned, occurred_at FROM outbox ORDER BY 1, id"
    )

    told = [(row["concerned"], row["occurred_at"]) for row in rows]
    assert told == sorted(told)


async def test_every_decision_is_taken_again_from_its_facts(loaded: Database) -> None:
    policies = await read_policies(loaded)

    for row in await loaded.many("SELECT * FROM decision"):
        stored = Decision(
            outcome=Outcome(row["outcome"]),
            policy_version=row["policy_version"],
            rules=tuple(row["rules"]),
            refusals=REFUSALS.validate_json(row["reasons"]),
            funding=row["funding"],
            unit=row["unit"],
        )
        again = replay(Cause(row["cause"]), FACTS.validate_json(row["facts"]), policies)
        assert again is not None
        assert replace(again, offered_payers=()) == stored


async def test_a_second_load_changes_nothing(database: Database) -> None:
    await load_demonstration(database, MORNING)
    first = await counted(database)

    await load_demonstration(database, MORNING.replace(year=MORNING.year + 1))

    assert await counted(database) == first


async def test_an_interrupted_load_is_completed_by_the_next(database: Database, loaded: Database) -> None:
    loading = asyncio.create_task(load_demonstration(database, MORNING))
    while (await counted(database))["adviser"] == 0:  # noqa: ASYNC110  # the event is another connection's commit
        await asyncio.sleep(0.01)
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    assert (await counted(database))["adviser"] < len(PEOPLE)

    await load_demonstration(database, MORNING)

    assert await counted(database) == await counted(loaded)


async def test_a_scenario_that_fails_leaves_nothing_behind(database: Database) -> None:
    declining_what_was_refused = Person(
        900099,
        "Personne Impossible",
        "Décline une inscription refusée",
        posts=(Post(MAIRIE, "2024-02-05"),),
        courses=(Course("cybersecurite", "2025-05-13", then=(Declined("2025-05-02"),)),),
    )
    before = await counted(database)

    with pytest.raises(ExceptionGroup) as failed:
        await load_demonstration(database, MORNING, (declining_what_was_refused,))

    assert failed.group_contains(InvalidTransition)
    assert await counted(database) == before


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 10, 24, 23, 30, tzinfo=UTC),
        datetime(2026, 12, 31, 12, tzinfo=UTC),
        datetime(2027, 1, 1, 12, tzinfo=UTC),
        datetime(2027, 2, 28, 3, tzinfo=UTC),
        datetime(2028, 2, 29, 18, tzinfo=UTC),
    ],
    ids=str,
)
async def test_it_can_be_loaded_on_any_day(database: Database, now: datetime) -> None:
    await load_demonstration(database, now)

    assert (await counted(database))["registration"] > 120
    open_ahead = "SELECT 1 FROM registration WHERE status IN ('accepted', 'awaiting_choice') AND session_starts_on > $1"
    assert len(await database.many(open_ahead, now.date())) >= 5
    assert not await remind_next_batch(database, now)
    reminded = await database.many("SELECT DISTINCT type FROM outbox WHERE NOT history")
    of_every_day = {EventType.CERTIFICATION_DUE, EventType.ENTITLEMENT_EXPIRING}
    assert of_every_day <= {row["type"] for row in reminded} <= of_every_day | {EventType.INITIAL_TRAINING_OWED}
