"""Support requests over HTTP."""

from typing import Any

import httpx

from tests.live_server import idempotency_headers

PATH = "/v1/support-requests"
TEXT = "J’étais hospitalisée."
MOTIVE = "Certificat reçu."


def opening(adviser: str, **fields: Any) -> dict[str, Any]:
    """The body of a contestation."""
    return {"kind": "contestation", "adviser_id": adviser, "text": TEXT, **fields}


def open_request(client: httpx.Client, adviser: str, **fields: Any) -> dict[str, Any]:
    body = opening(adviser, **fields)
    made: dict[str, Any] = client.post(PATH, json=body, headers=idempotency_headers()).raise_for_status().json()
    return made


def answer(client: httpx.Client, request: dict[str, Any], *, granted: bool = True, **fields: Any) -> httpx.Response:
    body = {"granted": granted, "motive": MOTIVE, **fields}
    return client.post(f"{PATH}/{request['id']}/answer", json=body, headers=idempotency_headers())


def withdraw(client: httpx.Client, request: dict[str, Any]) -> httpx.Response:
    return client.post(f"{PATH}/{request['id']}/withdrawal", headers=idempotency_headers())


def read(client: httpx.Client, request: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{PATH}/{request['id']}").raise_for_status().json()
    return found
