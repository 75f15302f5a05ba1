"""People are not notified again of what they were told; machines get every event."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest

from app.domain.facts.certification import CertificationOutcome
from app.persistence.engine.database import Database
from app.persistence.outbox import email_deduplication
from app.persistence.outbox.assign_feed_positions import GLOBAL_FEED_ID
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from app.use_cases.certifications.annul_certification import annul_certification
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.notifications import sequence_events
from app.use_cases.registrations.record_positioning_test import record_positioning
from app.use_cases.registrations.reexamine_registration import AdviserNotice, reexamine
from app.use_cases.registrations.register_adviser import register
from tests.outbox.emails.smtp_server import messages_of
from tests.persistence.outbox.event_builders import all_events, place_waiting_events
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    MEDNUM,
    PAST_DAY,
    a_contract,
    a_new_registration,
    a_request_context,
    an_adviser,
    an_adviser_in_post,
    change_contract,
    day,
    id_of,
    register_in,
)

REFUSED = "registration.refused"
TIMES = 5


async def _refused(database: Database) -> tuple[UUID, UUID, UUID]:
    """A registration refused for something its employer has not done; return its adviser and contract, too."""
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser, validated_on=None)
    registration = id_of(await register_in(database, adviser, context=a_request_context(client=MEDNUM)))
    await place_waiting_events(database)
    return registration, adviser, contract


async def _counted(database: Database, **columns: object) -> Mapping[str, int]:
    """How many e-mails each recipient gets."""
    written = [row["recipient"] for row in await messages_of(database, **columns)]
    return {recipient: written.count(recipient) for recipient in {*written}}


async def _notify(database: Database, registration: UUID) -> None:
    await reexamine(database, registration, AdviserNotice(), a_request_context(client=MEDNUM))


@pytest.mark.parametrize("placed_meanwhile", [True, False])
async def test_vain_re_examinations_send_one_message(
    database: Database,
    placed_meanwhile: bool,  # noqa: FBT001  # a parameter
) -> None:
    """Beside that of the first refusal, whether each is sequenced before the next, or all at once."""
    registration, _, _ = await _refused(database)

    for _ in range(TIMES):
        await _notify(database, registration)
        if placed_meanwhile:
            await place_waiting_events(database)
    await place_waiting_events(database)

    assert await _counted(database, type=REFUSED) == {"adviser": 2, "employer": 2, "training_organisation": 2}
    notices = await _counted(database, type="registration.regularisation_notified")
    assert notices == {"training_organisation": 1}


async def test_machines_are_told_each_time(database: Database) -> None:
    registration, _, _ = await _refused(database)
    before = len(await all_events(database, GLOBAL_FEED_ID))

    for _ in range(TIMES):
        await _notify(database, registration)
    await place_waiting_events(database)

    assert len(await all_events(database, GLOBAL_FEED_ID)) == before + 2 * TIMES


async def test_red_run_without_the_comparison_each_re_examination_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequence_events, "EMAILED_ONCE", frozenset[str]())
    registration, _, _ = await _refused(database)

    for _ in range(TIMES):
        await _notify(database, registration)
    await place_waiting_events(database)

    assert (await _counted(database, type=REFUSED))["adviser"] == 1 + TIMES


async def test_the_same_request_refused_again_and_again_sends_one_message(database: Database) -> None:
    adviser = await an_adviser(database)
    await a_contract(database, adviser, validated_on=None)

    for _ in range(TIMES):
        await register_in(database, adviser, context=a_request_context(client=MEDNUM))
        await place_waiting_events(database)

    assert await _counted(database, type=REFUSED) == {"adviser": 1, "employer": 1, "training_organisation": 1}


async def test_requests_and_re_examinations_in_turn_send_one_message_each(database: Database) -> None:
    adviser = await an_adviser(database)
    await a_contract(database, adviser, validated_on=None)

    for _ in range(TIMES):
        await _notify(database, id_of(await register_in(database, adviser, context=a_request_context(client=MEDNUM))))
        await place_waiting_events(database)

    assert await _counted(database, type=REFUSED) == {"adviser": 2, "employer": 2, "training_organisation": 2}


async def test_a_refusal_with_another_organisation_or_on_another_day_is_news(database: Database) -> None:
    adviser = await an_adviser(database)
    await a_contract(database, adviser, validated_on=None)

    for organisation, first_day in ((LA_MEDNUM, FIRST_DAY), (HISTYA, FIRST_DAY), (LA_MEDNUM, day("2026-09-09"))):
        command = replace(a_new_registration(adviser, first_day), training_organisation_id=organisation)
        await register(database, command, a_request_context())
    await place_waiting_events(database)

    assert (await _counted(database, type=REFUSED))["adviser"] == 3


async def test_another_reason_is_news(database: Database) -> None:
    registration, adviser, contract = await _refused(database)
    await _notify(database, registration)
    await change_contract(database, contract, adviser, validated_on=None, contract_uploaded_on=None)

    await _notify(database, registration)
    await place_waiting_events(database)

    assert (await _counted(database, type=REFUSED))["adviser"] == 3


async def test_a_refusal_after_good_news_is_news(database: Database) -> None:
    """The adviser was told in between that nothing stood in the way."""
    registration, adviser, contract = await _refused(database)
    await _notify(database, registration)
    await change_contract(database, contract, adviser)
    await change_contract(database, contract, adviser, validated_on=None)

    await _notify(database, registration)
    await place_waiting_events(database)

    assert await _counted(database, type="registration.regularisable") == {"adviser": 1}
    assert await _counted(database, type=REFUSED) == {"adviser": 3, "employer": 2, "training_organisation": 2}


async def test_what_never_arrived_is_told_again(database: Database) -> None:
    registration, _, _ = await _refused(database)
    await _notify(database, registration)
    await place_waiting_events(database)
    await database.one("UPDATE delivery SET state = 'dead', next_attempt_at = NULL, settled_at = now()")

    await _notify(database, registration)
    await place_waiting_events(database)

    assert (await _counted(database, type=REFUSED))["adviser"] == 3


async def test_the_refusal_of_another_registration_is_news(database: Database) -> None:
    adviser = await an_adviser(database)
    await a_contract(database, adviser, validated_on=None)
    for module in ("cybersecurite", "numerique-responsable"):
        await register_in(database, adviser, module=module)
    await place_waiting_events(database)

    assert (await _counted(database, type=REFUSED))["adviser"] == 2


async def test_a_result_annulled_and_recorded_again_is_told_each_time(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    result = ExamResult(adviser, "pix", CertificationOutcome.FAILED, day("2026-05-12"), None, None)
    await record_result(database, result, a_request_context(client=MEDNUM))
    recorded = await database.one("SELECT id FROM certification")
    assert recorded is not None
    await annul_certification(database, recorded["id"], "Erreur de saisie", a_request_context())

    await record_result(database, result, a_request_context(client=MEDNUM))
    await place_waiting_events(database)

    assert await _counted(database, type="certification.recorded") == {"adviser": 2}
    assert await _counted(database, type="certification.annulled") == {"adviser": 1}


async def test_a_positioning_test_recorded_again_is_told_once_and_another_path_is_news(database: Database) -> None:
    adviser = await an_adviser(database, initial_training_entered_on=None)
    await a_contract(database, adviser)
    registration = id_of(await register_in(database, adviser, PAST_DAY, INITIAL))
    for _ in range(TIMES):
        await record_positioning(database, registration, day("2025-05-02"), 175, a_request_context())
    await record_positioning(database, registration, day("2025-05-02"), 70, a_request_context())
    await place_waiting_events(database)

    told = await _counted(database, type="registration.path_determined")
    assert told == {"adviser": 2, "employer": 2, "training_organisation": 2}


async def test_nothing_is_asked_of_the_database_about_what_cannot_repeat(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_deduplication, "FIND_REPEATED", "no statement")
    await register_in(database, await an_adviser_in_post(database))

    assert await place_waiting_events(database) == 1
    assert await _counted(database) == {"adviser": 1, "employer": 1, "training_organisation": 1}
