"""Webhook endpoints, as their owners manage them. Deliveries are tested in tests/outbox."""

import re
from collections.abc import Generator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.live_server import idempotency_headers

PATH = "/v1/webhook-endpoints"
URL = "https://coop.example/hooks"


@pytest.fixture(autouse=True)
def no_endpoints(
    platform: httpx.Client, other_platform: httpx.Client, organisation: httpx.Client, histya: httpx.Client
) -> Generator[None]:
    """The endpoints are deleted afterwards: an owner has sixteen at most."""
    yield
    for client in (platform, other_platform, organisation, histya):
        for endpoint in client.get(PATH).json()["data"]:
            client.delete(f"{PATH}/{endpoint['id']}").raise_for_status()


def added(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"url": URL, **fields})
    body: dict[str, Any] = documented_body(answer, "addWebhookEndpoint")
    return body


def a_test_of(client: httpx.Client, endpoint: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"{PATH}/{endpoint['id']}/test")
    body: dict[str, Any] = documented_body(answer, "testWebhookEndpoint")
    return body


def test_a_new_endpoint_shows_its_secret_once(platform: httpx.Client) -> None:
    endpoint = added(platform, types=["registration.*"])

    read = documented_body(platform.get(f"{PATH}/{endpoint['id']}"), "getWebhookEndpoint")
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", endpoint["secret"])
    assert endpoint == read | {"secret": endpoint["secret"]}
    assert (read["url"], read["types"], read["status"]) == (URL, ["registration.*"], "active")
    assert documented_body(platform.get(PATH), "listWebhookEndpoints")["data"] == [read]


def test_two_endpoints_never_share_a_secret(platform: httpx.Client) -> None:
    assert added(platform)["secret"] != added(platform)["secret"]


def test_all_types_are_delivered_unless_some_are_named(platform: httpx.Client) -> None:
    assert added(platform)["types"] == ["*"]


@pytest.mark.parametrize(
    "types", [["registration.unheard_of"], ["nothing.*"], ["*", "registration"], [], ["*"] * 21, "registration.*", [7]]
)
def test_only_types_that_exist_can_be_asked_for(platform: httpx.Client, types: Any) -> None:
    answer = platform.post(PATH, json={"url": URL, "types": types})

    assert {pointer.split("/")[1] for pointer in expect_wrong_fields(answer)} == {"types"}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://coop.example/hooks", "url-scheme"),
        ("https://coop.example:8080/hooks", "url-port"),
        ("https://coop.example:22/", "url-port"),
        ("https://user:secret@coop.example/hooks", "url-credentials"),
        ("https://127.0.0.1/hooks", "url-address"),
        ("https://[::1]/hooks", "url-address"),
        ("https://169.254.169.254/latest/meta-data", "url-address"),
        ("https://coop.example/hooks#part", "url-malformed"),
        ("https://coop.example:70000/", "url-malformed"),
        ("https:///hooks", "url-malformed"),
        (f"https://{'a' * 64}.example/hooks", "url-host"),
        ("https://coop..example/hooks", "url-host"),
        ("ftp://coop.example/", "invalid-format"),
        ("https://conseillé.example/", "invalid-format"),
        ("https://coop.example/two words", "invalid-format"),
        ("", "invalid-format"),
    ],
)
def test_nothing_is_delivered_but_over_https_to_a_public_address(platform: httpx.Client, url: str, code: str) -> None:
    answer = platform.post(PATH, json={"url": url})

    assert expect_wrong_fields(answer) == {"/url": code}


def test_port_8443_is_allowed(platform: httpx.Client) -> None:
    assert added(platform, url="https://coop.example:8443/hooks")["url"] == "https://coop.example:8443/hooks"


def test_an_owner_has_sixteen_endpoints_at_most(platform: httpx.Client, other_platform: httpx.Client) -> None:
    for _ in range(16):
        added(platform)

    said = expect_problem(platform.post(PATH, json={"url": URL}), 409, "too-many-endpoints")
    assert "16" in said["detail"]
    added(other_platform)


