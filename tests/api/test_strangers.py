"""Keys that nobody knows are looked up so often and no more; those who are known do not suffer for them."""

import httpx
import pytest

from app.api import recognition
from app.api.addresses import proxies_named
from app.api.keys import make_key
from app.api.problems import Problem
from app.api.rates import Limiter
from app.api.recognition import Strangers
from app.persistence.clients import Recognised
from tests.api.answers import problem
from tests.api.test_recognition import SOMEBODY
from tests.served import TRUST, Served

FEW = 5


@pytest.fixture
def guarded(own_service: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """Behind a proxy on this machine; keys are recognised anew at each request."""
    monkeypatch.setattr(recognition, "REMEMBERED_SECONDS", 0.0)
    own_service.service.strangers.limiter = Limiter(FEW)
    own_service.service.proxies = proxies_named("127.0.0.1")
    return own_service


def asked(served: Served, secret: str, origin: str = "198.51.100.1") -> httpx.Response:
    headers = {"Authorization": f"Bearer {secret}", "X-Forwarded-For": origin}
    return httpx.get(f"{served.base_url}/v1/modules", headers=headers, verify=TRUST)


def look_ups(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that will be asked of the database for one row, from now on."""
    seen, real = list[str](), served.service.database.one

    async def one(sql: str, *values: object) -> object:
        seen.append(sql)
        return await real(sql, *values)

    monkeypatch.setattr(served.service.database, "one", one)
    return seen


def test_a_flood_of_invented_keys_is_refused_before_the_database_is_asked(
    guarded: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = look_ups(guarded, monkeypatch)

    answers = [asked(guarded, make_key().secret) for _ in range(4 * FEW)]

    assert [answer.status_code for answer in answers] == [401] * FEW + [429] * 3 * FEW
    assert len(seen) == FEW
    problem(answers[-1], 429, "too-many-requests")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert "RateLimit" in answers[-1].headers


def test_whoever_was_recognised_once_is_let_in_from_a_flooded_address(guarded: Served) -> None:
    known = asked(guarded, guarded.keys["platform"])
    flood = [asked(guarded, make_key().secret).status_code for _ in range(2 * FEW)]

    again = [asked(guarded, guarded.keys["platform"]).status_code for _ in range(2 * FEW)]

    assert (known.status_code, flood[-1], set(again)) == (200, 429, {200})


def test_another_address_is_not_refused_for_it(guarded: Served) -> None:
    flood = [asked(guarded, make_key().secret).status_code for _ in range(2 * FEW)]

    assert flood[-1] == 429
    assert asked(guarded, guarded.keys["admin"], "203.0.113.9").status_code == 200
    assert asked(guarded, make_key().secret, "203.0.113.9").status_code == 401


def test_a_program_left_with_a_revoked_key_keeps_nobody_out(guarded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """As while keys are rotated: the new one comes from the same address, for the first time."""
    with guarded.client("admin") as admin:
        former = admin.post("/v1/api-keys", json={"name": "La Coop", "role": "platform"}).json()
        client = {"client_id": former["client_id"]}
        new = admin.post("/v1/api-keys", json=client).json()["secret"]
        first = asked(guarded, former["secret"]).status_code
        admin.delete(f"/v1/api-keys/{former['id']}").raise_for_status()
    seen = look_ups(guarded, monkeypatch)

    left = {asked(guarded, former["secret"]).status_code for _ in range(3 * FEW)}

    assert (first, left, len(seen)) == (200, {401}, 1)
    assert asked(guarded, new).status_code == 200


async def test_a_token_is_looked_up_again_since_its_client_may_be_admitted_later() -> None:
    strangers = Strangers(Limiter(2))

    assert await strangers.found("a token", "somewhere", _unknown, may_be_known_later=True) is None
    assert await strangers.found("a token", "somewhere", _known, may_be_known_later=True) is SOMEBODY


@pytest.mark.parametrize(
    "nonsense",
    ["x", "insc_", make_key().secret[:-1] + "!", "eyJ.eyJ.x"],
    ids=["a letter", "a prefix", "a wrong sign", "a token"],
)
def test_what_cannot_be_a_key_costs_nothing(guarded: Served, monkeypatch: pytest.MonkeyPatch, nonsense: str) -> None:
    seen = look_ups(guarded, monkeypatch)

    statuses = {asked(guarded, nonsense).status_code for _ in range(2 * FEW)}

    assert (statuses, seen) == ({401}, [])


def test_a_key_in_the_form_of_the_statistics_is_counted_the_same_way(guarded: Served) -> None:
    def entered(secret: str) -> httpx.Response:
        headers = {"X-Forwarded-For": "198.51.100.1"}
        return httpx.post(f"{guarded.base_url}/statistics", data={"key": secret}, headers=headers, verify=TRUST)

    first = entered(guarded.keys["admin"]).status_code
    wrong = [entered(make_key().secret) for _ in range(FEW + 1)]
    again = entered(guarded.keys["admin"]).status_code

    assert (first, [answer.status_code for answer in wrong], again) == (303, [403] * FEW + [429], 303)
    assert int(wrong[-1].headers["Retry-After"]) >= 1


async def _unknown() -> Recognised | None:
    return None


async def _known() -> Recognised | None:
    return SOMEBODY


async def _away() -> Recognised | None:
    raise OSError


async def test_a_database_that_is_away_makes_nobody_suspect() -> None:
    strangers = Strangers(Limiter(1))
    for _ in range(3):
        with pytest.raises(OSError):  # noqa: PT011  # whichever
            await strangers.found("a key", "somewhere", _away)

    assert await strangers.found("a key", "somewhere", _known) is SOMEBODY


async def test_those_met_are_as_many_as_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition, "MOST_MET", 2)
    strangers = Strangers(Limiter(1))
    for name in ("first", "second", "first", "third"):
        await strangers.found(name, "somewhere", _known)
    await strangers.found("nobody", "somewhere", _unknown)

    assert await strangers.found("first", "somewhere", _known) is SOMEBODY
    with pytest.raises(Problem):
        await strangers.found("second", "somewhere", _known)
