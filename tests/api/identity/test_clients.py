"""Clients: added without credentials, listed, and revoked with all they come with."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.seed.published_catalogue import HISTYA
from tests.api.identity.test_api_keys import is_accepted, new_key, wait_until_refused
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.live_server import LiveServer, idempotency_headers


def added(admin: httpx.Client, **fields: Any) -> dict[str, Any]:
    body = {"name": "La Coop", "role": "platform", **fields}
    said: dict[str, Any] = documented_body(
        admin.post("/v1/clients", json=body, headers=idempotency_headers()), "addClient"
    )
    return said


def found(admin: httpx.Client, client_id: str) -> dict[str, Any]:
    """As it is listed."""
    answer = admin.get("/v1/clients", params={"limit": 500})
    rows: list[dict[str, Any]] = documented_body(answer, "listClients")["data"]
    return next(row for row in rows if row["id"] == client_id)


def test_a_client_may_be_added_before_its_keys(served: LiveServer, admin: httpx.Client) -> None:
    client = added(admin)

    created = new_key(admin, client_id=client["id"])

    assert is_accepted(served, created)
    assert found(admin, client["id"]) == client


def test_a_client_may_be_known_to_the_issuer(admin: httpx.Client) -> None:
    name = f"coop-{uuid4()}"
    client = added(admin, issuer_client_id=name)

    again = admin.post("/v1/clients", json={"name": "Autre", "role": "admin", "issuer_client_id": name})

    assert client["issuer_client_id"] == name
    expect_problem(again, 409, "issuer-client-id-taken")


def test_the_same_demand_adds_one(admin: httpx.Client) -> None:
    headers, body = idempotency_headers(), {"name": "La Coop", "role": "platform"}

    first, again = (admin.post("/v1/clients", json=body, headers=headers) for _ in range(2))

    assert (first.status_code, first.content) == (201, again.content)
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("fields", "mistakes"),
    [
        ({"name": "X"}, {"/role": "missing"}),
        ({"name": "X", "role": "training_organisation"}, {"/training_organisation_id": "mismatch"}),
        (
            {"name": "X", "role": "platform", "training_organisation_id": str(HISTYA)},
            {"/training_organisation_id": "mismatch"},
        ),
        ({"name": "X", "role": "platform", "issuer_client_id": "avec espace"}, {"/issuer_client_id": "invalid-format"}),
    ],
)
def test_a_client_that_cannot_be_is_not_added(
    admin: httpx.Client, fields: dict[str, Any], mistakes: dict[str, str]
) -> None:
    assert expect_wrong_fields(admin.post("/v1/clients", json=fields)) == mistakes


def test_a_client_revoked_is_revoked_with_all_its_keys(served: LiveServer, admin: httpx.Client) -> None:
    first = new_key(admin)
    second = new_key(admin, client_id=first["client_id"])
    assert (is_accepted(served, first), is_accepted(served, second)) == (True, True)

    revoked = [admin.delete(f"/v1/clients/{first['client_id']}").status_code for _ in range(2)]

    for created in (first, second):
        wait_until_refused(served, created)
    assert revoked == [204, 204]
    assert found(admin, first["client_id"])["revoked_at"] == "2026-06-15T08:30:00Z"
    body = {"client_id": first["client_id"]}
    assert expect_wrong_fields(admin.post("/v1/api-keys", json=body), "unknown-reference") == {"/client_id": "unknown"}


def test_its_name_at_the_issuer_is_free_again(admin: httpx.Client) -> None:
    name = f"coop-{uuid4()}"
    admin.delete(f"/v1/clients/{added(admin, issuer_client_id=name)['id']}").raise_for_status()

    assert added(admin, issuer_client_id=name)["issuer_client_id"] == name


def test_a_client_that_is_not_there_is_not_revoked(admin: httpx.Client) -> None:
    expect_problem(admin.delete(f"/v1/clients/{uuid4()}"), 404, "not-found")


@pytest.mark.parametrize("role", ["platform", "training_organisation"])
def test_only_administrators_deal_in_clients(served: LiveServer, role: str) -> None:
    with served.client(role) as client:
        expect_problem(client.get("/v1/clients"), 403, "forbidden")
        expect_problem(client.post("/v1/clients", json={"name": "Moi", "role": "admin"}), 403, "forbidden")
        expect_problem(client.delete(f"/v1/clients/{uuid4()}"), 403, "forbidden")
