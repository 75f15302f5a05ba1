"""How often a client may ask: as the bucket counts, and as the answers tell it."""

import re
from collections.abc import Generator

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.api.http.limits.rate_limiter import MINUTE_SECONDS, RateLimiter
from tests.api.response_assertions import expect_problem
from tests.http_builders import an_adviser
from tests.live_server import LiveServer, serving

FEW = 20
REMAINING = re.compile(r'"default";r=(\d+);t=(\d+)')


@pytest.fixture
def rate_limited_service(database_url: str) -> Generator[LiveServer]:
    with serving(database_url, per_minute=FEW) as started:
        yield started


def _remaining(answer: httpx.Response) -> int:
    assert answer.headers["RateLimit-Policy"] == f'"default";q={FEW};w=60'
    told = REMAINING.fullmatch(answer.headers["RateLimit"])
    assert told is not None
    return int(told[1])


def test_every_answer_says_what_is_left_and_the_one_too_many_when_to_come_back(
    rate_limited_service: LiveServer,
) -> None:
    with rate_limited_service.client("platform") as client:
        answers = [client.get("/v1/modules") for _ in range(FEW)]
        refused = client.get("/v1/modules")
    with rate_limited_service.client("admin") as another:
        other = another.get("/v1/modules")

    assert [_remaining(answer) for answer in answers] == list(range(FEW - 1, -1, -1))
    expect_problem(refused, 429, "too-many-requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= MINUTE_SECONDS / FEW
    assert _remaining(refused) == 0
    assert _remaining(other) == FEW - 1


def test_what_has_not_changed_costs_nothing(rate_limited_service: LiveServer) -> None:
    with rate_limited_service.client("platform") as client:
        path = f"/v1/advisers/{an_adviser(client)}"
        read = client.get(path)
        unchanged = [client.get(path, headers={"If-None-Match": read.headers["ETag"]}) for _ in range(2 * FEW)]

    assert {answer.status_code for answer in unchanged} == {304}
    assert {_remaining(answer) for answer in unchanged} == {_remaining(read)}


def test_callers_without_a_key_share_what_their_address_may_ask(rate_limited_service: LiveServer) -> None:
    with httpx.Client(base_url=rate_limited_service.base_url) as nobody:
        statuses = [nobody.get("/v1/modules", headers={"Authorization": f"Bearer {n}"}).status_code for n in range(FEW)]
        refused = nobody.get("/v1/registrations")
        probes = {nobody.get(path).status_code for path in ("/livez", "/readyz", "/docs", "/problems")}

    assert set(statuses) == {401}
    expect_problem(refused, 429, "too-many-requests")
    assert probes == {200}


@given(st.integers(1, 600), st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_no_minute_grants_more_than_a_full_bucket_and_what_flowed_into_it(per_minute: int, waits: list[float]) -> None:
    limiter, at, granted = RateLimiter(per_minute), 0.0, 0
    for wait in waits:
        at += wait
        granted += limiter.take("one", at).allowed

    assert granted <= per_minute + at * per_minute / MINUTE_SECONDS + 1e-6


@given(st.integers(1, 600), st.floats(0, 100))
@example(1, 4.921881111274821)  # where the refill of a minute falls short of a unit by its last bit
def test_who_waits_as_told_is_let_in(per_minute: int, start: float) -> None:
    limiter = RateLimiter(per_minute)
    while (allowance := limiter.take("one", start)).allowed:
        pass

    assert limiter.take("one", start + allowance.retry_after_seconds).allowed


def test_addresses_that_went_away_are_forgotten() -> None:
    limiter = RateLimiter(60)
    for number in range(50_000):
        limiter.take(number, number / 100)

    assert limiter.bucket_count < 30_000
