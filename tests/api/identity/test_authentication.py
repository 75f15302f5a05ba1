import httpx
import pytest

from app.api.identity.api_key_secrets import generate_key
from tests.api.response_assertions import expect_problem
from tests.live_server import TLS_CONTEXT, LiveServer


def _request_with(served: LiveServer, authorization: str) -> httpx.Response:
    return httpx.get(f"{served.base_url}/v1/modules", headers={"Authorization": authorization}, verify=TLS_CONTEXT)


def _is_challenged(answer: httpx.Response) -> bool:
    expect_problem(answer, 401, "unauthenticated")
    return answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_request_without_a_key_is_challenged(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/v1/modules")

    assert _is_challenged(answer)


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Basic YTpi", "insc_abc", "Bearer insc_abc", "Bearer é", "Bearer a b", "Bearer _", "Bearer __"],
)
def test_a_malformed_key_is_challenged(served: LiveServer, authorization: str) -> None:
    answer = httpx.get(f"{served.base_url}/v1/modules", headers=[(b"authorization", authorization.encode("latin-1"))])

    assert _is_challenged(answer)


def test_an_unknown_key_is_challenged(served: LiveServer) -> None:
    answer = _request_with(served, f"Bearer {generate_key().secret}")

    assert _is_challenged(answer)


def test_a_key_with_a_wrong_checksum_is_challenged(served: LiveServer) -> None:
    known = served.keys["platform"]
    last = "0" if known[-1] != "0" else "1"

    answer = _request_with(served, f"Bearer {known[:-1]}{last}")

    assert _is_challenged(answer)


def test_the_identifier_of_a_key_does_not_open(served: LiveServer) -> None:
    """Another secret under the identifier of a known key, its checksum right."""
    identifier, other = served.keys["platform"].split("_")[1], generate_key()
    forged = other.secret.replace(other.id, identifier)

    answer = _request_with(served, f"Bearer {forged}")

    assert _is_challenged(answer)


def test_a_revoked_key_is_challenged(served: LiveServer, revoked_key: str) -> None:
    answer = _request_with(served, f"Bearer {revoked_key}")

    assert _is_challenged(answer)


def test_an_expired_key_is_challenged(served: LiveServer, expired_key: str) -> None:
    answer = _request_with(served, f"Bearer {expired_key}")

    assert _is_challenged(answer)


def test_the_scheme_is_read_in_any_case(served: LiveServer) -> None:
    answer = _request_with(served, f"bEARER {served.keys['platform']}")

    assert answer.status_code == 200


def test_a_key_in_the_query_is_no_key(served: LiveServer, anonymous: httpx.Client) -> None:
    answer = anonymous.get("/v1/modules", params={"access_token": served.keys["platform"]})

    assert answer.status_code in {400, 401}
