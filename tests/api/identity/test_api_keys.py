"""Keys: made and revoked by administrators, two live ones for each client, limited to some scopes and some time."""

import asyncio
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.api.identity import credential_cache
from app.persistence.administration.api_keys import revoke_key
from app.persistence.engine.database import open_database
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.fake_clock import MORNING, FakeClock
from tests.http_builders import an_adviser_in_post, registration_body
from tests.live_server import LiveServer, idempotency_headers, serving

SOON = "2026-07-01T12:00:00Z"


@pytest.fixture(autouse=True)
def long_credential_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is cleared by revocations only, never by time."""
    monkeypatch.setattr(credential_cache, "CACHE_SECONDS", 3600.0)


def new_key(admin: httpx.Client, **fields: Any) -> dict[str, Any]:
    """A new key of a new client of the platform, unless the fields say otherwise."""
    body = {"name": "La Coop", "role": "platform"} if "client_id" not in fields else {}
    said: dict[str, Any] = documented_body(admin.post("/v1/api-keys", json=body | fields), "createApiKey")
    return said


def holder(served: LiveServer, created: dict[str, Any]) -> httpx.Client:
    return served.client_with(created["secret"])


def is_accepted(served: LiveServer, created: dict[str, Any]) -> bool:
    with holder(served, created) as client:
        answer = client.get("/v1/modules")
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


def listed(admin: httpx.Client, created: dict[str, Any]) -> list[dict[str, Any]]:
    """The keys of the same client, oldest first."""
    answer = admin.get("/v1/api-keys", params={"client_id": created["client_id"]})
    found: list[dict[str, Any]] = documented_body(answer, "listApiKeys")["data"]
    return found


def revoke(admin: httpx.Client, created: dict[str, Any]) -> httpx.Response:
    return admin.delete(f"/v1/api-keys/{created['id']}")


def test_a_key_opens_and_lives_a_year(served: LiveServer, admin: httpx.Client) -> None:
    created = new_key(admin)

    assert is_accepted(served, created)
    assert created["prefix"] == created["secret"][: len(created["prefix"])] == f"insc_{created['id']}"
    assert (created["expires_at"], created["scopes"]) == ("2027-06-15T08:30:00Z", None)


def test_a_key_is_for_an_organisation_that_exists(served: LiveServer, admin: httpx.Client) -> None:
    created = new_key(admin, name="Histya", role="training_organisation", training_organisation_id=str(HISTYA))
    body = {"name": "Inconnu", "role": "training_organisation", "training_organisation_id": str(uuid4())}

    unknown = admin.post("/v1/api-keys", json=body)

    assert is_accepted(served, created)
    assert created["training_organisation_id"] == str(HISTYA)
    assert expect_wrong_fields(unknown, "unknown-reference") == {"/training_organisation_id": "unknown"}


def test_the_secret_is_shown_once(admin: httpx.Client) -> None:
    created = new_key(admin)

    found = admin.get("/v1/api-keys", params={"client_id": created["client_id"]})

    assert found.json()["data"] == [{name: value for name, value in created.items() if name != "secret"}]
    assert created["secret"].rpartition("_")[2] not in found.text


REFUSED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "no name": ({"role": "platform"}, {"/name": "missing"}),
    "no role": ({"name": "La Coop"}, {"/role": "missing"}),
    "nobody": ({}, {"/name": "missing", "/role": "missing"}),
    "an organisation of none": (
        {"name": "X", "role": "training_organisation"},
        {"/training_organisation_id": "mismatch"},
    ),
    "a platform of one": (
        {"name": "X", "role": "platform", "training_organisation_id": str(HISTYA)},
        {"/training_organisation_id": "mismatch"},
    ),
    "scopes beyond the role": (
        {"name": "X", "role": "platform", "scopes": ["audit:read"]},
        {"/scopes": "beyond-role"},
    ),
    "an unknown scope": ({"name": "X", "role": "platform", "scopes": ["everything"]}, {"/scopes/0": "not-one-of"}),
    "no scope": ({"name": "X", "role": "platform", "scopes": []}, {"/scopes": "too-short"}),
    "too long a life": (
        {"name": "X", "role": "platform", "expires_at": "2027-06-17T00:00:00Z"},
        {"/expires_at": "expiry-range"},
    ),
    "no life": (
        {"name": "X", "role": "platform", "expires_at": "2026-06-15T08:30:00Z"},
        {"/expires_at": "expiry-range"},
    ),
    "no zone": (
        {"name": "X", "role": "platform", "expires_at": "2026-07-01T12:00:00"},
        {"/expires_at": "invalid-instant"},
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_key_that_cannot_be_is_not_made(admin: httpx.Client, case: str) -> None:
    body, mistakes = REFUSED[case]

    assert expect_wrong_fields(admin.post("/v1/api-keys", json=body)) == mistakes


@pytest.mark.parametrize("role", ["platform", "training_organisation"])
def test_only_administrators_deal_in_keys(served: LiveServer, role: str) -> None:
    with served.client(role) as client:
        expect_problem(client.get("/v1/api-keys"), 403, "forbidden")
        expect_problem(client.post("/v1/api-keys", json={"name": "Moi", "role": "admin"}), 403, "forbidden")
        expect_problem(client.delete(f"/v1/api-keys/{served.keys['admin'].split('_')[1]}"), 403, "forbidden")


def test_a_key_goes_no_further_than_its_scopes(served: LiveServer, admin: httpx.Client) -> None:
    created = new_key(admin, scopes=["advisers:read", "catalogue:read"])

    with holder(served, created) as client:
        allowed, refused = client.get("/v1/advisers"), client.get("/v1/registrations")

    assert allowed.status_code == 200
    assert "registrations:read" in expect_problem(refused, 403, "forbidden")["detail"]
    assert created["scopes"] == ["advisers:read", "catalogue:read"]


def test_a_key_ends_when_it_was_said_to(served: LiveServer, admin: httpx.Client, clock: FakeClock) -> None:
    created = new_key(admin, expires_at=SOON)
    before = is_accepted(served, created)

    clock.now += timedelta(days=30)

    assert (before, is_accepted(served, created)) == (True, False)
    assert created["expires_at"] == SOON


def test_a_second_key_takes_over(served: LiveServer, admin: httpx.Client) -> None:
    first = new_key(admin)

    second = new_key(admin, client_id=first["client_id"])
    third = admin.post("/v1/api-keys", json={"client_id": first["client_id"]})

    assert (is_accepted(served, first), is_accepted(served, second)) == (True, True)
    assert second["name"] == "La Coop"
    detail = expect_problem(third, 409, "too-many-keys")["detail"]
    assert first["id"] in detail
    assert second["id"] in detail
    revoke(admin, first).raise_for_status()
    assert (is_accepted(served, first), is_accepted(served, second)) == (False, True)
    assert is_accepted(served, new_key(admin, client_id=first["client_id"]))


def test_an_expired_key_does_not_count(admin: httpx.Client, clock: FakeClock) -> None:
    first = new_key(admin, expires_at=SOON)
    new_key(admin, client_id=first["client_id"])

    clock.now += timedelta(days=30)

    assert new_key(admin, client_id=first["client_id"])


def test_two_second_keys_at_once_are_one_too_many(served: LiveServer, admin: httpx.Client) -> None:
    first = new_key(admin)

    def create(_: int) -> int:
        with served.client("admin") as client:
            return client.post("/v1/api-keys", json={"client_id": first["client_id"]}).status_code

    with ThreadPoolExecutor(6) as threads:
        statuses = sorted(threads.map(create, range(6)))

    assert statuses == [201, 409, 409, 409, 409, 409]
    assert len(listed(admin, first)) == 2


def test_a_second_key_says_nothing_else_of_its_client(admin: httpx.Client) -> None:
    first = new_key(admin)

    wrong = admin.post("/v1/api-keys", json={"client_id": first["client_id"], "role": "admin", "name": "Autre"})
    unknown = admin.post("/v1/api-keys", json={"client_id": str(uuid4())})

    assert expect_wrong_fields(wrong) == {"/name": "mismatch", "/role": "mismatch"}
    assert expect_wrong_fields(unknown, "unknown-reference") == {"/client_id": "unknown"}
    assert (
        new_key(admin, client_id=first["client_id"], role="platform", name="La Coop")["client_id"] == first["client_id"]
    )


def test_the_last_use_is_kept_to_the_minute(served: LiveServer, admin: httpx.Client, clock: FakeClock) -> None:
    created = new_key(admin)
    never = listed(admin, created)[0]["last_used_at"]

    with holder(served, created) as client:
        client.get("/v1/modules")
        used = listed(admin, created)[0]["last_used_at"]
        served.service.authenticator.forget_clients()
        clock.now += timedelta(seconds=59)
        client.get("/v1/modules")
        within = listed(admin, created)[0]["last_used_at"]
        served.service.authenticator.forget_clients()
        clock.now += timedelta(seconds=2)
        client.get("/v1/modules")
        later = listed(admin, created)[0]["last_used_at"]

    assert (never, used, within, later) == (
        None,
        "2026-06-15T08:30:00Z",
        "2026-06-15T08:30:00Z",
        "2026-06-15T08:31:01Z",
    )


def test_a_forged_secret_is_not_a_use(served: LiveServer, admin: httpx.Client) -> None:
    created, other = new_key(admin), new_key(admin)
    forged = {"secret": other["secret"].replace(other["id"], created["id"])}

    assert not is_accepted(served, forged)
    assert listed(admin, created)[0]["last_used_at"] is None


def test_a_rotated_key_still_replays(served: LiveServer, admin: httpx.Client) -> None:
    first, idempotency_key = new_key(admin), idempotency_headers()
    with holder(served, first) as client:
        body = registration_body(an_adviser_in_post(client))
        before = client.post("/v1/registrations", json=body, headers=idempotency_key)
    second = new_key(admin, client_id=first["client_id"])
    revoke(admin, first).raise_for_status()

    with holder(served, second) as client:
        after = client.post("/v1/registrations", json=body, headers=idempotency_key)

    assert (after.status_code, after.content) == (201, before.content)
    assert after.headers["Idempotent-Replayed"] == "true"


def test_revoking_is_for_good_and_may_be_repeated(served: LiveServer, admin: httpx.Client) -> None:
    created = new_key(admin)

    first, again = revoke(admin, created), revoke(admin, created)

    assert (first.status_code, again.status_code, first.content) == (204, 204, b"")
    assert not is_accepted(served, created)
    assert listed(admin, created)[0]["revoked_at"] == "2026-06-15T08:30:00Z"


@pytest.mark.parametrize("identifier", ["000000000000", "nothing", "00000000-0000-7000-8000-000000000000"])
def test_a_key_that_is_not_there_is_not_revoked(admin: httpx.Client, identifier: str) -> None:
    expect_problem(admin.delete(f"/v1/api-keys/{identifier}"), 404, "not-found")


async def _revoked_elsewhere(url: str, key_id: str) -> None:
    """As another process does, or the command line."""
    database = open_database(url, pool_size=1)
    async with database.transaction() as tx:
        assert await revoke_key(tx, key_id, MORNING)
    await database.close()


def wait_until_refused(served: LiveServer, created: dict[str, Any]) -> None:
    """Return once it does not open any more, which is no later than the announcement."""
    for _ in range(200):
        if not is_accepted(served, created):
            return
    raise AssertionError("still open")


def test_a_key_revoked_by_another_process_stops_here(served: LiveServer, admin: httpx.Client) -> None:
    created = new_key(admin)
    assert is_accepted(served, created)

    asyncio.run(_revoked_elsewhere(served.database_url, created["id"]))

    wait_until_refused(served, created)


@pytest.fixture
def second_process(served: LiveServer) -> Generator[LiveServer]:
    """Another process on the same database, more or less: nothing in common with the first but the database."""
    with serving(served.database_url) as other:
        yield other


def test_a_key_revoked_through_one_process_stops_in_the_other(
    served: LiveServer, second_process: LiveServer, admin: httpx.Client
) -> None:
    created = new_key(admin)
    assert is_accepted(second_process, created)

    revoke(admin, created)

    assert not is_accepted(served, created)
    wait_until_refused(second_process, created)


async def _cut_listening(url: str) -> None:
    owner = open_database(url, pool_size=1, role=None)
    statement = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND (query LIKE 'LISTEN%' OR query LIKE 'NOTIFY%' OR query = 'SELECT 1')"""
    assert await owner.many(statement)
    await owner.close()


