"""Registrations in each status, made over HTTP by whoever may, and what is done to them."""

from typing import Any

import httpx

from app.seed.published_catalogue import LA_FABRIK
from tests.http_builders import an_adviser, an_adviser_in_post, register
from tests.live_server import key

UPCOMING = "2026-09-15"


def accepted(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Its session is over."""
    return _made(register(client, an_adviser_in_post(client), **fields), "accepted")


def upcoming(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Accepted, and its session is to come."""
    return accepted(client, starts_on=UPCOMING, **fields)


def refused(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """For want of a contract; its session is to come."""
    return _made(register(client, an_adviser(client), starts_on=UPCOMING, **fields), "refused")


def waiting(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Over quota; its session is to come."""
    adviser_id = an_adviser_in_post(client)
    register(client, adviser_id, starts_on="2026-09-08")
    return _made(register(client, adviser_id, starts_on=UPCOMING, **fields), "awaiting_choice")


def initial(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """An accepted initial training, whose session is over."""
    adviser_id = an_adviser_in_post(client, initial_training=None)
    entry = {"module_code": "formation-initiale", "training_organisation_id": str(LA_FABRIK), **fields}
    return _made(register(client, adviser_id, **entry), "accepted")


def act(client: httpx.Client, registration: dict[str, Any], action: str, **body: Any) -> httpx.Response:
    """Under a key of its own."""
    return client.post(f"/v1/registrations/{registration['id']}/{action}", json=body, headers=key())


def move(client: httpx.Client, registration: dict[str, Any], **session: Any) -> httpx.Response:
    """Reschedule, last writer wins."""
    path = f"/v1/registrations/{registration['id']}"
    return client.patch(path, json={"session": session}, headers={"If-Match": "*"})


def cancelled(client: httpx.Client) -> dict[str, Any]:
    return _made(act(client, upcoming(client), "cancellation"), "cancelled")


def attended(client: httpx.Client, outcome: str) -> dict[str, Any]:
    return _made(act(client, accepted(client), "attendance", outcome=outcome), outcome)


def read(client: httpx.Client, registration: dict[str, Any]) -> dict[str, Any]:
    """As it is now."""
    found: dict[str, Any] = client.get(f"/v1/registrations/{registration['id']}").raise_for_status().json()
    return found


def _made(answer: httpx.Response, status: str) -> dict[str, Any]:
    registration: dict[str, Any] = answer.raise_for_status().json()
    assert registration["status"] == status, registration
    return registration
