"""A result that is annulled stays, and counts for nothing: for rules, attempts and payers."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.domain.errors import AlreadyAnnulled, TooLateToCorrect
from app.domain.facts.calendar import civil_date
from app.persistence.administration.clients import Client
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.idempotency import AlreadyCompleted
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.fake_clock import MORNING
from tests.use_cases.certifications.result_builders import (
    ADMIN,
    EXCUSED,
    FAILED,
    OBTAINED,
    a_result,
    annul,
    record,
    stored_results,
)
from tests.use_cases.use_case_builders import (
    MEDNUM,
    a_request_context,
    an_adviser,
    an_adviser_in_post,
    an_idempotency_key,
    day,
    register_in,
    stored_registration,
)

TODAY = civil_date(MORNING)


async def test_an_annulled_result_stays_with_who_when_and_why(database: Database) -> None:
    recorded = await record(database, a_result(await an_adviser(database), FAILED))

    answered = await annul(database, recorded)

    (row,) = await stored_results(database)
    assert (row["outcome"], row["annulled_on"], row["annulled_motive"], row["annulled_by"]) == (
        "failed", TODAY, "Erreur de saisie", ADMIN.id,
    )  # fmt: skip
    assert (row["version"], row["next_attempt_payer"]) == (2, None)
    assert answered["annulled_motive"] == "Erreur de saisie"


async def test_adviser_organisation_and_platform_are_told(database: Database) -> None:
    recorded = await record(database, a_result(await an_adviser(database), organisation=LA_MEDNUM))

    await annul(database, recorded)

    _, told = await database.many("SELECT * FROM outbox ORDER BY id")
    assert (told["type"], told["subject_id"], told["subject_version"]) == (
        "certification.annulled", UUID(recorded["id"]), 2,
    )  # fmt: skip
    assert (told["training_organisation_id"], told["recipients"]) == (LA_MEDNUM, ["adviser", "training_organisation"])
    assert "Erreur" not in str(told["data"])
    assert str(TODAY) in str(told["data"])


async def test_an_annulled_exemption_refuses_what_rested_on_it_and_what_has_begun_stays(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    recorded = await record(database, a_result(adviser, qualification="catic", on=day("2024-02-12")))
    begun = await register_in(
        database, adviser, starts_on=day("2026-06-15"), context=a_request_context(now=MORNING - timedelta(days=1))
    )
    to_come = await register_in(database, adviser, starts_on=day("2027-02-09"))
    assert (begun["status"], to_come["status"]) == ("accepted", "accepted")

    await annul(database, recorded)

    refused, kept = await stored_registration(database, to_come), await stored_registration(database, begun)
    assert (refused["status"], refused["unit"]) == ("refused", None)
    assert (kept["status"], kept["unit"]) == ("accepted", "civil_year:2026#1")
    told = await database.many("SELECT type FROM outbox ORDER BY id DESC LIMIT 2")
    assert {row["type"] for row in told} == {"certification.annulled", "registration.refused"}


async def test_a_result_annulled_makes_room_for_the_true_one(database: Database) -> None:
    adviser = await an_adviser(database)
    wrong = await record(database, a_result(adviser))
    await annul(database, wrong)

    true = await record(database, a_result(adviser, FAILED))

    assert (true["outcome"], true["attempt"]) == ("failed", 1)


async def test_the_attempts_after_it_are_numbered_again(database: Database) -> None:
    adviser = await an_adviser(database)
    steps = ((FAILED, None), (EXCUSED, "medical_certificate"), (OBTAINED, None))
    first, *_ = [
        await record(database, a_result(adviser, outcome, on=day(f"2025-03-1{place}"), motive=motive))
        for place, (outcome, motive) in enumerate(steps)
    ]
    assert [row["attempt"] for row in await stored_results(database)] == [1, 2, 2]

    await annul(database, first)

    found = [(row["attempt"], row["version"]) for row in await stored_results(database)]
    assert found == [(1, 2), (1, 2), (1, 2)]


async def test_it_is_annulled_once(database: Database) -> None:
    recorded = await record(database, a_result(await an_adviser(database)))
    await annul(database, recorded)

    with pytest.raises(AlreadyAnnulled):
        await annul(database, recorded, "Une autre raison")

    (row,) = await stored_results(database)
    assert (row["annulled_motive"], row["version"]) == ("Erreur de saisie", 2)


@pytest.mark.parametrize(("days", "client", "in_time"), [(30, MEDNUM, True), (31, MEDNUM, False), (900, ADMIN, True)])
async def test_an_organisation_has_so_many_days_and_an_administrator_any(
    database: Database, days: int, client: Client, *, in_time: bool
) -> None:
    """Counted from the day it was recorded, not from that of the exam."""
    recorded = await record(database, a_result(await an_adviser(database), organisation=LA_MEDNUM))
    later = MORNING + timedelta(days=days)

    if in_time:
        await annul(database, recorded, client=client, now=later)
    else:
        with pytest.raises(TooLateToCorrect) as late:
            await annul(database, recorded, client=client, now=later)
        assert late.value.last_day == TODAY + timedelta(days=30)

    (row,) = await stored_results(database)
    assert (row["annulled_on"] is not None) is in_time


@pytest.mark.parametrize("organisation", [HISTYA, None])
async def test_what_another_recorded_does_not_exist_for_an_organisation(
    database: Database, organisation: UUID | None
) -> None:
    recorded = await record(database, a_result(await an_adviser(database), organisation=organisation))

    with pytest.raises(NotFound):
        await annul(database, recorded, client=MEDNUM)
    with pytest.raises(NotFound):
        await annul(database, {"id": str(uuid4())})

    (row,) = await stored_results(database)
    assert row["annulled_on"] is None


async def test_the_same_request_is_answered_the_same_and_annuls_once(database: Database) -> None:
    recorded, key = await record(database, a_result(await an_adviser(database))), an_idempotency_key()
    await annul(database, recorded, key=key)

    with pytest.raises(AlreadyCompleted):
        await annul(database, recorded, key=key)

    assert len(await database.many("SELECT 1 FROM outbox WHERE type = 'certification.annulled'")) == 1
