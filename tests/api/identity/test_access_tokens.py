"""Access tokens of another issuer open beside keys, when they are what RFC 9068 says and nothing less."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.api.http.problems.problem_details import Problem
from app.api.identity import issuer_jwks
from app.api.identity.access_tokens import AccessTokenVerifier
from app.api.identity.issuer_jwks import JwksCache, metadata_urls
from app.seed.published_catalogue import LA_MEDNUM
from tests.api.response_assertions import expect_problem
from tests.api.token_issuer import AUDIENCE, TokenIssuer, running_issuer
from tests.databases import Databases
from tests.fake_clock import MORNING
from tests.live_server import TLS_CONTEXT, LiveServer, serving


@pytest.fixture(scope="module")
def issuer() -> Generator[TokenIssuer]:
    with running_issuer() as started:
        yield started


@pytest.fixture(scope="module")
def service_with_tokens(databases: Databases, template: str, issuer: TokenIssuer) -> Generator[LiveServer]:
    """A service that accepts the issuer's tokens, and knows `coop` for the platform, `mednum` for La Mednum."""
    tokens = AccessTokenVerifier(JwksCache(issuer.url), AUDIENCE)
    with serving(databases.copy(template), tokens=tokens) as started:
        with started.client("admin") as admin:
            mednum = {"role": "training_organisation", "training_organisation_id": str(LA_MEDNUM)}
            for name, role in {"coop": {"role": "platform"}, "mednum": mednum}.items():
                admin.post("/v1/clients", json={"name": name, "issuer_client_id": name, **role}).raise_for_status()
        yield started


@pytest.fixture(autouse=True)
def short_key_cache(monkeypatch: pytest.MonkeyPatch, issuer: TokenIssuer) -> Generator[None]:
    """Keys may be read again at once; the issuer is there again after each test, signing as it first did."""
    monkeypatch.setattr(issuer_jwks, "MIN_REFRESH_INTERVAL_SECONDS", 0.0)
    yield
    issuer.is_down = False
    issuer.rotate("RS256")


def request_with_token(served: LiveServer, token: str, path: str = "/v1/modules") -> httpx.Response:
    return httpx.get(
        f"{served.base_url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=30, verify=TLS_CONTEXT
    )


def expect_refused_token(served: LiveServer, token: str) -> None:
    answer = request_with_token(served, token)
    expect_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_opens_for_the_client_it_names(service_with_tokens: LiveServer, issuer: TokenIssuer) -> None:
    assert request_with_token(service_with_tokens, issuer.token()).status_code == 200
    assert request_with_token(service_with_tokens, issuer.token(), "/v1/contracts").status_code == 200
    expect_problem(
        request_with_token(service_with_tokens, issuer.token(client_id="mednum"), "/v1/contracts"), 403, "forbidden"
    )


def test_keys_still_open(service_with_tokens: LiveServer) -> None:
    assert request_with_token(service_with_tokens, service_with_tokens.keys["platform"]).status_code == 200


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256", "ES256", "EdDSA"])
def test_every_signature_by_a_pair_of_keys_is_accepted(
    service_with_tokens: LiveServer, issuer: TokenIssuer, algorithm: str
) -> None:
    issuer.rotate(algorithm)

    assert request_with_token(service_with_tokens, issuer.token()).status_code == 200


NOW = int(MORNING.timestamp())
WRONG: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "somebody-else"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://elsewhere.example"},
    "no issuer": {"iss": None},
    "expired": {"exp": NOW - 31},
    "no expiry": {"exp": None},
    "an expiry that is no instant": {"exp": "demain"},
    "an expiry beyond time": {"exp": 10**18},
    "issued in the future": {"iat": NOW + 31},
    "no issue": {"iat": None},
    "not yet valid": {"nbf": NOW + 31},
    "no client": {"client_id": None},
    "a client that is no text": {"client_id": 7},
    "a client that nobody knows": {"client_id": "stranger"},
    "no identifier": {"jti": None},
    "no subject": {"sub": None},
    "scopes that are no text": {"scope": ["catalogue:read"]},
    "an identity token": {"typ": "JWT"},
    "no type": {"typ": None},
    "a key that is not published": {"kid": "another"},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_token_with_anything_wrong_is_refused(
    service_with_tokens: LiveServer, issuer: TokenIssuer, case: str
) -> None:
    expect_refused_token(service_with_tokens, issuer.token(**WRONG[case]))


