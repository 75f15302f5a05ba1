"""The same key and request get the same answer; another request does not."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.api.registration_states import (
    UPCOMING_DAY,
    accepted_registration,
    initial_training_registration,
    read_registration,
    refused_registration,
    upcoming_registration,
    waiting_registration,
)
from tests.api.response_assertions import expect_problem
from tests.http_builders import adviser_body, an_adviser, an_adviser_in_post, contract_body, register, registration_body
from tests.live_server import LiveServer, idempotency_headers

Body = dict[str, Any]
Setup = Callable[[httpx.Client], Body]

ACTIONS: Mapping[str, tuple[Setup, Body]] = {
    "choice": (waiting_registration, {"choice": "keep", "payer": "employer"}),
    "re-examination": (refused_registration, {"employer_agreement": True}),
    "cancellation": (upcoming_registration, {"motive": "Indisponible"}),
    "attendance": (accepted_registration, {"outcome": "completed"}),
    "positioning-test": (initial_training_registration, {"taken_on": "2025-05-01", "hours": 175}),
}
KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Link")


def _is_replay(first: httpx.Response, second: httpx.Response) -> bool:
    """The same bytes and headers, said to be a replay."""
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert [second.headers.get(name) for name in KEPT_HEADERS] == [first.headers.get(name) for name in KEPT_HEADERS]
    return (first.status_code, first.content) == (second.status_code, second.content)


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_needs_a_key(admin: httpx.Client, action: str) -> None:
    scene, body = ACTIONS[action]
    registration = scene(admin)

    answer = admin.post(f"/v1/registrations/{registration['id']}/{action}", json=body)

    expect_problem(answer, 400, "idempotency-key-missing")
    assert read_registration(admin, registration) == registration


@pytest.mark.parametrize(
    "used",
    ["", "a", "a" * 256, "a" * 20_000, "clé-clé-clé-clé-clé", "with a space within", '"' + "a" * 15 + '"', "a" * 15],
)
def test_a_key_has_16_to_255_visible_characters(platform: httpx.Client, used: str) -> None:
    body = registration_body(an_adviser(platform))

    answer = platform.post("/v1/registrations", json=body, headers=[(b"Idempotency-Key", used.encode("latin-1"))])

    expect_problem(answer, 400, "invalid-header")


@pytest.mark.parametrize("used", ["a" * 16, "~" * 16])
def test_the_shortest_and_the_longest_keys_are_keys(platform: httpx.Client, used: str) -> None:
    adviser_id = an_adviser_in_post(platform)

    short = platform.post("/v1/registrations", json=registration_body(adviser_id), headers={"Idempotency-Key": used})
    long = platform.post(
        "/v1/registrations",
        json=registration_body(adviser_id, starts_on="2025-06-10"),
        headers={"Idempotency-Key": uuid4().hex.ljust(255, used[0])},
    )

    assert (short.status_code, long.status_code) == (201, 201)


def test_a_quoted_key_is_the_bare_one(platform: httpx.Client) -> None:
    body, bare = registration_body(an_adviser_in_post(platform)), str(uuid4())
    first = platform.post("/v1/registrations", json=body, headers={"Idempotency-Key": bare})

    second = platform.post("/v1/registrations", json=body, headers={"Idempotency-Key": f'"{bare}"'})

    assert _is_replay(first, second)


def test_a_registration_is_replayed(platform: httpx.Client) -> None:
    body, used = registration_body(an_adviser_in_post(platform)), idempotency_headers()
    first = platform.post("/v1/registrations", json=body, headers=used)

    second = platform.post("/v1/registrations", json=body, headers=used)

    assert first.status_code == 201
    assert _is_replay(first, second)
    listed = platform.get("/v1/registrations", params={"adviser_id": body["adviser_id"]}).json()["data"]
    assert [item["id"] for item in listed] == [first.json()["id"]]


def test_a_refusal_is_replayed_though_the_file_is_in_order_since(platform: httpx.Client) -> None:
    body, used = registration_body(an_adviser(platform)), idempotency_headers()
    first = platform.post("/v1/registrations", json=body, headers=used)
    platform.post("/v1/contracts", json=contract_body(body["adviser_id"]))

    second = platform.post("/v1/registrations", json=body, headers=used)

    assert first.json()["status"] == "refused"
    assert _is_replay(first, second)


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_replayed(admin: httpx.Client, action: str) -> None:
    scene, body = ACTIONS[action]
    path, used = f"/v1/registrations/{scene(admin)['id']}/{action}", idempotency_headers()
    first = admin.post(path, json=body, headers=used)

    second = admin.post(path, json=body, headers=used)

    assert first.status_code == 200
    assert _is_replay(first, second)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_conflict_is_replayed(admin: httpx.Client, action: str) -> None:
    _, body = ACTIONS[action]
    scene = waiting_registration if action in {"attendance", "re-examination"} else refused_registration
    registration = initial_training_registration(admin) if action == "positioning-test" else scene(admin)
    if action == "positioning-test":
        body = {**body, "hours": 999}
    path, used = f"/v1/registrations/{registration['id']}/{action}", idempotency_headers()
    first = admin.post(path, json=body, headers=used)

    second = admin.post(path, json=body, headers=used)

    assert first.status_code == (422 if action == "positioning-test" else 409)
    assert _is_replay(first, second)


def test_a_conflict_is_replayed_once_its_cause_is_gone(platform: httpx.Client) -> None:
    first_one = upcoming_registration(platform)
    body, used = registration_body(first_one["adviser_id"], starts_on=UPCOMING_DAY), idempotency_headers()
    first = platform.post("/v1/registrations", json=body, headers=used)
    platform.post(f"/v1/registrations/{first_one['id']}/cancellation", headers=idempotency_headers()).raise_for_status()

    second = platform.post("/v1/registrations", json=body, headers=used)

    expect_problem(first, 409, "duplicate-registration")
    assert first.headers["Link"] == f'<{first_one["links"]["self"]}>; rel="duplicate"'
    assert _is_replay(first, second)


def test_a_payer_not_offered_is_replayed(platform: httpx.Client) -> None:
    path, used = f"/v1/registrations/{waiting_registration(platform)['id']}/choice", idempotency_headers()
    first = platform.post(path, json={"choice": "keep", "payer": "opco"}, headers=used)

    second = platform.post(path, json={"choice": "keep", "payer": "opco"}, headers=used)

    assert first.status_code == 422
    assert _is_replay(first, second)


@pytest.mark.parametrize("path", ["advisers", "contracts", "certifications", "carry-overs"])
def test_where_a_key_is_not_required_it_is_kept_all_the_same(admin: httpx.Client, path: str) -> None:
    adviser_id, used = an_adviser_in_post(admin), idempotency_headers()
    bodies: Mapping[str, Body] = {
        "advisers": adviser_body(),
        "contracts": contract_body(adviser_id),
        "certifications": {"adviser_id": adviser_id, "qualification": "pix", "outcome": "failed", "on": "2024-09-12"},
        "carry-overs": {"bucket": "civil_year:2025", "motive": "Congé maternité"},
    }
    address = f"/v1/advisers/{adviser_id}/carry-overs" if path == "carry-overs" else f"/v1/{path}"
    first = admin.post(address, json=bodies[path], headers=used)

    second = admin.post(address, json=bodies[path], headers=used)

    assert first.status_code == 201
    assert _is_replay(first, second)


def _reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reordered(item) for name, item in reversed(value.items())}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON
    return value


@pytest.mark.parametrize("indent", [None, 4])
def test_a_request_written_otherwise_is_the_same(platform: httpx.Client, indent: int | None) -> None:
    body, used = registration_body(an_adviser_in_post(platform)), idempotency_headers()
    first = platform.post("/v1/registrations", json=body, headers=used)
    written = json.dumps(_reordered(body), indent=indent, ensure_ascii=True).replace(
        body["adviser_id"], body["adviser_id"].upper()
    )

    second = platform.post(
        "/v1/registrations", content=written.encode(), headers=used | {"Content-Type": "application/json"}
    )

    assert _is_replay(first, second)


def test_a_default_may_be_written_out(platform: httpx.Client) -> None:
    body, used = registration_body(an_adviser_in_post(platform)), idempotency_headers()
    first = platform.post("/v1/registrations", json=body, headers=used)

    second = platform.post("/v1/registrations", json={**body, "employer_agreement": False}, headers=used)

    assert _is_replay(first, second)


def test_no_body_and_an_empty_one_are_the_same(platform: httpx.Client) -> None:
    path, used = f"/v1/registrations/{upcoming_registration(platform)['id']}/cancellation", idempotency_headers()
    first = platform.post(path, headers=used)

    second = platform.post(path, json={}, headers=used)

    assert _is_replay(first, second)


def test_another_body_is_another_request(platform: httpx.Client) -> None:
    adviser_id, used = an_adviser_in_post(platform), idempotency_headers()
    platform.post("/v1/registrations", json=registration_body(adviser_id), headers=used)

    answer = platform.post(
        "/v1/registrations", json=registration_body(adviser_id, starts_on="2025-06-10"), headers=used
    )

    expect_problem(answer, 422, "idempotency-key-reused")


def test_another_adviser_is_another_request(platform: httpx.Client) -> None:
    used = idempotency_headers()
    platform.post("/v1/registrations", json=registration_body(an_adviser_in_post(platform)), headers=used)

    answer = platform.post("/v1/registrations", json=registration_body(an_adviser_in_post(platform)), headers=used)

    expect_problem(answer, 422, "idempotency-key-reused")


def test_another_path_is_another_request(platform: httpx.Client) -> None:
    used = idempotency_headers()
    platform.post(f"/v1/registrations/{upcoming_registration(platform)['id']}/cancellation", headers=used)

    answer = platform.post(f"/v1/registrations/{upcoming_registration(platform)['id']}/cancellation", headers=used)

    expect_problem(answer, 422, "idempotency-key-reused")


def test_another_client_s_key_is_another_key(platform: httpx.Client, other_platform: httpx.Client) -> None:
    adviser_id, used = an_adviser_in_post(platform), idempotency_headers()
    first = platform.post("/v1/registrations", json=registration_body(adviser_id), headers=used)

    second = other_platform.post(
        "/v1/registrations", json=registration_body(adviser_id, starts_on="2025-06-10"), headers=used
    )

    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in second.headers


def test_what_was_not_decided_is_not_replayed(platform: httpx.Client) -> None:
    used = idempotency_headers()
    for _ in range(2):
        answer = platform.post("/v1/registrations", json=registration_body(str(uuid4())), headers=used)

        expect_problem(answer, 422, "unknown-reference")
        assert "Idempotent-Replayed" not in answer.headers


def test_a_key_does_not_change_a_preview(platform: httpx.Client) -> None:
    body, used = registration_body(an_adviser_in_post(platform)), idempotency_headers()
    platform.post("/v1/registrations/preview", json=body, headers=used)

    answer = platform.post("/v1/registrations", json=body, headers=used)

    assert answer.status_code == 201


async def test_the_second_of_two_equal_requests_learns_that_the_first_is_under_way(
    served: LiveServer, platform: httpx.Client
) -> None:
    """The adviser's row is held by another, so that the first request is still waiting when the second one comes."""
    adviser_id, used = an_adviser_in_post(platform), idempotency_headers()
    headers = {"Authorization": f"Bearer {served.keys['platform']}", **used}
    body = registration_body(adviser_id)
    holder = await asyncpg.connect(served.database_url)
    async with httpx.AsyncClient(base_url=served.base_url, headers=headers, timeout=30) as client:
        async with holder.transaction():
            await holder.execute("SELECT FROM adviser WHERE id = $1 FOR UPDATE", adviser_id)
            first = asyncio.create_task(client.post("/v1/registrations", json=body))
            while not await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110  # PostgreSQL has no event for it
                await asyncio.sleep(0.01)
            second = await client.post("/v1/registrations", json=body)
        answered = await first
        third = await client.post("/v1/registrations", json=body)
    await holder.close()

    expect_problem(second, 409, "idempotency-in-flight")
    assert second.headers["Retry-After"] == "1"
    assert answered.status_code == 201
    assert _is_replay(answered, third)


