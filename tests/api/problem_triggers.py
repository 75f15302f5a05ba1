"""Each problem and each reason to refuse, brought about over HTTP by an administrator."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import httpx

from app.domain.decisions.refusals import Absence, Reason
from app.seed.published_catalogue import FRANCILIN, LA_FABRIK
from tests.api.registration_states import (
    accepted_registration,
    post_action,
    refused_registration,
    upcoming_registration,
)
from tests.http_builders import a_contract, adviser_body, an_adviser, an_adviser_in_post, register, registration_body
from tests.live_server import idempotency_headers

ProblemTrigger = Callable[[httpx.Client], httpx.Response]
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=here"}
EMPTY_ADMINISTRATIVE_FILE: Mapping[str, Any] = {"administrative_file": {}}


def _conum_id_taken(client: httpx.Client) -> httpx.Response:
    body = adviser_body()
    client.post("/v1/advisers", json=body).raise_for_status()
    return client.post("/v1/advisers", json=body)


def _put_with_headers(client: httpx.Client, headers: dict[str, str]) -> httpx.Response:
    return client.put(f"/v1/advisers/{an_adviser(client)}", json=adviser_body(), headers=headers)


def _anonymised_put_again(client: httpx.Client) -> httpx.Response:
    path = f"/v1/advisers/{an_adviser(client)}"
    client.delete(path, headers={"If-Match": "*"}).raise_for_status()
    return client.put(path, json=adviser_body(), headers={"If-Match": "*"})


def _registered_twice(client: httpx.Client) -> httpx.Response:
    adviser_id = an_adviser_in_post(client)
    register(client, adviser_id).raise_for_status()
    return register(client, adviser_id)


def _too_much_carried_over(client: httpx.Client) -> httpx.Response:
    body = {"bucket": "civil_year:2025", "units": 2, "motive": "Congé maternité"}
    return client.post(f"/v1/advisers/{an_adviser_in_post(client)}/carry-overs", json=body)


def _third_key(client: httpx.Client) -> httpx.Response:
    first = client.post("/v1/api-keys", json={"name": "La Coop", "role": "platform"}).raise_for_status().json()
    client.post("/v1/api-keys", json={"client_id": first["client_id"]}).raise_for_status()
    return client.post("/v1/api-keys", json={"client_id": first["client_id"]})


def _enrolled_twice(client: httpx.Client) -> httpx.Response:
    body = {"name": "La Coop", "role": "platform", "issuer_client_id": f"coop-{uuid4()}"}
    client.post("/v1/clients", json=body).raise_for_status()
    return client.post("/v1/clients", json=body)


def _one_endpoint_too_many(client: httpx.Client) -> httpx.Response:
    body = {"url": "https://coop.example/hooks"}
    answers = [client.post("/v1/webhook-endpoints", json=body) for _ in range(17)]
    for answer in answers:
        if answer.is_success:
            client.delete(f"/v1/webhook-endpoints/{answer.json()['id']}").raise_for_status()
    return answers[-1]


def _test_of_a_disabled_endpoint(client: httpx.Client) -> httpx.Response:
    endpoint = client.post("/v1/webhook-endpoints", json={"url": "https://coop.example/hooks"}).raise_for_status()
    path = f"/v1/webhook-endpoints/{endpoint.json()['id']}"
    client.patch(path, json={"status": "disabled"}).raise_for_status()
    answer = client.post(f"{path}/test")
    client.delete(path).raise_for_status()
    return answer


def _key_reused(client: httpx.Client) -> httpx.Response:
    used = idempotency_headers()
    client.post("/v1/advisers", json=adviser_body(), headers=used).raise_for_status()
    return client.post("/v1/advisers", json=adviser_body(), headers=used)


def _registration(client: httpx.Client, headers: dict[str, str]) -> httpx.Response:
    return client.post("/v1/registrations", json=registration_body(str(uuid4())), headers=headers)


def _late_notice(client: httpx.Client) -> httpx.Response:
    refused = register(client, an_adviser_in_post(client), module_code="aidants-connect").json()
    return post_action(client, refused, "re-examination")


def _right_given_to_another(client: httpx.Client) -> httpx.Response:
    """The absence of a session gave its right to another, which has it still."""
    absent = accepted_registration(client, starts_on="2026-05-12")
    register(client, absent["adviser_id"], starts_on="2026-09-15").raise_for_status()
    post_action(client, absent, "attendance", outcome="absent_justified", motive="force_majeure").raise_for_status()
    return post_action(client, absent, "attendance", outcome="completed", motive="Erreur")


def _derogation_that_leaves_a_reason(client: httpx.Client) -> httpx.Response:
    body: dict[str, Any] = {"waived": [], "funding": "state", "motive": "Recours"}
    return post_action(client, refused_registration(client), "derogation", **body)


PROBLEM_TRIGGERS: Mapping[str, ProblemTrigger] = {
    "malformed-json": lambda client: client.post("/v1/advisers", content=b"{", headers=JSON),
    "malformed-form": lambda client: client.post("/v1/imports", content=b"garbage", headers=FORM),
    "head-too-large": lambda client: client.get("/v1/modules", headers={"X-Filling": "x" * 40_000}),
    "invalid-parameter": lambda client: client.get("/v1/advisers", params={"limit": 0, "updated_since": "x" * 41}),
    "invalid-header": lambda client: _registration(client, {"Idempotency-Key": "short"}),
    "invalid-cursor": lambda client: client.get("/v1/modules", params={"cursor": "none"}),
    "idempotency-key-missing": lambda client: _registration(client, {}),
    "unauthenticated": lambda client: client.get("/v1/modules", headers={"Authorization": ""}),
    "not-found": lambda client: client.get("/v1/modules/none"),
    "not-acceptable": lambda client: client.get("/v1/statistics", headers={"Accept": "application/pdf"}),
    "method-not-allowed": lambda client: client.delete("/v1/modules"),
    "invalid-transition": lambda client: post_action(client, refused_registration(client), "choice", choice="cancel"),
    "duplicate-registration": _registered_twice,
    "session-started": lambda client: post_action(
        client, accepted_registration(client), "cancellation", regularisation=True
    ),
    "session-not-started": lambda client: post_action(
        client, upcoming_registration(client), "attendance", outcome="completed"
    ),
    "session-ended": _late_notice,
    "no-right-left": _right_given_to_another,
    "reasons-remain": _derogation_that_leaves_a_reason,
    "conum-id-taken": _conum_id_taken,
    "adviser-anonymised": _anonymised_put_again,
    "too-many-keys": _third_key,
    "too-many-endpoints": _one_endpoint_too_many,
    "endpoint-disabled": _test_of_a_disabled_endpoint,
    "issuer-client-id-taken": _enrolled_twice,
    "nothing-to-carry-over": _too_much_carried_over,
    "precondition-failed": lambda client: _put_with_headers(client, {"If-Match": '"9"'}),
    "payload-too-large": lambda client: client.post("/v1/advisers", content=b" " * 300_000, headers=JSON),
    "unsupported-media-type": lambda client: client.post("/v1/advisers", content=b"a,b"),
    "validation-error": lambda client: client.post("/v1/contracts", json={"id": 1, "unknown": 1, "ends_on": "soon"}),
    "unknown-reference": lambda client: register(client, str(uuid4())),
    "idempotency-key-reused": _key_reused,
    "precondition-required": lambda client: _put_with_headers(client, {}),
}


def _of_a_contract(**fields: Any) -> Callable[[httpx.Client], dict[str, Any]]:
    def demand(client: httpx.Client) -> dict[str, Any]:
        adviser_id = an_adviser(client)
        a_contract(client, adviser_id, **fields)
        return registration_body(adviser_id)

    return demand


def _of_a_renewal(client: httpx.Client) -> dict[str, Any]:
    adviser_id = an_adviser(client)
    term = {"type": "CDD", "starts_on": "2022-01-10", "ends_on": "2024-12-31"}
    first = a_contract(client, adviser_id, **term)
    a_contract(client, adviser_id, starts_on="2025-01-01", renews_contract_id=first, **EMPTY_ADMINISTRATIVE_FILE)
    return registration_body(adviser_id)


def _of_a_module(code: str, *, adviser: Mapping[str, Any] | None = None, **fields: Any) -> Any:
    def demand(client: httpx.Client) -> dict[str, Any]:
        return registration_body(an_adviser_in_post(client, **(adviser or {})), module_code=code, **fields)

    return demand


def _over_quota(client: httpx.Client) -> dict[str, Any]:
    adviser_id = an_adviser_in_post(client)
    register(client, adviser_id).raise_for_status()
    return registration_body(adviser_id, starts_on="2025-06-10")


NEWCOMER = {"initial_training": None}
# What to ask for so as to be given the reason, and its detail.
REFUSAL_REQUESTS: Mapping[tuple[Reason, Absence | None], Callable[[httpx.Client], dict[str, Any]]] = {
    (Reason.NOT_IN_POST, Absence.NO_CONTRACT): lambda client: registration_body(an_adviser(client)),
    (Reason.NOT_IN_POST, Absence.CONTRACT_NOT_STARTED): _of_a_contract(starts_on="2025-06-02"),
    (Reason.NOT_IN_POST, Absence.CONTRACT_ENDED): _of_a_contract(type="CDD", ends_on="2025-04-30"),
    (Reason.NOT_IN_POST, Absence.CONTRACT_TERMINATED): _of_a_contract(terminated_on="2025-03-14"),
    (Reason.DS_FILE_MISSING, None): _of_a_contract(**EMPTY_ADMINISTRATIVE_FILE),
    (Reason.CONTRACT_NOT_UPLOADED, None): _of_a_contract(**EMPTY_ADMINISTRATIVE_FILE),
    (Reason.RECRUITMENT_NOT_VALIDATED, None): _of_a_contract(**EMPTY_ADMINISTRATIVE_FILE),
    (Reason.RENEWAL_NOT_VALIDATED, None): _of_a_renewal,
    (Reason.INITIAL_TRAINING_ALREADY_FUNDED, None): _of_a_module(
        "formation-initiale", training_organisation_id=str(LA_FABRIK)
    ),
    (Reason.INITIAL_TRAINING_NOT_STARTED, None): _of_a_module("cybersecurite", adviser=NEWCOMER),
    (Reason.CCP1_NOT_OBTAINED, None): _of_a_module("ccp2-ccp3"),
    (Reason.EMPLOYER_AGREEMENT_MISSING, None): _of_a_module("ccp2-ccp3"),
    (Reason.ACCREDITATION_MISSING, None): _of_a_module("aidants-connect"),
    (Reason.MODULE_NOT_AVAILABLE_YET, None): _of_a_module("cafe-ia", starts_on="2024-12-10"),
    (Reason.MODULE_NO_LONGER_AVAILABLE, None): _of_a_module("ccp2-ccp3", starts_on="2025-12-09"),
    (Reason.TERRITORY_NOT_COVERED, None): _of_a_module(
        "formation-initiale", adviser=NEWCOMER, training_organisation_id=str(FRANCILIN)
    ),
    (Reason.OUTSIDE_SCHEME, None): _of_a_module(
        "formation-initiale", adviser={**NEWCOMER, "in_scheme": False}, training_organisation_id=str(LA_FABRIK)
    ),
    (Reason.MODULE_QUOTA_EXCEEDED, None): _over_quota,
}