def test_a_process_that_hears_nothing_believes_nothing(served: LiveServer, admin: httpx.Client) -> None:
    created = new_key(admin)
    assert is_accepted(served, created)

    asyncio.run(_cut_listening(served.database_url))
    asyncio.run(_revoked_elsewhere(served.database_url, created["id"]))

    wait_until_refused(served, created)


def test_an_organisation_s_key_sees_its_own(served: LiveServer, admin: httpx.Client) -> None:
    created = new_key(admin, name="La Mednum", role="training_organisation", training_organisation_id=str(LA_MEDNUM))

    with holder(served, created) as client:
        rows = client.get("/v1/registrations").json()["data"]

    assert {row["training_organisation_id"] for row in rows} <= {str(LA_MEDNUM)}


def limited(served: LiveServer, admin: httpx.Client, *scopes: str) -> httpx.Client:
    """An administrator whose key goes so far, beside making keys."""
    return holder(served, new_key(admin, name="Un prestataire", role="admin", scopes=["keys:write", *scopes]))


BEYOND_OWN_RIGHTS: dict[str, tuple[dict[str, Any], str]] = {
    "another administrator": ({"name": "X", "role": "admin"}, "personal-data:erase"),
    "a scope more": ({"name": "X", "role": "admin", "scopes": ["keys:write", "audit:read"]}, "audit:read"),
    "another role": ({"name": "X", "role": "platform"}, "personal-data:read"),
    "a scope of another role": (
        {"name": "X", "role": "platform", "scopes": ["advisers:read", "advisers:write"]},
        "advisers:write",
    ),
    "an organisation": (
        {"name": "X", "role": "training_organisation", "training_organisation_id": str(HISTYA)},
        "sessions:write",
    ),
}


