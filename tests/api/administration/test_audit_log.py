"""The audit log: every operation leaves its entry, and administrators find it."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpx
import pytest

from app.persistence.engine.database import open_database
from app.seed.demonstration_import import DEMONSTRATION_IMPORT
from app.seed.demonstration_webhooks import ENDPOINT_TYPES, SHOWN_DELIVERY, SHOWN_ENDPOINT
from tests.api.administration.support_request_builders import answer as answer_request
from tests.api.administration.support_request_builders import open_request, opening, withdraw
from tests.api.registration_states import (
    accepted_registration,
    initial_training_registration,
    post_action,
    refused_registration,
    reschedule,
    upcoming_registration,
    waiting_registration,
)
from tests.api.response_assertions import OPERATIONS, documented_body, expect_problem
from tests.fake_clock import FakeClock
from tests.http_builders import (
    a_contract,
    adviser_body,
    an_adviser,
    an_adviser_in_post,
    contract_body,
    policy_body,
    register,
    registration_body,
)
from tests.live_server import LiveServer, idempotency_headers
from tests.session_builders import a_session, a_session_of_one, register_in_session, session_body

ApiCall = Callable[[httpx.Client], httpx.Response]


def client_of(role: str) -> str:
    """The identifier of the demonstration's client."""
    return str(uuid5(NAMESPACE_URL, f"urn:inscriptions:client:{role}"))


async def _entries(url: str, request_id: str) -> list[dict[str, Any]]:
    database = open_database(url, pool_size=1)
    found = await database.many("SELECT * FROM audit_log WHERE request_id = $1", request_id)
    await database.close()
    return [dict(line) for line in found]


def entries_of(served: LiveServer, answer: httpx.Response) -> list[dict[str, Any]]:
    """The entries that the request left."""
    return asyncio.run(_entries(served.database_url, answer.headers["X-Request-Id"]))


def _result(adviser_id: str) -> dict[str, Any]:
    return {"adviser_id": adviser_id, "qualification": "pix", "outcome": "obtained", "on": "2024-09-12"}