def test_a_clock_may_be_a_little_wrong(service_with_tokens: LiveServer, issuer: TokenIssuer) -> None:
    late, early = issuer.token(exp=NOW - 20), issuer.token(iat=NOW + 20, nbf=NOW + 20)

    assert [request_with_token(service_with_tokens, token).status_code for token in (late, early)] == [200, 200]


def test_a_token_is_not_believed_after_its_end(service_with_tokens: LiveServer, issuer: TokenIssuer) -> None:
    """Not even by a process that has just believed it."""
    token = issuer.token(exp=NOW + 60)
    before = request_with_token(service_with_tokens, token).status_code

    service_with_tokens.clock.now += timedelta(seconds=91)
    after = request_with_token(service_with_tokens, token)
    service_with_tokens.clock.now = MORNING

    assert before == 200
    expect_problem(after, 401, "unauthenticated")


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _forged(issuer: TokenIssuer, header: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Written by hand: no library would."""
    head = {"typ": "at+jwt", "kid": issuer.key_id, **header}
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in (head, issuer.claims()))
    return f"{signed}.{_encoded(sign(signed.encode()))}"


@pytest.mark.parametrize("name", ["none", "None", "NONE"])
def test_an_unsigned_token_is_refused(service_with_tokens: LiveServer, issuer: TokenIssuer, name: str) -> None:
    expect_refused_token(service_with_tokens, _forged(issuer, {"alg": name}, lambda _: b""))


def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused(
    service_with_tokens: LiveServer, issuer: TokenIssuer
) -> None:
    shapes = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    public = issuer.key.public_key().public_bytes(*shapes)

    expect_refused_token(
        service_with_tokens, _forged(issuer, {"alg": "HS256"}, lambda text: hmac.digest(public, text, hashlib.sha256))
    )


def test_a_token_of_another_algorithm_than_its_key_s_is_refused(
    service_with_tokens: LiveServer, issuer: TokenIssuer
) -> None:
    token = jwt.encode(issuer.claims(), issuer.key, "PS256", headers={"typ": "at+jwt", "kid": issuer.key_id})

    expect_refused_token(service_with_tokens, token)


def test_a_token_signed_by_somebody_else_is_refused(service_with_tokens: LiveServer, issuer: TokenIssuer) -> None:
    theirs = rsa.generate_private_key(65537, 2048)

    expect_refused_token(
        service_with_tokens,
        jwt.encode(issuer.claims(), theirs, "RS256", headers={"typ": "at+jwt", "kid": issuer.key_id}),
    )


@pytest.mark.parametrize("change", [("aud", "other"), ("client_id", "mednum")])
def test_a_token_that_was_changed_is_refused(
    service_with_tokens: LiveServer, issuer: TokenIssuer, change: tuple[str, str]
) -> None:
    head, _, signature = issuer.token().split(".")

    expect_refused_token(
        service_with_tokens, f"{head}.{_encoded(json.dumps(issuer.claims(**dict([change]))).encode())}.{signature}"
    )


def test_a_token_that_demands_what_we_do_not_know_is_refused(
    service_with_tokens: LiveServer, issuer: TokenIssuer
) -> None:
    headers = {"typ": "at+jwt", "kid": issuer.key_id, "crit": ["unheard-of"], "unheard-of": True}

    expect_refused_token(service_with_tokens, jwt.encode(issuer.claims(), issuer.key, "RS256", headers=headers))


@pytest.mark.parametrize("text", ["a.b.c", "a.b", "x" * 9000, "é.é.é", "eyJhbGciOiJSUzI1NiJ9.e30."])
def test_what_is_no_token_is_refused(service_with_tokens: LiveServer, text: str) -> None:
    answer = httpx.get(
        f"{service_with_tokens.base_url}/v1/modules", headers={b"Authorization": f"Bearer {text}".encode()}
    )

    expect_problem(answer, 401, "unauthenticated")


def test_the_scopes_of_a_token_limit_its_client(service_with_tokens: LiveServer, issuer: TokenIssuer) -> None:
    token = issuer.token(scope="openid catalogue:read audit:read")

    assert request_with_token(service_with_tokens, token).status_code == 200
    expect_problem(request_with_token(service_with_tokens, token, "/v1/registrations"), 403, "forbidden")
    expect_problem(request_with_token(service_with_tokens, token, "/v1/audit-log"), 403, "forbidden")
    expect_problem(request_with_token(service_with_tokens, issuer.token(scope="")), 403, "forbidden")


def test_new_keys_of_the_issuer_are_followed(service_with_tokens: LiveServer, issuer: TokenIssuer) -> None:
    old = issuer.token()
    before = request_with_token(service_with_tokens, old).status_code
    issuer.rotate("ES256")

    after = request_with_token(service_with_tokens, issuer.token()).status_code

    assert (before, after) == (200, 200)
    service_with_tokens.service.authenticator.forget_clients()
    expect_refused_token(service_with_tokens, old)


def test_its_keys_are_not_read_for_each_token(
    service_with_tokens: LiveServer, issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_with_token(service_with_tokens, issuer.token())
    monkeypatch.setattr(issuer_jwks, "MIN_REFRESH_INTERVAL_SECONDS", 3600.0)
    readings = issuer.key_requests

    statuses = [request_with_token(service_with_tokens, issuer.token()).status_code for _ in range(5)]
    for _ in range(5):
        expect_refused_token(service_with_tokens, issuer.token(kid=str(uuid4())))

    assert statuses == [200] * 5
    assert issuer.key_requests == readings


def test_an_issuer_away_for_a_while_is_not_missed(
    service_with_tokens: LiveServer, issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_with_token(service_with_tokens, issuer.token())
    issuer.is_down = True
    monkeypatch.setattr(issuer_jwks, "REFRESH_SECONDS", 0.0)

    assert request_with_token(service_with_tokens, issuer.token()).status_code == 200


def test_an_issuer_away_for_long_is_said_to_be_away(
    service_with_tokens: LiveServer, issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.is_down = True
    for name in ("REFRESH_SECONDS", "MAX_STALE_SECONDS"):
        monkeypatch.setattr(issuer_jwks, name, 0.0)

    answer = request_with_token(service_with_tokens, issuer.token())

    said = expect_problem(answer, 503, "unavailable")
    assert "émetteur" in said["detail"]
    assert answer.headers["Retry-After"].isdigit()
    assert request_with_token(service_with_tokens, service_with_tokens.keys["platform"]).status_code == 200


def test_a_client_revoked_is_known_by_no_token(service_with_tokens: LiveServer, issuer: TokenIssuer) -> None:
    name = f"passing-{uuid4()}"
    with service_with_tokens.client("admin") as admin:
        body = {"name": "De passage", "role": "platform", "issuer_client_id": name}
        client = admin.post("/v1/clients", json=body).raise_for_status().json()
        token = issuer.token(client_id=name)
        before = request_with_token(service_with_tokens, token).status_code
        admin.delete(f"/v1/clients/{client['id']}").raise_for_status()

    assert before == 200
    expect_refused_token(service_with_tokens, token)


def test_a_service_without_an_issuer_believes_no_token(served: LiveServer, issuer: TokenIssuer) -> None:
    expect_refused_token(served, issuer.token())


# Keys alone, without a service around them.


@pytest.fixture
def keys(issuer: TokenIssuer) -> JwksCache:
    return JwksCache(issuer.url)


async def test_those_who_come_together_share_one_reading(keys: JwksCache, issuer: TokenIssuer) -> None:
    before = issuer.key_requests

    found = await asyncio.gather(*(keys.find(issuer.key_id) for _ in range(20)))

    assert {key.key_id for key in found if key} == {issuer.key_id}
    assert issuer.key_requests == before + 1


async def test_what_is_published_beside_keys_that_sign_is_left_alone(keys: JwksCache, issuer: TokenIssuer) -> None:
    mine = issuer.published_keys[0]
    issuer.published_keys += [
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
        mine | {"kid": "for-encryption", "use": "enc"},
        {"kty": "unheard-of", "kid": "unheard-of"},
        {"kid": "nothing"},
    ]

    found = [await keys.find(name) for name in (issuer.key_id, "shared", "for-encryption", "unheard-of", "nothing")]

    assert [key is not None for key in found] == [True, False, False, False, False]


async def test_metadata_of_another_issuer_is_not_believed(issuer: TokenIssuer) -> None:
    own, issuer.metadata = issuer.metadata, issuer.metadata | {"issuer": "https://elsewhere.example"}

    with pytest.raises(Problem, match="unavailable"):
        await JwksCache(issuer.url).find(issuer.key_id)
    issuer.metadata = own

    assert await JwksCache(issuer.url, f"{issuer.url}/certs").find(issuer.key_id) is not None


def test_metadata_is_looked_for_where_the_standards_say() -> None:
    assert metadata_urls("https://id.example/realms/etat") == (
        "https://id.example/.well-known/oauth-authorization-server/realms/etat",
        "https://id.example/realms/etat/.well-known/openid-configuration",
    )
    assert metadata_urls("https://id.example")[0] == "https://id.example/.well-known/oauth-authorization-server"
