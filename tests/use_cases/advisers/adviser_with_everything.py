"""An adviser with everything: each text that can be typed about a person holds a marker of its own."""

from typing import Any
from uuid import uuid4

import httpx

from app.seed.published_catalogue import LA_FABRIK
from tests.api.administration.support_request_builders import answer, open_request
from tests.api.registration_states import post_action, reschedule
from tests.http_builders import adviser_body, contract_body, registration_body
from tests.live_server import idempotency_headers

FIRST_NAME, LAST_NAME, PHONE, CONUM_ID = "Zorglubine", "Krapouillard", "0699887766", 987654321
MARKERS = (FIRST_NAME.lower(), LAST_NAME.lower(), PHONE, str(CONUM_ID))
PERSONAL_TEXT = f"{FIRST_NAME} {LAST_NAME}, {PHONE}"
EMAIL = f"{FIRST_NAME}.{LAST_NAME}@example.org".lower()


def markers_in(text: str) -> set[str]:
    """The markers in a text."""
    said = text.lower()
    return {marker for marker in MARKERS if marker in said}


def adviser_with_everything(platform: httpx.Client, organisation: httpx.Client, admin: httpx.Client) -> str:
    """Use every operation that takes a text on a new adviser; return its id."""
    adviser = _add_adviser(platform)
    _add_contracts(platform, adviser)
    moved = _add_registrations(platform, organisation, adviser)
    motive = {"motive": f"{PERSONAL_TEXT} est malade"}
    post_action(platform, moved, "cancellation", **motive).raise_for_status()
    carried = {"bucket": "civil_year:2025", "units": 1, "decided_on": "2026-01-12", **motive}
    admin.post(f"/v1/advisers/{adviser}/carry-overs", json=carried, headers=idempotency_headers()).raise_for_status()
    absent = {"adviser_id": adviser, "qualification": "pix", "outcome": "absent_justified", "on": "2026-06-02"}
    result = absent | {"motive": "medical_certificate"}
    organisation.post("/v1/certifications", json=result, headers=idempotency_headers()).raise_for_status()
    asked = open_request(platform, adviser, text=PERSONAL_TEXT)
    answer(admin, asked, granted=False, motive=f"Vu avec {PERSONAL_TEXT}").raise_for_status()
    return adviser


def _add_adviser(client: httpx.Client) -> str:
    body = adviser_body(
        conum_id=CONUM_ID, first_name=FIRST_NAME, last_name=LAST_NAME, email=EMAIL, initial_training=None
    )
    adviser = client.post("/v1/advisers", json=body, headers=idempotency_headers()).raise_for_status().json()["id"]
    client.put(f"/v1/advisers/{adviser}", json=body, headers={"If-Match": "*"}).raise_for_status()
    patch = {"last_name": f"{LAST_NAME}-Dupont"}
    client.patch(f"/v1/advisers/{adviser}", json=patch, headers={"If-Match": "*"}).raise_for_status()
    assert client.get("/v1/advisers", params={"email": EMAIL}).json()["data"][0]["id"] == adviser
    assert client.post("/v1/advisers", json=body, headers=idempotency_headers()).status_code == 409
    assert (
        client.post(
            "/v1/advisers", json={**body, "department": PERSONAL_TEXT}, headers=idempotency_headers()
        ).status_code
        == 422
    )
    return str(adviser)


def _add_contracts(client: httpx.Client, adviser: str) -> None:
    complete = contract_body(adviser)
    body = complete | {
        "employer": complete["employer"]
        | {"name": f"Maison {LAST_NAME}", "contact_email": EMAIL, "legal_form": "private"},
        "administrative_file": complete["administrative_file"] | {"ds_file_number": PHONE},
        "termination_motive": f"{PERSONAL_TEXT} s’en va",
    }
    ended = body | {"type": "CDD", "starts_on": "2019-01-01", "ends_on": "2020-01-01"}
    client.post("/v1/contracts", json=ended, headers=idempotency_headers()).raise_for_status()
    path = f"/v1/contracts/{uuid4()}"
    client.put(path, json=body).raise_for_status()
    patch = {"termination_motive": f"{PERSONAL_TEXT} ne s’en va pas"}
    client.patch(path, json=patch, headers={"If-Match": "*"}).raise_for_status()


def _add_registrations(platform: httpx.Client, organisation: httpx.Client, adviser: str) -> dict[str, Any]:
    """Return the registration whose session is to come."""
    initial = {"module_code": "formation-initiale", "training_organisation_id": str(LA_FABRIK)}
    entered = _register(platform, adviser, "2024-02-05", **initial)
    with httpx.Client(base_url=platform.base_url, headers=platform.headers) as client:
        client.post("/v1/registrations/preview", json=_registration_body(adviser, "2026-09-01")).raise_for_status()
    attended = _register(platform, adviser, "2026-05-12")
    assert (entered["status"], attended["status"]) == ("accepted", "accepted")
    post_action(organisation, attended, "attendance", outcome="completed", motive=PERSONAL_TEXT).raise_for_status()
    waiting = _register(platform, adviser, "2026-09-15", module_code="cybersecurite")
    post_action(platform, waiting, "choice", choice="keep", payer="opco").raise_for_status()
    refused = _register(platform, adviser, "2026-10-06", module_code="aidants-connect")
    post_action(platform, refused, "re-examination").raise_for_status()
    to_come = _register(platform, adviser, "2026-11-17", module_code="cafe-ia")
    return dict(
        reschedule(organisation, to_come, place=f"Rennes, {PERSONAL_TEXT}", reference=LAST_NAME)
        .raise_for_status()
        .json()
    )


def _registration_body(adviser: str, starts_on: str, **fields: Any) -> dict[str, Any]:
    body = registration_body(adviser, starts_on=starts_on, **fields)
    return body | {"session": body["session"] | {"place": f"Chez {PERSONAL_TEXT}", "reference": f"{LAST_NAME}-1"}}


def _register(client: httpx.Client, adviser: str, starts_on: str, **fields: Any) -> dict[str, Any]:
    answer = client.post(
        "/v1/registrations", json=_registration_body(adviser, starts_on, **fields), headers=idempotency_headers()
    )
    return dict(answer.raise_for_status().json())
