"""Decisions are evidence: never touched again, and taken again from their facts they come out the same."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from app.domain.decisions.recorded_decisions import RULES_VERSION, Cause, replay
from app.domain.errors import Conflict
from app.domain.facts.policy import Policies
from app.persistence.administration import policies
from app.persistence.administration.policies import read_policies
from app.persistence.advisers.adviser_files import FACTS
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.driver_types import Row
from app.persistence.registrations.registrations import list_decisions
from app.seed.published_catalogue import published_policy
from app.use_cases.advisers.upsert_adviser import upsert_adviser
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser_in_post as an_adviser_over_http
from tests.http_builders import register
from tests.live_server import LiveServer
from tests.persistence.postgres_errors import InsufficientPrivilege, RestrictViolation
from tests.use_cases.random_actions import random_actions
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    a_request_context,
    adviser_columns,
    an_adviser_in_post,
    day,
    id_of,
    register_in,
)

EVENTFUL = 600


def as_stored(row: Row) -> dict[str, Any]:
    """What a decision says, without who took it and when."""
    stored = {name: row[name] for name in ("outcome", "rules", "funding", "unit", "policy_version", "waived")}
    return {**stored, "reasons": orjson.loads(row["reasons"])}


def as_replayed(row: Row, known: Policies) -> dict[str, Any]:
    """What the decision says when it is taken again from its own facts, under the policy it names."""
    facts = FACTS.validate_json(row["facts"])
    named = Policies(tuple(policy for policy in known.versions if policy.version == row["policy_version"]))
    decision = replay(Cause(row["cause"]), facts, named)
    assert decision is not None
    said = {name: getattr(decision, name) for name in ("outcome", "funding", "unit", "policy_version")}
    return {
        **said,
        "rules": list(decision.rules),
        "waived": list(decision.waived),
        "reasons": orjson.loads(orjson.dumps(decision.refusals)),
    }


async def assert_every_decision_replays(database: Database) -> list[Row]:
    """Those of the whole database that the present rules took; earlier rules are not kept to take theirs again."""
    known = await read_policies(database)
    decisions = await database.many(
        "SELECT * FROM decision WHERE rules_version = $1 ORDER BY decided_at, id", RULES_VERSION
    )
    assert [as_replayed(row, known) for row in decisions] == [as_stored(row) for row in decisions]
    return decisions


async def rare_decisions(database: Database) -> None:
    """A promotion, and an initial training refused to an adviser who moves overseas: the play brings few, or none."""
    adviser = await an_adviser_in_post(database)
    first, _ = [await register_in(database, adviser, FIRST_DAY + timedelta(number)) for number in range(2)]
    await cancel(database, id_of(first), Cancellation(), a_request_context())
    newcomer = await an_adviser_in_post(database, initial_training_entered_on=None)
    await register_in(database, newcomer, module=INITIAL)
    overseas = adviser_columns(department="974", initial_training_entered_on=None)
    await upsert_adviser(database, newcomer, overseas, ANY_VERSION, a_request_context())


# As the former release inserts it, without a version of the rules.
INSERT_AS_BEFORE = """INSERT INTO decision (id, registration_id, adviser_id, cause, outcome, reasons, rules,
    policy_version, facts, automatic, decided_by, decided_at)
SELECT gen_random_uuid(), registration_id, adviser_id, cause, 'refused', reasons, rules, policy_version, facts,
    automatic, decided_by, decided_at FROM decision"""


async def test_a_decision_of_earlier_rules_is_kept_and_not_taken_again(database: Database, owner: Database) -> None:
    registration = await register_in(database, await an_adviser_in_post(database))
    await owner.one(INSERT_AS_BEFORE)

    replayed = await assert_every_decision_replays(database)

    former = await list_decisions(database, id_of(registration))
    assert [row["rules_version"] for row in replayed] == [RULES_VERSION]
    assert sorted((row["rules_version"], row["outcome"]) for row in former) == [(1, "refused"), (2, "accepted")]


@pytest.mark.parametrize(
    "change", ["UPDATE decision SET outcome = 'accepted'", "DELETE FROM decision", "TRUNCATE decision CASCADE"]
)
async def test_a_decision_is_never_changed_nor_removed(database: Database, owner: Database, change: str) -> None:
    await register_in(database, await an_adviser_in_post(database))

    with pytest.raises(RestrictViolation, match="append-only"):
        await owner.one(change)
    with pytest.raises(InsufficientPrivilege):
        await database.one(change)

    assert len(await database.many("SELECT id FROM decision")) == 1


async def test_every_decision_of_a_busy_database_replays(database: Database) -> None:
    play = await random_actions(database, advisers=4)
    for number in range(EVENTFUL):
        await play.refresh()
        if number == EVENTFUL // 2:
            richer = replace(published_policy("support@example.org"), effective_from=day("2026-08-01"))
            richer = replace(richer, civil_year=replace(richer.civil_year, count=2))
            async with database.transaction() as tx:
                await policies.add(tx, richer, MORNING)
        try:
            await play.action()
        except Conflict:
            continue

    await rare_decisions(database)

    decisions = await assert_every_decision_replays(database)

    assert len(await database.many("SELECT id FROM decision")) == len(decisions)
    assert {row["cause"] for row in decisions} >= {
        Cause.REQUEST, Cause.PROMOTION, Cause.FILE_CHANGED, Cause.RESCHEDULED, Cause.RE_EXAMINATION,
        Cause.INITIAL_TRAINING_CHANGED, Cause.SCHEME_CHANGED, Cause.DEPARTMENT_CHANGED,
        Cause.DEROGATION,
    }  # fmt: skip
    assert {row["outcome"] for row in decisions} == {"accepted", "refused", "over_quota"}
    assert {row["policy_version"] for row in decisions} == {"2021-01-01", "2026-08-01"}


async def test_every_decision_of_the_served_database_replays(served: LiveServer, platform: httpx.Client) -> None:
    register(platform, an_adviser_over_http(platform)).raise_for_status()
    database = open_database(served.database_url, pool_size=1)

    decisions = await assert_every_decision_replays(database)

    assert decisions
    await database.close()


async def test_the_latest_decision_of_each_registration_is_the_one_it_shows(database: Database) -> None:
    play = await random_actions(database, advisers=2)
    for _ in range(EVENTFUL // 4):
        await play.refresh()
        try:
            await play.action()
        except Conflict:
            continue

    astray = await database.many("""SELECT r.id FROM registration r LEFT JOIN decision d ON d.id = r.decision_id
        WHERE d.registration_id IS DISTINCT FROM r.id OR d.adviser_id <> r.adviser_id
           OR EXISTS (SELECT FROM decision later WHERE later.registration_id = r.id AND later.id > d.id)""")

    assert astray == []