@pytest.mark.parametrize("case", BEYOND_OWN_RIGHTS)
def test_a_key_grants_at_most_what_its_maker_s_does(served: LiveServer, admin: httpx.Client, case: str) -> None:
    body, missing = BEYOND_OWN_RIGHTS[case]

    with limited(served, admin, "advisers:read") as maker:
        refused = maker.post("/v1/api-keys", json=body)

    detail = expect_problem(refused, 403, "forbidden")["detail"]
    assert missing in detail
    assert "advisers:read" not in detail


def test_within_what_its_maker_s_does_a_key_is_made(served: LiveServer, admin: httpx.Client) -> None:
    with limited(served, admin, "advisers:read") as maker:
        created = new_key(maker, name="X", role="platform", scopes=["advisers:read"])
        second_process = new_key(maker, name="Y", role="admin", scopes=["keys:write", "advisers:read"])
    with holder(served, second_process) as second:
        refused = second.post("/v1/api-keys", json={"name": "Z", "role": "admin"})

    assert created["scopes"] == ["advisers:read"]
    expect_problem(refused, 403, "forbidden")


def test_a_second_key_of_somebody_else_grants_no_more_either(served: LiveServer, admin: httpx.Client) -> None:
    other = new_key(admin, role="admin", name="Un administrateur")

    with limited(served, admin, "advisers:read") as maker:
        refused = maker.post("/v1/api-keys", json={"client_id": other["client_id"]})
        allowed = new_key(maker, client_id=other["client_id"], scopes=["advisers:read"])

    assert "policies:write" in expect_problem(refused, 403, "forbidden")["detail"]
    assert allowed["scopes"] == ["advisers:read"]


def test_a_client_that_comes_with_tokens_may_no_more_than_who_adds_it(served: LiveServer, admin: httpx.Client) -> None:
    known = {"name": "X", "role": "platform", "issuer_client_id": f"coop-{uuid4()}"}

    with limited(served, admin, "advisers:read") as maker:
        refused = maker.post("/v1/clients", json=known)
        without_credentials = maker.post("/v1/clients", json={"name": "X", "role": "platform"})

    assert "contracts:write" in expect_problem(refused, 403, "forbidden")["detail"]
    assert without_credentials.status_code == 201
    assert admin.post("/v1/clients", json=known).status_code == 201


def test_a_refused_key_leaves_its_line_in_the_audit_log(served: LiveServer, admin: httpx.Client) -> None:
    created = new_key(admin, name="Un prestataire", role="admin", scopes=["keys:write"])
    with holder(served, created) as maker:
        maker.post("/v1/api-keys", json={"name": "X", "role": "admin"})

    lines = admin.get("/v1/audit-log", params={"actor": created["client_id"]}).json()["data"]
    assert [(line["action"], line["refused"]) for line in lines] == [("createApiKey", True)]
