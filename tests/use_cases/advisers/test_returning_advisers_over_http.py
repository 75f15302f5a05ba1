"""The return of an anonymised adviser, as API clients see it."""

from typing import Any

import httpx
import pytest

from app.persistence.engine.secrets.keyring import Keyring
from app.seed.published_catalogue import LA_MEDNUM
from tests.api.response_assertions import documented_body, expect_problem
from tests.http_builders import a_contract, adviser_body, register
from tests.live_server import LiveServer, idempotency_headers


def back(client: httpx.Client) -> str:
    """The id of an adviser who used the right of the year, was anonymised, and was added again."""
    body = adviser_body()
    gone = _added(client, body)
    a_contract(client, gone)
    assert register(client, gone, starts_on="2026-09-08").json()["entitlement"] == "civil_year:2026"
    client.delete(f"/v1/advisers/{gone}", headers={"If-Match": "*"}).raise_for_status()
    adviser = _added(client, body)
    a_contract(client, adviser)
    return adviser


def _added(client: httpx.Client, body: dict[str, Any]) -> str:
    return str(
        documented_body(client.post("/v1/advisers", json=body, headers=idempotency_headers()), "addAdviser")["id"]
    )


def test_the_record_shows_what_was_used_and_by_no_registration(platform: httpx.Client) -> None:
    adviser = back(platform)

    record = documented_body(platform.get(f"/v1/advisers/{adviser}/training-record"), "getTrainingRecord")

    (right,) = [item for item in record["entitlements"] if item["bucket"] == "civil_year:2026"]
    assert (right["units"], right["used"], right["reserved_by"]) == (1, 1, [])
    assert platform.get(f"/v1/advisers/{adviser}/training-record.svg").status_code == 200


def test_a_training_organisation_learns_nothing_of_the_earlier_file(
    platform: httpx.Client, organisation: httpx.Client
) -> None:
    command = {"starts_on": "2026-09-15", "training_organisation_id": str(LA_MEDNUM)}
    registration = register(platform, back(platform), **command).json()
    path = f"/v1/registrations/{registration['id']}/decisions"

    (seen,), (known,) = (client.get(path).raise_for_status().json()["data"] for client in (organisation, platform))

    assert registration["status"] == "awaiting_choice"
    assert known["facts"]["file"]["former"]["units"] == ["civil_year:2026#1"]
    assert "former" not in seen["facts"]["file"]


def test_nobody_is_added_while_it_cannot_be_told_who_was_here_before(
    served: LiveServer, platform: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = adviser_body()
    back(platform)
    monkeypatch.setattr(served.service.database, "keyring", Keyring(("a-secret-that-has-sealed-nothing-so-far",)))

    expect_problem(platform.post("/v1/advisers", json=body, headers=idempotency_headers()), 503, "unavailable")

    assert platform.get("/v1/advisers", params={"conum_id": body["conum_id"]}).json()["data"] == []
