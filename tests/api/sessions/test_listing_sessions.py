"""Sessions are listed by what one looks for (GET /v1/sessions)."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.api.response_assertions import documented_body, expect_problem
from tests.fake_clock import FakeClock
from tests.http_builders import an_adviser_in_post
from tests.live_server import idempotency_headers
from tests.session_builders import RENNES, a_session, register_in_session


def listed(client: httpx.Client, **query: str | int) -> list[dict[str, Any]]:
    answer = client.get("/v1/sessions", params={"limit": 500, **query})
    found: list[dict[str, Any]] = documented_body(answer, "listSessions")["data"]
    return found


def ids(client: httpx.Client, **query: str | int) -> set[str]:
    return {item["id"] for item in listed(client, **query)}


@pytest.mark.parametrize(
    ("fields", "matching", "other"),
    [
        ({"module_code": "handicap"}, {"module_code": "handicap"}, {"module_code": "cafe-ia"}),
        ({}, {"training_organisation_id": str(LA_MEDNUM)}, {"training_organisation_id": str(HISTYA)}),
        ({"place": {**RENNES, "department": "974"}}, {"department": "974"}, {"department": "2A"}),
        ({"format": "remote"}, {"format": "remote"}, {"format": "hybrid"}),
        ({"starts_on": "2028-01-18"}, {"starts_from": "2028-01-18"}, {"starts_from": "2028-01-19"}),
        ({"starts_on": "2028-01-18"}, {"starts_until": "2028-01-18"}, {"starts_until": "2028-01-17"}),
        ({"seats": {"maximum": 3}}, {"seats_left": "3"}, {"seats_left": "4"}),
        ({}, {"seats_left": "10000"}, {"status": "confirmed"}),
    ],
)
def test_a_session_is_found_by_what_it_is(
    organisation: httpx.Client,
    platform: httpx.Client,
    fields: dict[str, Any],
    matching: dict[str, str],
    other: dict[str, str],
) -> None:
    session = a_session(organisation, **fields)

    assert session in ids(platform, **matching)
    assert session not in ids(platform, **other)


def test_a_session_is_found_by_its_reference(organisation: httpx.Client, platform: httpx.Client) -> None:
    reference = f"R-{uuid4()}"
    session = a_session(organisation, reference=reference)

    assert ids(platform, reference=reference) == {session}
    assert ids(platform, reference=reference, format="remote") == set()


def test_a_session_is_found_by_its_status_as_it_is_shown(
    organisation: httpx.Client, admin: httpx.Client, clock: FakeClock, let_deeds_be_done: Callable[[], None]
) -> None:
    session = a_session(organisation, starts_on="2026-06-16", seats={"maximum": 1})
    seen = list[str]()

    def look() -> None:
        (found,) = [
            status
            for status in ("open", "confirmed", "full", "cancelled", "held")
            if session in ids(admin, status=status)
        ]
        (shown,) = [item["status"] for item in listed(admin, status=found) if item["id"] == session]
        assert shown == found
        seen.append(found)

    look()
    organisation.post(f"/v1/sessions/{session}/confirmation", headers=idempotency_headers()).raise_for_status()
    look()
    register_in_session(admin, an_adviser_in_post(admin), session)
    look()
    assert session not in ids(admin, seats_left=1)
    clock.now = clock.now.replace(day=17)
    look()
    clock.now = clock.now.replace(day=15)
    organisation.post(f"/v1/sessions/{session}/cancellation", headers=idempotency_headers()).raise_for_status()
    let_deeds_be_done()
    look()
    assert session not in ids(admin, seats_left=1)
    assert seen == ["open", "confirmed", "full", "held", "cancelled"]


def test_pages_follow_one_another_with_their_filters(organisation: httpx.Client, platform: httpx.Client) -> None:
    sessions = [a_session(organisation, module_code="parentalite-numerique") for _ in range(5)]
    found, url = list[str](), "/v1/sessions?module_code=parentalite-numerique&limit=2"

    while url:
        answer = platform.get(url)
        page = documented_body(answer, "listSessions")
        found += [item["id"] for item in page["data"]]
        url = answer.links.get("next", {}).get("url", "")
        assert bool(url) == (page["pagination"]["next"] is not None)

    assert [item for item in found if item in sessions] == sessions
    assert len(found) == len({*found})


def test_what_changed_since_is_listed_in_the_order_of_its_changes(
    organisation: httpx.Client, platform: httpx.Client, clock: FakeClock
) -> None:
    first, second = a_session(organisation), a_session(organisation)
    clock.now = clock.now.replace(hour=9)
    organisation.patch(f"/v1/sessions/{first}", json={"seats": {"maximum": 3}}, headers={"If-Match": "*"})

    changed = [item["id"] for item in listed(platform, updated_since="2026-06-15T08:30:00Z")]
    assert [item for item in changed if item in {first, second}] == [second, first]
    later = ids(platform, updated_since="2026-06-15T09:00:00Z")
    assert (first in later, second in later) == (True, False)


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"module_code": "Café"}, "/module_code"),
        ({"training_organisation_id": "mednum"}, "/training_organisation_id"),
        ({"department": "99"}, "/department"),
        ({"format": "by_post"}, "/format"),
        ({"status": "over"}, "/status"),
        ({"starts_from": "tomorrow"}, "/starts_from"),
        ({"starts_until": "2026-02-30"}, "/starts_until"),
        ({"seats_left": "0"}, "/seats_left"),
        ({"seats_left": "many"}, "/seats_left"),
        ({"reference": "r" * 101}, "/reference"),
        ({"updated_since": "yesterday"}, "/updated_since"),
        ({"limit": "0"}, "/limit"),
        ({"town": "Rennes"}, "/town"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(platform: httpx.Client, query: dict[str, str], wrong: str) -> None:
    said = expect_problem(platform.get("/v1/sessions", params=query), 400, "invalid-parameter")

    assert [error["pointer"] for error in said["errors"]] == [wrong]


def test_a_cursor_that_is_none_is_refused(platform: httpx.Client) -> None:
    expect_problem(platform.get("/v1/sessions", params={"cursor": "x"}), 400, "invalid-cursor")
