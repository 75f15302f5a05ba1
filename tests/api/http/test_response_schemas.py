"""Answers are built by hand and dumped as they are: what has the documented fields is what these tests say."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.seed.demonstration_webhooks import ENDPOINT_TYPES, SHOWN_DELIVERY, SHOWN_ENDPOINT
from app.seed.published_catalogue import LA_MEDNUM
from tests.api.registration_states import (
    accepted_registration,
    initial_training_registration,
    post_action,
    refused_registration,
    reschedule,
    upcoming_registration,
    waiting_registration,
)
from tests.api.response_assertions import OPERATIONS, documented_body
from tests.http_builders import (
    TODAY,
    a_contract,
    adviser_body,
    an_adviser,
    an_adviser_in_post,
    contract_body,
    policy_body,
    registration_body,
)
from tests.live_server import idempotency_headers
from tests.session_builders import a_session, a_session_of_one, session_body

ANY = {"If-Match": "*"}
ENDPOINT = f"/v1/webhook-endpoints/{SHOWN_ENDPOINT}"
MODULE: dict[str, Any] = {"title": "Un module", "kind": "thematic", "hours": 7, "formats": ["remote"]}
ORGANISATION: dict[str, Any] = {
    "name": "Un organisme",
    "email": "organisme@example.org",
    "deliveries": [{"kind": "thematic", "territory": "national"}],
}


def _result_body(client: httpx.Client) -> dict[str, Any]:
    return {"adviser_id": an_adviser(client), "qualification": "remn-ccp1", "outcome": "failed", "on": "2024-09-12"}


def _result(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/certifications", json=_result_body(client))


def _due(client: httpx.Client) -> httpx.Response:
    an_adviser(client, initial_training={"entered_on": "2026-03-02", "ended_on": "2026-04-20"})
    return client.get("/v1/certifications/due", params={"limit": 5})


def _owed(client: httpx.Client) -> httpx.Response:
    an_adviser_in_post(client)
    return client.get("/v1/obligations", params={"limit": 5})


def _registered(client: httpx.Client) -> httpx.Response:
    return client.post(
        "/v1/registrations", json=registration_body(an_adviser_in_post(client)), headers=idempotency_headers()
    )


def _previewed(client: httpx.Client) -> httpx.Response:
    adviser_id = str(waiting_registration(client)["adviser_id"])
    return client.post("/v1/registrations/preview", json=registration_body(adviser_id, starts_on="2026-10-01"))


def _decisions(client: httpx.Client) -> httpx.Response:
    registration = refused_registration(client)
    post_action(client, registration, "re-examination")
    return client.get(f"/v1/registrations/{registration['id']}/decisions")


def _reports(client: httpx.Client) -> httpx.Response:
    registration, missed = accepted_registration(client), {"on": "2025-05-13", "justified": False}
    post_action(client, registration, "attendance", outcome="completed", absences=[missed])
    return client.get(f"/v1/registrations/{registration['id']}/attendance")


def _support_request(client: httpx.Client) -> httpx.Response:
    refused = refused_registration(client)
    body = {"kind": "contestation", "adviser_id": refused["adviser_id"], "registration_id": refused["id"], "text": "?"}
    return client.post("/v1/support-requests", json=body, headers=idempotency_headers())


def _of_a_support_request(client: httpx.Client, action: str, body: dict[str, Any]) -> httpx.Response:
    path = f"/v1/support-requests/{_support_request(client).json()['id']}/{action}"
    return client.post(path, json=body, headers=idempotency_headers())


def _record(client: httpx.Client) -> httpx.Response:
    adviser_id = str(initial_training_registration(client)["adviser_id"])
    return client.get(f"/v1/advisers/{adviser_id}/training-record", params={"on": "2025-06-01", "history": "true"})


def _carried(client: httpx.Client) -> httpx.Response:
    report = {"bucket": "civil_year:2025", "units": 1, "motive": "Congé maternité"}
    return client.post(f"/v1/advisers/{an_adviser_in_post(client)}/carry-overs", json=report)


def _contract(client: httpx.Client) -> str:
    return f"/v1/contracts/{a_contract(client, an_adviser(client))}"


def _tried(client: httpx.Client) -> httpx.Response:
    waiting_registration(client)
    richer: dict[str, Any] = {"count": 2, "first_year": 2024, "grace": {}}
    return client.post("/v1/policies/dry-run", json=policy_body(effective_from="2026-09-01", civil_year=richer))


def _message(client: httpx.Client) -> str:
    """An e-mail written just now: whoever reads the feed has events placed."""
    adviser_id = accepted_registration(client)["adviser_id"]
    client.get("/v1/events", params={"after": "now"}).raise_for_status()
    (message, *_) = client.get("/v1/messages", params={"adviser_id": adviser_id}).raise_for_status().json()["data"]
    return f"/v1/messages/{message['id']}"


def _imported(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/imports", files={"file": b"Id conseiller;Nom"}, data={"kind": "advisers"})


def _of_a_session(client: httpx.Client, session: str, action: str) -> httpx.Response:
    return client.post(f"/v1/sessions/{session}/{action}", headers=idempotency_headers())


def _attendance_of_all(client: httpx.Client) -> httpx.Response:
    """Of one who came, and of somebody who is not registered there."""
    session = a_session_of_one(client, starts_on=TODAY, regularisation=True)
    (line,) = client.get(f"/v1/sessions/{session}/roster").raise_for_status().json()["data"]
    lines = [{"registration_id": each, "outcome": "completed"} for each in (line["registration_id"], str(uuid4()))]
    return client.post(f"/v1/sessions/{session}/attendance", json={"data": lines})


def _endpoint_added(client: httpx.Client) -> httpx.Response:
    """Nothing is left: an owner has so many at most."""
    answer = client.post("/v1/webhook-endpoints", json={"url": "https://coop.example/hooks"}).raise_for_status()
    client.delete(f"/v1/webhook-endpoints/{answer.json()['id']}").raise_for_status()
    return answer


ANSWERS: Mapping[str, Callable[[httpx.Client], httpx.Response]] = {
    "addAdviser": lambda client: client.post("/v1/advisers", json=adviser_body()),
    "putAdviser": lambda client: client.put(f"/v1/advisers/{uuid4()}", json=adviser_body()),
    "listAdvisers": lambda client: client.get("/v1/advisers", params={"conum_id": "1,2"}),
    "getAdviser": lambda client: client.get(f"/v1/advisers/{an_adviser(client)}"),
    "patchAdviser": lambda client: client.patch(
        f"/v1/advisers/{an_adviser(client)}", json={"department": None}, headers=ANY
    ),
    "getTrainingRecord": _record,
    "carryOver": _carried,
    "addContract": lambda client: client.post("/v1/contracts", json=contract_body(an_adviser(client))),
    "putContract": lambda client: client.put(f"/v1/contracts/{uuid4()}", json=contract_body(an_adviser(client))),
    "listContracts": lambda client: client.get("/v1/contracts"),
    "getContract": lambda client: client.get(_contract(client)),
    "patchContract": lambda client: client.patch(_contract(client), json={"terminated_on": "2026-06-30"}, headers=ANY),
    "putModule": lambda client: client.put(f"/v1/modules/m-{uuid4()}", json=MODULE),
    "listModules": lambda client: client.get("/v1/modules"),
    "getModule": lambda client: client.get("/v1/modules/cafe-ia"),
    "putTrainingOrganisation": lambda client: client.put(f"/v1/training-organisations/{uuid4()}", json=ORGANISATION),
    "readStatistics": lambda client: client.get("/v1/statistics", params={"group_by": "month,reason"}),
    "readSessionStatistics": lambda client: client.get("/v1/statistics/sessions", params={"group_by": "month,status"}),
    "exportAdviser": lambda client: client.get(f"/v1/advisers/{an_adviser_in_post(client)}/export"),
    "listTrainingOrganisations": lambda client: client.get("/v1/training-organisations"),
    "getTrainingOrganisation": lambda client: client.get(f"/v1/training-organisations/{LA_MEDNUM}"),
    "recordCertification": _result,
    "recordJuryResults": lambda client: client.post(
        "/v1/certifications/batch", json={"data": [_result_body(client), _result_body(client) | {"on": "2099-12-31"}]}
    ),
    "annulCertification": lambda client: client.post(
        f"/v1/certifications/{_result(client).json()['id']}/annulment", json={"motive": "Erreur de saisie"}
    ),
    "listCertifications": lambda client: client.get("/v1/certifications"),
    "getCertification": lambda client: client.get(_result(client).headers["Location"]),
    "listDueCertifications": _due,
    "listObligations": _owed,
    "listQualifications": lambda client: client.get("/v1/qualifications"),
    "registerAdviser": _registered,
    "previewRegistration": _previewed,
    "listRegistrations": lambda client: client.get("/v1/registrations"),
    "getRegistration": lambda client: client.get(f"/v1/registrations/{refused_registration(client)['id']}"),
    "listDecisions": _decisions,
    "chooseOverQuota": lambda client: post_action(
        client, waiting_registration(client), "choice", choice="keep", payer="self"
    ),
    "reExamineRegistration": lambda client: post_action(client, refused_registration(client), "re-examination"),
    "cancelRegistration": lambda client: post_action(
        client, upcoming_registration(client), "cancellation", motive="Indisponible"
    ),
    "derogateRegistration": lambda client: post_action(
        client, refused_registration(client), "derogation", waived=["not_in_post"], funding="state", motive="Recours"
    ),
    "recordAttendance": lambda client: post_action(
        client, accepted_registration(client), "attendance", outcome="absent_justified", motive="force_majeure"
    ),
    "listAttendanceReports": _reports,
    "recordPositioningTest": lambda client: post_action(
        client, initial_training_registration(client), "positioning-test", taken_on="2025-05-01", hours=175
    ),
    "rescheduleRegistration": lambda client: reschedule(client, upcoming_registration(client), starts_on="2026-09-14"),
    "publishSession": lambda client: client.post("/v1/sessions", json=session_body(), headers=idempotency_headers()),
    "putSession": lambda client: client.put(f"/v1/sessions/{uuid4()}", json=session_body()),
    "listSessions": lambda client: client.get("/v1/sessions", params={"limit": 5}),
    "getSession": lambda client: client.get(f"/v1/sessions/{a_session_of_one(client)}"),
    "patchSession": lambda client: client.patch(
        f"/v1/sessions/{a_session_of_one(client)}", json={"seats": {"maximum": 12}}, headers=ANY
    ),
    "confirmSession": lambda client: _of_a_session(client, a_session(client), "confirmation"),
    "cancelSession": lambda client: _of_a_session(client, a_session(client), "cancellation"),
    "recordSessionAttendance": _attendance_of_all,
    "getRoster": lambda client: client.get(f"/v1/sessions/{a_session_of_one(client)}/roster"),
    "openSupportRequest": _support_request,
    "listSupportRequests": lambda client: client.get("/v1/support-requests"),
    "getSupportRequest": lambda client: client.get(f"/v1/support-requests/{_support_request(client).json()['id']}"),
    "answerSupportRequest": lambda client: _of_a_support_request(
        client, "answer", {"granted": False, "motive": "Sans contrat, aucune prise en charge"}
    ),
    "withdrawSupportRequest": lambda client: _of_a_support_request(client, "withdrawal", {}),
    "followEvents": lambda client: client.get("/v1/events", params={"limit": 5}),
    "listWebhookEndpoints": lambda client: client.get("/v1/webhook-endpoints"),
    "addWebhookEndpoint": _endpoint_added,
    "getWebhookEndpoint": lambda client: client.get(ENDPOINT),
    "changeWebhookEndpoint": lambda client: client.patch(ENDPOINT, json={"types": [*ENDPOINT_TYPES]}),
    "testWebhookEndpoint": lambda client: client.post(f"{ENDPOINT}/test"),
    "rotateWebhookSecret": lambda client: client.post(f"{ENDPOINT}/rotate-secret"),
    "listDeliveries": lambda client: client.get(f"{ENDPOINT}/deliveries"),
    "recoverDeliveries": lambda client: client.post(f"{ENDPOINT}/recover", json={"since": "2026-01-01T00:00:00Z"}),
    "getDelivery": lambda client: client.get(f"/v1/deliveries/{SHOWN_DELIVERY}"),
    "replayDelivery": lambda client: client.post(f"/v1/deliveries/{SHOWN_DELIVERY}/replay"),
    "listPolicies": lambda client: client.get("/v1/policies"),
    "getPolicy": lambda client: client.get("/v1/policies/2021-01-01"),
    "addPolicy": lambda client: client.post("/v1/policies", json=policy_body(effective_from="2099-01-01")),
    "tryPolicy": _tried,
    "listMessages": lambda client: client.get("/v1/messages", params={"status": "due"}),
    "getMessage": lambda client: client.get(_message(client)),
    "resendMessage": lambda client: client.post(f"{_message(client)}/resend"),
    "importFile": _imported,
    "listImports": lambda client: client.get("/v1/imports"),
    "getImport": lambda client: client.get(_imported(client).headers["Location"]),
    "listClients": lambda client: client.get("/v1/clients"),
    "addClient": lambda client: client.post("/v1/clients", json={"name": "Un client", "role": "platform"}),
    "listApiKeys": lambda client: client.get("/v1/api-keys"),
    "createApiKey": lambda client: client.post("/v1/api-keys", json={"name": "Une clé", "role": "platform"}),
    "searchAuditLog": lambda client: client.get("/v1/audit-log", params={"limit": 5}),
}
SHAPED = [name for name, route in OPERATIONS.items() if route.response_model is not None]


def test_every_operation_that_shows_something_has_its_shape_tested() -> None:
    assert ANSWERS.keys() == set(SHAPED)


@pytest.mark.parametrize("operation", SHAPED)
def test_an_answer_has_exactly_the_documented_fields(admin: httpx.Client, operation: str) -> None:
    answer = ANSWERS[operation](admin)

    documented_body(answer, operation)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("action", ["confirmation", "cancellation"])
def test_what_is_asked_for_has_a_shape_of_its_own(admin: httpx.Client, action: str) -> None:
    session = a_session_of_one(admin)

    answer = _of_a_session(admin, session, action)

    assert (answer.status_code, answer.headers["Location"].rpartition("/")[2]) == (202, session)
    assert answer.json() == {"session_id": session, "kind": action, "concerned": 1, "done": 0}


LISTS = ("registrations", "advisers", "contracts", "certifications", "modules", "training-organisations", "sessions")


@pytest.mark.parametrize("noun", LISTS)
def test_a_line_of_a_list_is_the_resource_itself(admin: httpx.Client, noun: str) -> None:
    waiting_registration(admin)
    _result(admin)
    a_session(admin)

    line = admin.get(f"/v1/{noun}").json()["data"][0]

    assert admin.get(f"/v1/{noun}/{line.get('id') or line['code']}").json() == line


STATUSES: Mapping[str, Callable[[httpx.Client], dict[str, Any]]] = {
    "accepted": accepted_registration,
    "refused": refused_registration,
    "awaiting_choice": waiting_registration,
}


@pytest.mark.parametrize("status", STATUSES)
def test_a_registration_reads_as_it_was_answered(platform: httpx.Client, status: str) -> None:
    registration = STATUSES[status](platform)

    read = platform.get(f"/v1/registrations/{registration['id']}")

    assert documented_body(read, "getRegistration") == registration


def test_choices_are_shown_only_while_they_are_awaited(admin: httpx.Client) -> None:
    registration = waiting_registration(admin)

    kept = post_action(admin, registration, "choice", choice="keep", payer="self").json()

    assert registration["choices"] == [{"choice": "keep", "payers": ["employer", "self"]}, {"choice": "cancel"}]
    assert (kept["choices"], kept["payer"], kept["funding"]) == ([], "self", "none")


def test_a_private_employer_s_opco_may_pay(admin: httpx.Client) -> None:
    adviser_id = an_adviser(admin)
    a_contract(admin, adviser_id, employer={"siret": "21350238800019", "name": "Association", "legal_form": "private"})
    admin.post(
        "/v1/registrations", json=registration_body(adviser_id, starts_on="2026-09-08"), headers=idempotency_headers()
    )

    answer = admin.post(
        "/v1/registrations", json=registration_body(adviser_id, starts_on="2026-09-15"), headers=idempotency_headers()
    )

    assert set(answer.json()["choices"][0]["payers"]) == {"employer", "opco", "self"}


def test_instants_are_utc_with_a_z(platform: httpx.Client) -> None:
    registration = accepted_registration(platform)

    assert registration["created_at"] == "2026-06-15T08:30:00Z"