def _certified(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/certifications", json=_result(an_adviser(client))).raise_for_status()


def _carried_over(client: httpx.Client) -> httpx.Response:
    body = {"bucket": "civil_year:2025", "units": 1, "motive": "Longue maladie", "decided_on": "2025-12-18"}
    return client.post(f"/v1/advisers/{an_adviser_in_post(client)}/carry-overs", json=body)


def _patched_adviser(client: httpx.Client) -> httpx.Response:
    path = f"/v1/advisers/{an_adviser(client)}"
    return client.patch(path, json={"department": "22"}, headers={"If-Match": "*"})


def _patched_contract(client: httpx.Client) -> httpx.Response:
    path = f"/v1/contracts/{a_contract(client, an_adviser(client))}"
    return client.patch(path, json={"terminated_on": "2026-12-31"}, headers={"If-Match": "*"})


def _anonymised(client: httpx.Client) -> httpx.Response:
    return client.delete(f"/v1/advisers/{an_adviser(client)}", headers={"If-Match": "*"})


def _new_endpoint(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/webhook-endpoints", json={"url": "https://coop.example/hooks"}).raise_for_status()


def _endpoint_added(client: httpx.Client) -> httpx.Response:
    """It is deleted afterwards: an owner has sixteen at most."""
    answer = _new_endpoint(client)
    client.delete(f"/v1/webhook-endpoints/{answer.json()['id']}").raise_for_status()
    return answer


ENDPOINT = f"/v1/webhook-endpoints/{SHOWN_ENDPOINT}"
CLIENT = {"name": "La Coop", "role": "platform"}


def _new_key(client: httpx.Client) -> dict[str, Any]:
    created: dict[str, Any] = client.post("/v1/api-keys", json=CLIENT).raise_for_status().json()
    return created


MODULE = {"title": "Un module", "kind": "thematic", "hours": 7, "formats": ["remote"]}
ORGANISATION: dict[str, Any] = {"name": "Un organisme", "email": "organisme@example.org", "deliveries": []}


def _decided(client: httpx.Client, decision: str) -> httpx.Response:
    return client.post(f"/v1/sessions/{a_session(client)}/{decision}", headers=idempotency_headers())


def _session_attended(client: httpx.Client) -> httpx.Response:
    days = {"starts_on": "2026-06-08", "ends_on": "2026-06-09", "regularisation": True}
    session = a_session(client, **days)
    registration = register_in_session(client, an_adviser_in_post(client), session, regularisation=True)
    line = {"registration_id": registration["id"], "outcome": "completed"}
    return client.post(f"/v1/sessions/{session}/attendance", json={"data": [line]})


CHANGES: Mapping[str, ApiCall] = {
    "addAdviser": lambda client: client.post("/v1/advisers", json=adviser_body()),
    "putAdviser": lambda client: client.put(f"/v1/advisers/{uuid4()}", json=adviser_body()),
    "patchAdviser": _patched_adviser,
    "anonymiseAdviser": _anonymised,
    "carryOver": _carried_over,
    "addContract": lambda client: client.post("/v1/contracts", json=contract_body(an_adviser(client))),
    "putContract": lambda client: client.put(f"/v1/contracts/{uuid4()}", json=contract_body(an_adviser(client))),
    "patchContract": _patched_contract,
    "recordCertification": _certified,
    "recordJuryResults": lambda client: client.post(
        "/v1/certifications/batch", json={"data": [_result(an_adviser(client))]}
    ),
    "annulCertification": lambda client: client.post(
        f"/v1/certifications/{_certified(client).json()['id']}/annulment", json={"motive": "Erreur de saisie"}
    ),
    "publishSession": lambda client: client.post("/v1/sessions", json=session_body()),
    "putSession": lambda client: client.put(f"/v1/sessions/{uuid4()}", json=session_body()),
    "patchSession": lambda client: client.patch(
        f"/v1/sessions/{a_session(client)}", json={"seats": {"maximum": 12}}, headers={"If-Match": "*"}
    ),
    "confirmSession": lambda client: _decided(client, "confirmation"),
    "cancelSession": lambda client: _decided(client, "cancellation"),
    "recordSessionAttendance": _session_attended,
    "registerAdviser": lambda client: register(client, an_adviser_in_post(client)),
    "chooseOverQuota": lambda client: post_action(client, waiting_registration(client), "choice", choice="cancel"),
    "reExamineRegistration": lambda client: post_action(client, refused_registration(client), "re-examination"),
    "cancelRegistration": lambda client: post_action(client, upcoming_registration(client), "cancellation"),
    "recordAttendance": lambda client: post_action(
        client, accepted_registration(client), "attendance", outcome="completed"
    ),
    "derogateRegistration": lambda client: post_action(
        client, refused_registration(client), "derogation", waived=["not_in_post"], funding="state", motive="Recours"
    ),
    "openSupportRequest": lambda client: client.post(
        "/v1/support-requests", json=opening(an_adviser(client)), headers=idempotency_headers()
    ),
    "answerSupportRequest": lambda client: answer_request(client, _opened(client), granted=False),
    "withdrawSupportRequest": lambda client: withdraw(client, _opened(client)),
    "recordPositioningTest": lambda client: post_action(
        client, initial_training_registration(client), "positioning-test", taken_on="2025-05-01", hours=175
    ),
    "rescheduleRegistration": lambda client: reschedule(
        client, upcoming_registration(client), starts_on="2026-10-06", ends_on="2026-10-06"
    ),
    "addClient": lambda client: client.post("/v1/clients", json=CLIENT),
    "revokeClient": lambda client: client.delete(f"/v1/clients/{_new_key(client)['client_id']}"),
    "createApiKey": lambda client: client.post("/v1/api-keys", json=CLIENT),
    "revokeApiKey": lambda client: client.delete(f"/v1/api-keys/{_new_key(client)['id']}"),
    "addPolicy": lambda client: client.post("/v1/policies", json=policy_body(effective_from="2099-02-01")),
    "addWebhookEndpoint": _endpoint_added,
    "changeWebhookEndpoint": lambda client: client.patch(ENDPOINT, json={"types": [*ENDPOINT_TYPES]}),
    "deleteWebhookEndpoint": lambda client: client.delete(
        f"/v1/webhook-endpoints/{_new_endpoint(client).json()['id']}"
    ),
    "testWebhookEndpoint": lambda client: client.post(f"{ENDPOINT}/test"),
    "rotateWebhookSecret": lambda client: client.post(f"{ENDPOINT}/rotate-secret"),
    "recoverDeliveries": lambda client: client.post(f"{ENDPOINT}/recover", json={"since": "2026-01-01T00:00:00Z"}),
    "replayDelivery": lambda client: client.post(f"/v1/deliveries/{SHOWN_DELIVERY}/replay"),
    "resendMessage": lambda client: client.post(f"/v1/messages/{_message(client)['id']}/resend"),
    "putModule": lambda client: client.put(f"/v1/modules/module-{uuid4()}", json=MODULE),
    "putTrainingOrganisation": lambda client: client.put(f"/v1/training-organisations/{uuid4()}", json=ORGANISATION),
    "importFile": lambda client: client.post("/v1/imports", files={"file": b"Nom"}, data={"kind": "advisers"}),
}


def _opened(client: httpx.Client) -> dict[str, Any]:
    return open_request(client, an_adviser(client))


def _message(client: httpx.Client) -> dict[str, Any]:
    """An e-mail written just now: reading the feed has its event sequenced."""
    adviser_id = accepted_registration(client)["adviser_id"]
    client.get("/v1/events", params={"after": "now"}).raise_for_status()
    found = client.get("/v1/messages", params={"adviser_id": adviser_id}).raise_for_status().json()["data"]
    message: dict[str, Any] = found[0]
    return message


def _read_after(path: str, call: Callable[[httpx.Client], Any]) -> ApiCall:
    """GET the path, `{}` in it being the identifier that the deed gives."""
    return lambda client: client.get(path.format(call(client)))


def _of_a_registration(client: httpx.Client) -> str:
    return str(accepted_registration(client)["adviser_id"])


def _with_result(client: httpx.Client) -> str:
    return str(_certified(client).json()["adviser_id"])


def _trained(client: httpx.Client) -> str:
    return an_adviser(client, initial_training={"entered_on": "2026-03-02", "ended_on": "2026-04-20"})


def _after(call: Callable[[httpx.Client], Any], client: httpx.Client, path: str) -> httpx.Response:
    """The first page that shows anybody: those before it may be empty, and leave no entry."""
    call(client)
    answer = client.get(path)
    while not answer.json()["data"]:
        answer = client.get(answer.links["next"]["url"])
    return answer


def _tried(client: httpx.Client) -> httpx.Response:
    """It would fund a registration that waits."""
    waiting_registration(client)
    richer: dict[str, Any] = {"count": 2, "first_year": 2024, "grace": {}}
    return client.post("/v1/policies/dry-run", json=policy_body(effective_from="2026-09-01", civil_year=richer))


READS: Mapping[str, ApiCall] = {
    "listAdvisers": lambda client: client.get("/v1/advisers", params={"email": _of_an_e_mail(client)}),
    "getAdviser": _read_after("/v1/advisers/{}", an_adviser),
    "getTrainingRecord": _read_after("/v1/advisers/{}/training-record", an_adviser),
    "exportAdviser": _read_after("/v1/advisers/{}/export", an_adviser),
    "drawTrainingRecord": _read_after("/v1/advisers/{}/training-record.svg", an_adviser),
    "listContracts": _read_after("/v1/contracts?adviser_id={}", an_adviser_in_post),
    "getContract": _read_after("/v1/contracts/{}", lambda client: a_contract(client, an_adviser(client))),
    "listCertifications": _read_after("/v1/certifications?adviser_id={}", _with_result),
    "listDueCertifications": lambda client: _after(_trained, client, "/v1/certifications/due?limit=2"),
    "listObligations": lambda client: _after(an_adviser_in_post, client, "/v1/obligations?limit=2"),
    "getCertification": _read_after("/v1/certifications/{}", lambda client: _certified(client).json()["id"]),
    "listRegistrations": _read_after("/v1/registrations?adviser_id={}", _of_a_registration),
    "getRegistration": _read_after("/v1/registrations/{}", lambda client: accepted_registration(client)["id"]),
    "listDecisions": _read_after("/v1/registrations/{}/decisions", lambda client: accepted_registration(client)["id"]),
    "listAttendanceReports": _read_after(
        "/v1/registrations/{}/attendance", lambda client: accepted_registration(client)["id"]
    ),
    "getRoster": _read_after("/v1/sessions/{}/roster", a_session_of_one),
    "listSupportRequests": _read_after(
        "/v1/support-requests?adviser_id={}", lambda client: _opened(client)["adviser_id"]
    ),
    "getSupportRequest": _read_after("/v1/support-requests/{}", lambda client: _opened(client)["id"]),
    "previewRegistration": lambda client: client.post(
        "/v1/registrations/preview", json=registration_body(an_adviser_in_post(client))
    ),
    "tryPolicy": _tried,
    "listMessages": _read_after("/v1/messages?adviser_id={}", lambda client: _message(client)["adviser_id"]),
    "getMessage": _read_after("/v1/messages/{}", lambda client: _message(client)["id"]),
    "searchAuditLog": lambda client: client.get("/v1/audit-log", params={"subject_id": an_adviser(client)}),
    "downloadRejects": lambda client: client.get(f"/v1/imports/{DEMONSTRATION_IMPORT}/rejects"),
}
# Nobody's data: the catalogue, clients and keys, events and their deliveries, which hold identifiers only, and the
# counts of an import.
NOT_AUDITED = {
    "listClients", "listApiKeys",
    "listPolicies", "getPolicy",
    "listModules", "getModule", "listTrainingOrganisations", "getTrainingOrganisation", "listQualifications",
    "followEvents", "listWebhookEndpoints", "getWebhookEndpoint", "listDeliveries", "getDelivery",
    "listSessions", "getSession", "getSessionCalendar", "getSessionsCalendar",
    "readStatistics", "readSessionStatistics", "getImport", "listImports",
}  # fmt: skip


def _of_an_e_mail(client: httpx.Client) -> str:
    """That of one adviser."""
    address = f"{uuid4()}@example.org"
    an_adviser(client, email=address)
    return address


def test_every_operation_is_listed_as_audited_or_not() -> None:
    assert CHANGES.keys() | READS.keys() | NOT_AUDITED == OPERATIONS.keys()


def _identifiers(answer: httpx.Response) -> set[UUID]:
    """Of the resource, or of those listed: its own, and the adviser's; a key is audited under its client."""
    said: dict[str, Any] = answer.json() if answer.headers.get("content-type") == "application/json" else {}
    if "client_id" in said:
        return {UUID(said["client_id"])}
    if "data" in said:
        rows = [row.get("certification") or row for row in said["data"]]
        return {
            UUID(next(row[name] for name in ("adviser_id", "id", "registration_id") if name in row)) for row in rows
        }
    return {UUID(said[name]) for name in ("id", "adviser_id") if name in said}


@pytest.mark.parametrize("operation", CHANGES)
def test_a_change_leaves_an_audit_entry(served: LiveServer, admin: httpx.Client, operation: str) -> None:
    answer = CHANGES[operation](admin)

    (line,) = entries_of(served, answer)
    assert answer.is_success, answer.text
    assert (str(line["client_id"]), line["action"], line["refused"]) == (client_of("admin"), operation, False)
    assert line["at"] == FakeClock().now
    assert _identifiers(answer) <= set(line["subject_ids"])


@pytest.mark.parametrize("operation", READS)
def test_a_read_leaves_an_audit_entry(served: LiveServer, admin: httpx.Client, operation: str) -> None:
    answer = READS[operation](admin)

    (line,) = entries_of(served, answer)
    assert answer.is_success, answer.text
    assert (str(line["client_id"]), line["action"], line["refused"]) == (client_of("admin"), operation, False)
    assert line["subject_ids"]
    if operation not in {"listDecisions", "searchAuditLog", "getRoster"}:
        assert _identifiers(answer) <= set(line["subject_ids"])


def test_an_unchanged_resource_leaves_no_audit_entry(served: LiveServer, platform: httpx.Client) -> None:
    path = f"/v1/advisers/{an_adviser(platform)}"
    tag = platform.get(path).headers["ETag"]

    answer = platform.get(path, headers={"If-None-Match": tag})

    assert answer.status_code == 304
    assert entries_of(served, answer) == []


def test_an_empty_page_leaves_no_audit_entry(served: LiveServer, platform: httpx.Client) -> None:
    answer = platform.get("/v1/registrations", params={"adviser_id": str(uuid4())})

    assert answer.json()["data"] == []
    assert entries_of(served, answer) == []


def test_asking_for_another_s_resource_is_audited_as_refused(
    served: LiveServer, platform: httpx.Client, histya: httpx.Client
) -> None:
    registration = accepted_registration(platform)["id"]

    answer = histya.get(f"/v1/registrations/{registration}")

    (line,) = entries_of(served, answer)
    expect_problem(answer, 404, "not-found")
    assert (line["action"], line["refused"], line["subject_ids"]) == ("getRegistration", True, [UUID(registration)])


def test_a_forbidden_action_is_audited_as_refused(served: LiveServer, organisation: httpx.Client) -> None:
    answer = organisation.get("/v1/contracts")

    (line,) = entries_of(served, answer)
    expect_problem(answer, 403, "forbidden")
    assert (str(line["client_id"]), line["action"]) == (client_of("training_organisation"), "listContracts")
    assert line["refused"]


def test_a_request_without_a_key_leaves_no_audit_entry(served: LiveServer, anonymous: httpx.Client) -> None:
    assert entries_of(served, anonymous.get(f"/v1/advisers/{uuid4()}")) == []


def search(admin: httpx.Client, **parameters: str) -> list[dict[str, Any]]:
    """The entries found, oldest first."""
    found: list[dict[str, Any]] = documented_body(admin.get("/v1/audit-log", params=parameters), "searchAuditLog")[
        "data"
    ]
    return found


def test_an_administrator_finds_who_saw_an_adviser(
    admin: httpx.Client, platform: httpx.Client, organisation: httpx.Client
) -> None:
    adviser = accepted_registration(platform)["adviser_id"]
    organisation.get(f"/v1/advisers/{adviser}")

    found = search(admin, subject_id=adviser)

    done = [(line["action"], line["actor"]) for line in found]
    assert sorted(done) == sorted(
        [
            ("putAdviser", client_of("platform")),
            ("putContract", client_of("platform")),
            ("registerAdviser", client_of("platform")),
            ("getAdviser", client_of("training_organisation")),
            ("searchAuditLog", client_of("admin")),
        ]
    )


def test_a_search_by_actor_action_and_instant_finds_what_is_meant(
    admin: httpx.Client, platform: httpx.Client, organisation: httpx.Client, clock: FakeClock
) -> None:
    adviser = accepted_registration(platform)["adviser_id"]
    organisation.get(f"/v1/advisers/{adviser}")
    clock.now += timedelta(days=400)
    platform.get(f"/v1/advisers/{adviser}")

    theirs = search(admin, subject_id=adviser, actor=client_of("training_organisation"))
    reads = search(admin, subject_id=adviser, action="getAdviser")
    late = search(admin, subject_id=adviser, since=clock.now.isoformat(), actor=client_of("platform"))

    assert [line["action"] for line in theirs] == ["getAdviser"]
    assert [line["actor"] for line in reads] == [client_of("training_organisation"), client_of("platform")]
    assert [(line["action"], line["actor"]) for line in late] == [("getAdviser", client_of("platform"))]


def test_a_page_leads_to_the_next(admin: httpx.Client, platform: httpx.Client) -> None:
    adviser = accepted_registration(platform)["adviser_id"]
    first = admin.get("/v1/audit-log", params={"subject_id": adviser, "limit": 2, "action": "putAdviser"})
    walked, following = list[str](), admin.get("/v1/audit-log", params={"actor": client_of("platform"), "limit": 3})

    for _ in range(3):
        walked += [line["id"] for line in following.json()["data"]]
        following = admin.get(following.links["next"]["url"])

    assert [line["action"] for line in first.json()["data"]] == ["putAdviser"]
    assert len(walked) == len(set(walked)) == 9
    assert walked == sorted(walked)


@pytest.mark.parametrize("parameters", [{"since": "hier"}, {"actor": "moi"}, {"action": "x; DROP"}, {"who": "moi"}])
def test_an_invalid_search_is_refused(admin: httpx.Client, parameters: dict[str, str]) -> None:
    expect_problem(admin.get("/v1/audit-log", params=parameters), 400, "invalid-parameter")


@pytest.mark.parametrize("role", ["platform", "training_organisation"])
def test_only_administrators_search(served: LiveServer, role: str) -> None:
    with served.client(role) as client:
        expect_problem(client.get("/v1/audit-log"), 403, "forbidden")
