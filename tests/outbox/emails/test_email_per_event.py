"""Each e-mail of section 9, caused over HTTP and composed from the database."""

import asyncio
from datetime import timedelta

import httpx

from app.domain.events import EventType, Recipient
from app.outbox.session_loop import do_session_work
from app.persistence.engine.database import open_database
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.messages import list_newest_email_contexts
from app.seed.published_catalogue import LA_MEDNUM
from app.use_cases.advisers.remind_advisers import remind_next_batch
from app.use_cases.notifications.sequence_events import sequence_events
from tests.api.administration.support_request_builders import answer, open_request
from tests.api.registration_states import (
    accepted_registration,
    attended_registration,
    initial_training_registration,
    post_action,
    refused_registration,
    reschedule,
    upcoming_registration,
)
from tests.fake_clock import MORNING
from tests.http_builders import a_contract, adviser_body, an_adviser_in_post
from tests.live_server import LiveServer, idempotency_headers
from tests.outbox.emails.email_cases import PROMISED_EMAILS, check_french
from tests.outbox.emails.personal_links import over_quota_registration
from tests.outbox.emails.session_deeds import hold_sessions
from tests.outbox.emails.smtp_server import COMPOSER


async def _written(url: str) -> list[Row]:
    """The e-mails of a database after a round of reminders on three days, and one run of the sequencer."""
    database = open_database(url, pool_size=2)
    for now in (MORNING, MORNING + timedelta(days=1), MORNING.replace(month=12)):
        while await remind_next_batch(database, now):
            pass
    while await do_session_work(database, MORNING):
        pass
    while await sequence_events(database, MORNING):
        pass
    rows = await list_newest_email_contexts(database, 1000)
    await database.close()
    return rows


def _ask_the_support_desk(client: httpx.Client, organisation: httpx.Client) -> None:
    """By the organisation that may read the request, and for the adviser alone."""
    refused = refused_registration(client)
    answer(client, open_request(organisation, refused["adviser_id"], registration_id=refused["id"]), granted=False)
    answer(client, open_request(client, refused["adviser_id"], kind="justification", period="initial_training"))


def _bring_everything_about(client: httpx.Client, organisation: httpx.Client) -> None:
    hold_sessions(client)
    waiting = over_quota_registration(client)
    post_action(client, waiting, "choice", choice="keep", payer="employer").raise_for_status()
    post_action(client, waiting, "cancellation").raise_for_status()
    waiting = over_quota_registration(client)
    query = {"adviser_id": waiting["adviser_id"], "status": "accepted"}
    post_action(
        client, client.get("/v1/registrations", params=query).json()["data"][0], "cancellation"
    ).raise_for_status()
    regularised = refused_registration(client)
    a_contract(client, regularised["adviser_id"])
    post_action(client, regularised, "re-examination").raise_for_status()
    over_quota_registration(client, starts_on="2026-06-18")  # recalled the next day
    derogation = {"waived": ["module_quota_exceeded"], "funding": "state", "motive": "Session annulée l’an dernier"}
    post_action(client, over_quota_registration(client), "derogation", **derogation).raise_for_status()
    reschedule(client, upcoming_registration(client), starts_on="2026-10-06", ends_on="2026-10-07").raise_for_status()
    for outcome in ("completed", "absent_justified", "absent_unjustified"):
        attended_registration(client, outcome)
    missed = [{"on": "2025-05-13", "justified": False}]
    post_action(
        client, accepted_registration(client), "attendance", outcome="completed", absences=missed
    ).raise_for_status()
    absent = attended_registration(client, "absent_unjustified")
    post_action(client, absent, "attendance", outcome="completed", motive="Présent").raise_for_status()
    post_action(
        client, initial_training_registration(client), "positioning-test", taken_on="2025-05-01", hours=175
    ).raise_for_status()
    adviser = an_adviser_in_post(client)
    report = {"bucket": "civil_year:2025", "units": 1, "motive": "Congé maternité"}
    client.post(f"/v1/advisers/{adviser}/carry-overs", json=report).raise_for_status()
    result = {"adviser_id": adviser, "qualification": "pix", "outcome": "failed", "on": "2026-05-04"}
    recorded = client.post("/v1/certifications", json=result | {"training_organisation_id": str(LA_MEDNUM)})
    annulment = f"/v1/certifications/{recorded.raise_for_status().json()['id']}/annulment"
    client.post(annulment, json={"motive": "Erreur de saisie"}, headers=idempotency_headers()).raise_for_status()
    _ask_the_support_desk(client, organisation)
    an_adviser_in_post(client, initial_training=None)  # recalled before the year ends
    body = adviser_body()
    gone = client.post("/v1/advisers", json=body).raise_for_status().json()["id"]
    client.delete(f"/v1/advisers/{gone}", headers={"If-Match": "*"}).raise_for_status()
    client.post("/v1/advisers", json=body).raise_for_status()


# No request makes an employer act or pay: what its answer does is announced by itself.
NEVER_SENT = {
    (EventType.SUPPORT_REQUEST_OPENED, Recipient.EMPLOYER),
    (EventType.SUPPORT_REQUEST_ANSWERED, Recipient.EMPLOYER),
}


def test_each_is_written_from_what_is_known(served_demonstration: LiveServer) -> None:
    with served_demonstration.client("admin") as admin, served_demonstration.client("training_organisation") as own:
        _bring_everything_about(admin, own)

    rows = asyncio.run(_written(served_demonstration.database_url))

    assert {(row["type"], row["recipient"]) for row in rows} == {*PROMISED_EMAILS} - NEVER_SENT
    for row in rows:
        check_french(COMPOSER.compose(row))