async def test_of_many_equal_requests_one_is_carried_out(served: LiveServer, platform: httpx.Client) -> None:
    adviser_id, used = an_adviser_in_post(platform), idempotency_headers()
    headers = {"Authorization": f"Bearer {served.keys['platform']}", **used}

    async with httpx.AsyncClient(base_url=served.base_url, headers=headers, timeout=30) as client:
        body = registration_body(adviser_id)
        answers = await asyncio.gather(*(client.post("/v1/registrations", json=body) for _ in range(12)))
        listed = await client.get("/v1/registrations", params={"adviser_id": adviser_id})

    carried_out = [
        answer for answer in answers if answer.status_code == 201 and "Idempotent-Replayed" not in answer.headers
    ]
    others = [answer for answer in answers if answer not in carried_out]
    assert len(carried_out) == 1
    for other in others:
        if other.status_code == 409:
            expect_problem(other, 409, "idempotency-in-flight")
            assert other.headers["Retry-After"] == "1"
        else:
            assert _is_replay(carried_out[0], other)
    assert len(listed.json()["data"]) == 1


async def test_of_many_equal_demands_under_other_keys_one_is_active(served: LiveServer, platform: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(platform)
    headers = {"Authorization": f"Bearer {served.keys['platform']}"}

    async with httpx.AsyncClient(base_url=served.base_url, headers=headers, timeout=30) as client:
        body = registration_body(adviser_id)
        answers = await asyncio.gather(
            *(client.post("/v1/registrations", json=body, headers=idempotency_headers()) for _ in range(6))
        )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    (made,) = (answer.json() for answer in answers if answer.status_code == 201)
    for answer in answers:
        if answer.status_code == 409:
            expect_problem(answer, 409, "duplicate-registration")
            assert made["links"]["self"] in answer.headers["Link"]


def test_a_duplicate_names_the_first(platform: httpx.Client) -> None:
    first = accepted_registration(platform)

    answer = register(platform, first["adviser_id"])

    expect_problem(answer, 409, "duplicate-registration")
    assert answer.links["duplicate"]["url"] == first["links"]["self"]
