"""Registrations in each status, made over HTTP, and the actions on them."""

from typing import Any

import httpx

from app.seed.published_catalogue import LA_FABRIK
from tests.http_builders import an_adviser, an_adviser_in_post, register
from tests.live_server import idempotency_headers

UPCOMING_DAY = "2026-09-15"


def accepted_registration(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Its session is over."""
    return _checked_registration(register(client, an_adviser_in_post(client), **fields), "accepted")


def upcoming_registration(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Accepted, and its session is to come."""
    return accepted_registration(client, starts_on=UPCOMING_DAY, **fields)


def refused_registration(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """For want of a contract; its session is to come."""
    return _checked_registration(register(client, an_adviser(client), starts_on=UPCOMING_DAY, **fields), "refused")


def waiting_registration(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Over quota; its session is to come."""
    adviser_id = an_adviser_in_post(client)
    register(client, adviser_id, starts_on="2026-09-08")
    return _checked_registration(register(client, adviser_id, starts_on=UPCOMING_DAY, **fields), "awaiting_choice")


def initial_training_registration(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """An accepted initial training, whose session is over."""
    adviser_id = an_adviser_in_post(client, initial_training=None)
    entry = {"module_code": "formation-initiale", "training_organisation_id": str(LA_FABRIK), **fields}
    return _checked_registration(register(client, adviser_id, **entry), "accepted")


def post_action(client: httpx.Client, registration: dict[str, Any], action: str, **body: Any) -> httpx.Response:
    """Under a key of its own."""
    return client.post(f"/v1/registrations/{registration['id']}/{action}", json=body, headers=idempotency_headers())


def reschedule(client: httpx.Client, registration: dict[str, Any], **session: Any) -> httpx.Response:
    """Reschedule, last writer wins."""
    path = f"/v1/registrations/{registration['id']}"
    return client.patch(path, json={"session": session}, headers={"If-Match": "*"})


def cancelled_registration(client: httpx.Client) -> dict[str, Any]:
    return _checked_registration(post_action(client, upcoming_registration(client), "cancellation"), "cancelled")


def attendance_body(outcome: str) -> dict[str, str]:
    """A justified absence names a motive of the policy's."""
    return {"outcome": outcome, **({"motive": "force_majeure"} if outcome == "absent_justified" else {})}


def attended_registration(client: httpx.Client, outcome: str) -> dict[str, Any]:
    return _checked_registration(
        post_action(client, accepted_registration(client), "attendance", **attendance_body(outcome)), outcome
    )


def read_registration(client: httpx.Client, registration: dict[str, Any]) -> dict[str, Any]:
    """As it is now."""
    found: dict[str, Any] = client.get(f"/v1/registrations/{registration['id']}").raise_for_status().json()
    return found


def _checked_registration(answer: httpx.Response, status: str) -> dict[str, Any]:
    registration: dict[str, Any] = answer.raise_for_status().json()
    assert registration["status"] == status, registration
    return registration