def test_a_deleted_endpoint_does_not_exist_and_makes_room(platform: httpx.Client) -> None:
    endpoints = [added(platform) for _ in range(16)]
    delivery = a_test_of(platform, endpoints[0])
    path = f"{PATH}/{endpoints[0]['id']}"

    assert platform.delete(path).status_code == 204

    expect_problem(platform.get(path), 404, "not-found")
    expect_problem(platform.get(f"{path}/deliveries"), 404, "not-found")
    expect_problem(platform.get(f"/v1/deliveries/{delivery['id']}"), 404, "not-found")
    expect_problem(platform.post(f"/v1/deliveries/{delivery['id']}/replay"), 404, "not-found")
    expect_problem(platform.delete(path), 404, "not-found")
    added(platform)


def test_another_s_endpoint_does_not_exist(
    platform: httpx.Client, other_platform: httpx.Client, histya: httpx.Client, admin: httpx.Client
) -> None:
    endpoint = added(platform)
    delivery = a_test_of(platform, endpoint)
    path = f"{PATH}/{endpoint['id']}"

    for stranger in (other_platform, histya, admin):
        answers = [
            stranger.get(path),
            stranger.patch(path, json={"status": "disabled"}),
            stranger.delete(path),
            stranger.post(f"{path}/test"),
            stranger.post(f"{path}/rotate-secret"),
            stranger.get(f"{path}/deliveries"),
            stranger.post(f"{path}/recover", json={"since": "2026-01-01T00:00:00Z"}),
            stranger.get(f"/v1/deliveries/{delivery['id']}"),
            stranger.post(f"/v1/deliveries/{delivery['id']}/replay"),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert endpoint["id"] not in stranger.get(PATH).text
    assert platform.get(path).json()["status"] == "active"


def test_an_endpoint_changes_its_address_and_types(platform: httpx.Client) -> None:
    path = f"{PATH}/{added(platform)['id']}"

    answer = platform.patch(path, json={"url": "https://coop.example/new", "types": ["certification.*"]})

    changed = documented_body(answer, "changeWebhookEndpoint")
    assert (changed["url"], changed["types"]) == ("https://coop.example/new", ["certification.*"])
    assert platform.get(path).json() == changed


def test_an_endpoint_cannot_change_to_a_forbidden_address(platform: httpx.Client) -> None:
    path = f"{PATH}/{added(platform)['id']}"

    assert expect_wrong_fields(platform.patch(path, json={"url": "https://10.0.0.1/"})) == {"/url": "url-address"}
    assert platform.get(path).json()["url"] == URL


def test_a_disabled_endpoint_takes_nothing_until_it_is_enabled(platform: httpx.Client) -> None:
    endpoint = added(platform)
    path, delivery = f"{PATH}/{endpoint['id']}", a_test_of(platform, endpoint)

    disabled = platform.patch(path, json={"status": "disabled"}).json()

    assert (disabled["status"], disabled["disabled_because"]) == ("disabled", "owner")
    assert platform.get(f"/v1/deliveries/{delivery['id']}").json()["state"] == "skipped"
    expect_problem(platform.post(f"{path}/test"), 409, "endpoint-disabled")
    expect_problem(platform.post(f"/v1/deliveries/{delivery['id']}/replay"), 409, "endpoint-disabled")
    expect_problem(platform.post(f"{path}/recover", json={"since": "2026-01-01T00:00:00Z"}), 409, "endpoint-disabled")

    enabled = platform.patch(path, json={"status": "active"}).json()

    assert (enabled["status"], enabled["disabled_because"]) == ("active", None)
    again = documented_body(platform.post(f"/v1/deliveries/{delivery['id']}/replay"), "replayDelivery")
    assert (again["state"], again["replay"], again["event_id"]) == ("due", 1, delivery["event_id"])


def test_a_new_secret_is_another_one(platform: httpx.Client) -> None:
    endpoint = added(platform)

    answer = platform.post(f"{PATH}/{endpoint['id']}/rotate-secret")

    secret = documented_body(answer, "rotateWebhookSecret")["secret"]
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert secret != endpoint["secret"]


def test_a_test_with_the_same_key_is_delivered_once(platform: httpx.Client) -> None:
    endpoint, used = added(platform), idempotency_headers()
    path = f"{PATH}/{endpoint['id']}"

    first, again = (platform.post(f"{path}/test", headers=used) for _ in range(2))

    assert (first.status_code, first.content) == (201, again.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(platform.get(f"{path}/deliveries").json()["data"]) == 1


def test_deliveries_are_listed_by_pages_the_newest_first(platform: httpx.Client) -> None:
    endpoint = added(platform)
    made = [a_test_of(platform, endpoint)["id"] for _ in range(5)]
    path, listed = f"{PATH}/{endpoint['id']}/deliveries", list[str]()

    page = documented_body(platform.get(path, params={"limit": 2, "state": "due"}), "listDeliveries")
    while page["data"]:
        listed += [delivery["id"] for delivery in page["data"]]
        if page["pagination"]["next"] is None:
            break
        page = platform.get(path, params={"limit": 2, "state": "due", "cursor": page["pagination"]["next"]}).json()

    assert sorted(listed) == sorted(made)
    assert listed == sorted(listed, reverse=True)
    assert platform.get(path, params={"state": "dead"}).json()["data"] == []
    expect_problem(platform.get(path, params={"state": "lost"}), 400, "invalid-parameter")


@pytest.mark.parametrize("name", ["event_id", "since", "until", "type"])
def test_deliveries_are_found_by_their_event_and_their_time(platform: httpx.Client, name: str) -> None:
    endpoint = added(platform)
    first, second = (a_test_of(platform, endpoint) for _ in range(2))
    value, expected = {
        "event_id": (first["event_id"], [first]),
        "since": (second["created_at"], [second]),
        "until": (second["created_at"], [first]),
        "type": ("webhook_endpoint.test", [second, first]),
    }[name]

    page = platform.get(f"{PATH}/{endpoint['id']}/deliveries", params={name: value})

    assert documented_body(page, "listDeliveries")["data"] == expected


def test_deliveries_of_other_events_are_not_listed(platform: httpx.Client) -> None:
    endpoint = added(platform)
    path, _ = f"{PATH}/{endpoint['id']}/deliveries", a_test_of(platform, endpoint)

    assert platform.get(path, params={"type": "registration.accepted"}).json()["data"] == []
    assert platform.get(path, params={"event_id": str(uuid4())}).json()["data"] == []
    expect_problem(platform.get(path, params={"type": "Tests"}), 400, "invalid-parameter")
    expect_problem(platform.get(path, params={"since": "yesterday"}), 400, "invalid-parameter")


def test_an_unknown_endpoint_or_delivery_is_not_found(platform: httpx.Client) -> None:
    expect_problem(platform.get(f"{PATH}/{uuid4()}"), 404, "not-found")
    expect_problem(platform.post(f"/v1/deliveries/{uuid4()}/replay"), 404, "not-found")


def test_what_is_done_to_an_endpoint_is_found_in_the_audit_log(platform: httpx.Client, admin: httpx.Client) -> None:
    endpoint = added(platform)
    path = f"{PATH}/{endpoint['id']}"
    a_test_of(platform, endpoint)
    platform.patch(path, json={"types": ["*"]})
    platform.post(f"{path}/rotate-secret")
    platform.delete(path)

    found = admin.get("/v1/audit-log", params={"subject_id": endpoint["id"]}).json()["data"]

    assert {entry["action"] for entry in found} >= {
        "addWebhookEndpoint", "testWebhookEndpoint", "changeWebhookEndpoint", "rotateWebhookSecret",
        "deleteWebhookEndpoint",
    }  # fmt: skip
