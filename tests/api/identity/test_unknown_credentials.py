"""Unknown keys are looked up at a limited rate; clients with known keys do not suffer for it."""

import httpx
import pytest

from app.api.http.limits.rate_limiter import RateLimiter
from app.api.http.limits.trusted_proxies import parse_trusted_proxies
from app.api.http.problems.problem_details import Problem
from app.api.identity import credential_cache, unknown_credentials
from app.api.identity.api_key_secrets import generate_key
from app.api.identity.unknown_credentials import UnknownCredentialLimiter
from app.persistence.administration.clients import AuthenticatedClient
from tests.api.identity.test_credential_cache import CLIENT
from tests.api.response_assertions import expect_problem
from tests.live_server import TLS_CONTEXT, LiveServer

FEW = 5


@pytest.fixture
def service_behind_proxy(own_service: LiveServer, monkeypatch: pytest.MonkeyPatch) -> LiveServer:
    """Behind a proxy on this machine; nothing is cached, so that each request looks its key up."""
    monkeypatch.setattr(credential_cache, "CACHE_SECONDS", 0.0)
    own_service.authenticator.unknown_credentials.limiter = RateLimiter(FEW)
    own_service.service.trusted_proxies = parse_trusted_proxies("127.0.0.1")
    return own_service


def request_with_key(served: LiveServer, secret: str, origin: str = "198.51.100.1") -> httpx.Response:
    headers = {"Authorization": f"Bearer {secret}", "X-Forwarded-For": origin}
    return httpx.get(f"{served.base_url}/v1/modules", headers=headers, verify=TLS_CONTEXT)


def count_key_lookups(served: LiveServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements for one row that the database is sent from now on."""
    seen, real = list[str](), served.service.database.one

    async def one(sql: str, *values: object) -> object:
        seen.append(sql)
        return await real(sql, *values)

    monkeypatch.setattr(served.service.database, "one", one)
    return seen


def test_a_flood_of_invented_keys_is_refused_before_the_database_is_asked(
    service_behind_proxy: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = count_key_lookups(service_behind_proxy, monkeypatch)

    answers = [request_with_key(service_behind_proxy, generate_key().secret) for _ in range(4 * FEW)]

    assert [answer.status_code for answer in answers] == [401] * FEW + [429] * 3 * FEW
    assert len(seen) == FEW
    expect_problem(answers[-1], 429, "too-many-requests")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert "RateLimit" in answers[-1].headers


def test_a_key_that_was_valid_once_is_accepted_from_a_flooded_address(service_behind_proxy: LiveServer) -> None:
    known = request_with_key(service_behind_proxy, service_behind_proxy.keys["platform"])
    flood = [request_with_key(service_behind_proxy, generate_key().secret).status_code for _ in range(2 * FEW)]

    again = [
        request_with_key(service_behind_proxy, service_behind_proxy.keys["platform"]).status_code
        for _ in range(2 * FEW)
    ]

    assert (known.status_code, flood[-1], set(again)) == (200, 429, {200})


def test_another_address_is_not_refused_for_it(service_behind_proxy: LiveServer) -> None:
    flood = [request_with_key(service_behind_proxy, generate_key().secret).status_code for _ in range(2 * FEW)]

    assert flood[-1] == 429
    assert request_with_key(service_behind_proxy, service_behind_proxy.keys["admin"], "203.0.113.9").status_code == 200
    assert request_with_key(service_behind_proxy, generate_key().secret, "203.0.113.9").status_code == 401


def test_a_program_left_with_a_revoked_key_keeps_no_other_out(
    service_behind_proxy: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While keys are rotated, the new one comes from the same address for the first time."""
    with service_behind_proxy.client("admin") as admin:
        former = admin.post("/v1/api-keys", json={"name": "La Coop", "role": "platform"}).json()
        client = {"client_id": former["client_id"]}
        new = admin.post("/v1/api-keys", json=client).json()["secret"]
        first = request_with_key(service_behind_proxy, former["secret"]).status_code
        admin.delete(f"/v1/api-keys/{former['id']}").raise_for_status()
    seen = count_key_lookups(service_behind_proxy, monkeypatch)

    left = {request_with_key(service_behind_proxy, former["secret"]).status_code for _ in range(3 * FEW)}

    assert (first, left, len(seen)) == (200, {401}, 1)
    assert request_with_key(service_behind_proxy, new).status_code == 200


async def test_a_token_is_looked_up_again_since_its_client_may_be_admitted_later() -> None:
    limiter = UnknownCredentialLimiter(RateLimiter(2))

    assert await limiter.resolve("a token", "somewhere", _unknown, may_become_valid=True) is None
    assert await limiter.resolve("a token", "somewhere", _known, may_become_valid=True) is CLIENT


@pytest.mark.parametrize(
    "nonsense",
    ["x", "insc_", generate_key().secret[:-1] + "!", "eyJ.eyJ.x"],
    ids=["a letter", "a prefix", "a wrong sign", "a token"],
)
def test_what_cannot_be_a_key_costs_nothing(
    service_behind_proxy: LiveServer, monkeypatch: pytest.MonkeyPatch, nonsense: str
) -> None:
    seen = count_key_lookups(service_behind_proxy, monkeypatch)

    statuses = {request_with_key(service_behind_proxy, nonsense).status_code for _ in range(2 * FEW)}

    assert (statuses, seen) == ({401}, [])


def test_a_key_in_the_form_of_the_statistics_is_counted_the_same_way(service_behind_proxy: LiveServer) -> None:
    def entered(secret: str) -> httpx.Response:
        headers = {"X-Forwarded-For": "198.51.100.1"}
        return httpx.post(
            f"{service_behind_proxy.base_url}/statistics", data={"key": secret}, headers=headers, verify=TLS_CONTEXT
        )

    first = entered(service_behind_proxy.keys["admin"]).status_code
    wrong = [entered(generate_key().secret) for _ in range(FEW + 1)]
    again = entered(service_behind_proxy.keys["admin"]).status_code

    assert (first, [answer.status_code for answer in wrong], again) == (303, [403] * FEW + [429], 303)
    assert int(wrong[-1].headers["Retry-After"]) >= 1


async def _unknown() -> AuthenticatedClient | None:
    return None


async def _known() -> AuthenticatedClient | None:
    return CLIENT


async def _unavailable() -> AuthenticatedClient | None:
    raise OSError


async def test_a_look_up_that_failed_is_not_counted() -> None:
    limiter = UnknownCredentialLimiter(RateLimiter(1))
    for _ in range(3):
        with pytest.raises(OSError):  # noqa: PT011  # the one of the look-up
            await limiter.resolve("a key", "somewhere", _unavailable)

    assert await limiter.resolve("a key", "somewhere", _known) is CLIENT


async def test_only_so_many_digests_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unknown_credentials, "MAX_DIGESTS", 2)
    limiter = UnknownCredentialLimiter(RateLimiter(1))
    for name in ("first", "second", "first", "third"):
        await limiter.resolve(name, "somewhere", _known)
    await limiter.resolve("nobody", "somewhere", _unknown)

    assert await limiter.resolve("first", "somewhere", _known) is CLIENT
    with pytest.raises(Problem):
        await limiter.resolve("second", "somewhere", _known)
