"""The webhooks that the contract announces are those that are delivered."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import httpx
import orjson
import pytest
import standardwebhooks

from app.api.openapi.examples.example_bodies import COMPLETED_OF_INES
from app.api.openapi.webhook_examples import TEST_EXAMPLE, event_example, summary_example
from app.api.openapi.webhooks_section import EVENT_SUMMARIES
from app.domain.events import EventType
from app.persistence.engine.database import open_database
from app.use_cases.advisers.remind_advisers import remind_next_batch
from app.use_cases.notifications.event_payloads import TEST_EVENT_TYPE, webhook_test_delivery
from tests.api.openapi.contract_requests import CONTRACT, new_key, operations, schema_errors
from tests.fake_clock import MORNING
from tests.live_server import LiveServer
from tests.outbox.emails.session_deeds import emails_after, hold_sessions

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # of the standard's own examples
WEBHOOK = {"$ref": "#/components/schemas/WebhookResource"}


def announced(event_type: EventType) -> dict[str, Any]:
    return cast("dict[str, Any]", CONTRACT["webhooks"][event_type.value]["post"])


def all_events(client: httpx.Client) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    page = client.get("/v1/events", params={"limit": 500}).raise_for_status().json()
    while page["data"]:
        events += page["data"]
        page = client.get("/v1/events", params={"limit": 500, "after": page["next"]}).raise_for_status().json()
    return events


def test_every_type_of_event_has_its_webhook() -> None:
    assert {*CONTRACT["webhooks"]} == {*EventType, TEST_EVENT_TYPE}
    assert {*EVENT_SUMMARIES} == {*EventType}


def test_a_test_is_the_one_announced() -> None:
    operation = CONTRACT["webhooks"][TEST_EVENT_TYPE]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]

    assert schema_errors(schema, orjson.loads(webhook_test_delivery(uuid4(), MORNING).body)) == []
    assert schema_errors(schema, TEST_EXAMPLE) == []


@pytest.mark.parametrize("event_type", EventType)
def test_the_body_that_is_shown_is_the_one_announced(event_type: EventType) -> None:
    content = announced(event_type)["requestBody"]["content"]["application/json"]

    assert content["schema"] == WEBHOOK
    assert content["examples"][event_type.value]["value"] == event_example(event_type)
    assert schema_errors(WEBHOOK, event_example(event_type)) == []
    summary = summary_example(event_type)
    assert (content["examples"].get(f"{event_type}.session") or {"value": None})["value"] == summary
    assert summary is None or schema_errors(WEBHOOK, summary) == []


NOVEMBER = datetime(2026, 11, 2, 9, tzinfo=UTC)  # an initial training that is owed is recalled at the end of the year


async def reminded(url: str, *instants: datetime) -> None:
    database = open_database(url, pool_size=1)
    for instant in instants:
        while await remind_next_batch(database, instant):
            pass
    await database.close()


def three_days_before_a_choice(client: httpx.Client) -> datetime:
    """When an adviser of the demonstration who has not answered is reminded."""
    waiting = client.get("/v1/registrations", params={"status": "awaiting_choice", "limit": 500}).json()["data"]
    first_day = min(item["session"]["starts_on"] for item in waiting if item["session"]["starts_on"] > "2026-06-20")
    return datetime.fromisoformat(f"{first_day}T09:00:00+00:00") - timedelta(days=3)


def decide_and_put_right(client: httpx.Client) -> None:
    """What persons do, and the demonstration does not tell: by the examples of the contract."""
    by_id = {operation.id: operation for operation in operations()}
    for name in ("derogateRegistration", "annulCertification", "answerSupportRequest"):
        body = next(iter(by_id[name].bodies().values()))
        assert by_id[name].send(client, body, new_key()).is_success, name
    correction = {"outcome": "absent_unjustified", "motive": "Erreur de saisie"}
    path = f"/v1/registrations/{COMPLETED_OF_INES}/attendance"
    client.post(path, json=correction, headers={"Idempotency-Key": new_key()}).raise_for_status()


def test_whatever_happened_in_the_demonstration_is_delivered_as_announced(served_demonstration: LiveServer) -> None:
    with served_demonstration.client("admin") as admin:
        decide_and_put_right(admin)
        hold_sessions(admin)
        emails_after(served_demonstration.database_url)
        instants = sorted((MORNING, three_days_before_a_choice(admin), NOVEMBER))
        asyncio.run(reminded(served_demonstration.database_url, *instants))
        forgotten = admin.get("/v1/advisers", params={"limit": 1}).json()["data"][0]
        admin.delete(f"/v1/advisers/{forgotten['id']}", headers={"If-Match": "*"}).raise_for_status()
        admin.post("/v1/advisers", json={"conum_id": forgotten["conum_id"]}).raise_for_status()
        events = all_events(admin)

    assert {event["type"] for event in events} == {*EventType}
    for event in events:
        assert schema_errors(WEBHOOK, {"type": event["type"], "timestamp": event["occurred_at"], "data": event}) == []


@pytest.mark.parametrize("event_type", EventType)
def test_the_headers_are_those_of_standard_webhooks(event_type: EventType) -> None:
    sent = {
        "webhook-id": str(uuid4()),
        "webhook-timestamp": int(MORNING.timestamp()),
        "webhook-signature": standardwebhooks.Webhook(SECRET).sign(str(uuid4()), MORNING, "{}"),
    }
    parameters = {parameter["name"]: parameter for parameter in announced(event_type)["parameters"]}

    assert {*parameters} == {*sent}
    for name, parameter in parameters.items():
        assert (parameter["in"], parameter["required"]) == ("header", True)
        assert schema_errors(parameter["schema"], sent[name]) == []
        assert schema_errors(parameter["schema"], parameter["example"]) == []
