"""Published sessions, made over HTTP with admitting defaults."""

from typing import Any

import httpx

from app.seed.published_catalogue import LA_MEDNUM
from tests.http_builders import an_adviser_in_post
from tests.live_server import idempotency_headers

RENNES = {"name": "Les Champs libres", "address": "10 cours des Alliés, 35000 Rennes", "department": "35"}


def session_body(**fields: Any) -> dict[str, Any]:
    """Two days of a thematic module, on site in Rennes, without a limit of seats; `starts_on` moves both days."""
    starts_on = fields.get("starts_on", "2028-02-08")
    return {
        "module_code": "numerique-responsable",
        "training_organisation_id": str(LA_MEDNUM),
        "starts_on": starts_on,
        "ends_on": "2028-02-09" if starts_on == "2028-02-08" else starts_on,
        "format": "on_site",
        "place": RENNES,
        **fields,
    }


def a_session(client: httpx.Client, **fields: Any) -> str:
    """The id of a new session."""
    answer = client.post("/v1/sessions", json=session_body(**fields), headers=idempotency_headers())
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def register_in_session(client: httpx.Client, adviser_id: str, session_id: str, **fields: Any) -> dict[str, Any]:
    """The registration of an adviser in a session, as it is answered."""
    body = {
        "adviser_id": adviser_id,
        "module_code": "numerique-responsable",
        "session_id": session_id,
        **fields,
    }
    answer = client.post("/v1/registrations", json=body, headers=idempotency_headers())
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def a_session_of_one(client: httpx.Client, **fields: Any) -> str:
    """The id of a new session, in which a new adviser is registered."""
    session = a_session(client, **fields)
    registration = {"regularisation": True} if "regularisation" in fields else {}
    register_in_session(client, an_adviser_in_post(client), session, **registration)
    return session
