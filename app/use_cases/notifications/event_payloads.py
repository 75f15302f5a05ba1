"""An event as clients read it: in the feed, and in the payload of a webhook."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from app.persistence.engine.driver_types import Row
from app.persistence.outbox.assign_feed_positions import DueEmail
from app.persistence.outbox.deliveries import NewWebhookDelivery
from app.persistence.outbox.messages import NewEmailDelivery

TEST_EVENT_TYPE = "webhook_endpoint.test"


def event_resource_values(row: Row) -> dict[str, Any]:
    """The fields of an event; `occurred_at` has the type that the row has."""
    return {
        "id": row["event_id"],
        "type": row["type"],
        "occurred_at": row["occurred_at"],
        "position": row["position"],
        "subject": {"type": row["subject_type"], "id": row["subject_id"], "version": row["subject_version"]},
        "adviser_id": row["adviser_id"],
        "data": row["data"],
    }


def webhook_deliveries_of(row: Row, endpoints: Iterable[UUID]) -> list[NewWebhookDelivery]:
    """The deliveries of an event to these endpoints, of one payload; the values of `row` are those of JSON."""
    occurred_at = datetime.fromisoformat(row["occurred_at"])
    data = event_resource_values({**row, "occurred_at": occurred_at})
    payload = webhook_payload(row["type"], occurred_at, data)
    event = UUID(row["event_id"])
    return [NewWebhookDelivery(uuid7(), endpoint, event, row["type"], payload) for endpoint in endpoints]


def email_deliveries_of(due: Iterable[DueEmail]) -> list[NewEmailDelivery]:
    """The e-mails due about the events of a batch, each with an id."""
    return [NewEmailDelivery(uuid7(), *values) for values in due]


def webhook_test_delivery(endpoint: UUID, now: datetime) -> NewWebhookDelivery:
    """A delivery of a test event, which is in no feed."""
    event = uuid7()
    data = {"id": event, "type": TEST_EVENT_TYPE, "occurred_at": now, "webhook_endpoint_id": endpoint}
    return NewWebhookDelivery(uuid7(), endpoint, event, TEST_EVENT_TYPE, webhook_payload(TEST_EVENT_TYPE, now, data))


def webhook_payload(event_type: str, occurred_at: datetime, data: Mapping[str, Any]) -> bytes:
    """The payload of Standard Webhooks; `data` is what the feed shows."""
    body = {"type": event_type, "timestamp": occurred_at, "data": data}
    return orjson.dumps(body, default=str, option=orjson.OPT_UTC_Z)
