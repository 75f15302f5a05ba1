"""Sessions are changed, confirmed and cancelled; what concerns everybody registered is done afterwards (202)."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.seed.published_catalogue import HISTYA
from tests.api.registration_states import read_registration
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.fake_clock import FakeClock
from tests.http_builders import an_adviser_in_post
from tests.live_server import idempotency_headers
from tests.session_builders import RENNES, a_session, register_in_session

Body = dict[str, Any]


def path_of(session: str, action: str = "") -> str:
    return f"/v1/sessions/{session}{action}"


def read(client: httpx.Client, session: str) -> Body:
    found: Body = documented_body(client.get(path_of(session)), "getSession")
    return found


def patch(client: httpx.Client, session: str, body: Body, if_match: str | None = "*") -> httpx.Response:
    headers = {"If-Match": if_match} if if_match is not None else {}
    return client.patch(path_of(session), json=body, headers=headers)


def act(client: httpx.Client, session: str, action: str, **body: Any) -> httpx.Response:
    return client.post(path_of(session, f"/{action}"), json=body or None, headers=idempotency_headers())


def registered(client: httpx.Client, session: str, number: int = 1) -> list[Body]:
    return [register_in_session(client, an_adviser_in_post(client), session) for _ in range(number)]


def test_a_change_that_concerns_nobody_is_made_at_once(organisation: httpx.Client) -> None:
    session = a_session(organisation, reference=f"R-{uuid4()}", seats={"minimum": 6, "maximum": 12})

    answer = patch(organisation, session, {"seats": {"maximum": 14}, "place": {"address": None}, "reference": None})

    body: Body = documented_body(answer, "patchSession")
    assert (answer.status_code, body["version"], body["reference"]) == (200, 2, None)
    assert body["seats"] == {"minimum": 6, "maximum": 14, "taken": 0, "waiting": 0}
    assert body["place"] == {**RENNES, "address": None}
    assert read(organisation, session) == body
    no_limit = documented_body(
        patch(organisation, session, {"seats": None, "place": None, "hours": None}), "patchSession"
    )
    assert (no_limit["seats"]["maximum"], no_limit["place"], no_limit["hours"]) == (None, None, [])


def test_the_version_alone_says_what_is_changed(organisation: httpx.Client, admin: httpx.Client) -> None:
    session = a_session(organisation)
    first = organisation.get(path_of(session)).headers["ETag"]
    registered(admin, session)

    etag = organisation.get(path_of(session)).headers["ETag"]
    assert etag != first
    expect_problem(patch(organisation, session, {"link": None}, None), 428, "precondition-required")
    expect_problem(patch(organisation, session, {"link": None}, '"7"'), 412, "precondition-failed")
    expect_problem(patch(organisation, session, {"link": None}, f"W/{etag}"), 412, "precondition-failed")
    for tag in (first, etag, '"1"', '"1.12.4.0"'):
        assert patch(organisation, session, {"seats": {}}, tag).status_code == 200
    conditional = organisation.get(path_of(session), headers={"If-None-Match": etag})
    assert (conditional.status_code, conditional.content) == (304, b"")
    assert organisation.get(path_of(session), headers={"If-None-Match": first}).status_code == 200


def test_the_day_that_makes_it_held_changes_what_is_shown(organisation: httpx.Client, clock: FakeClock) -> None:
    session = a_session(organisation, starts_on="2026-06-16")
    before = organisation.get(path_of(session))

    clock.now = clock.now.replace(day=17)
    after = organisation.get(path_of(session), headers={"If-None-Match": before.headers["ETag"]})

    assert (before.json()["status"], after.status_code, after.json()["status"]) == ("open", 200, "held")


def test_a_move_is_answered_at_once_and_done_afterwards(
    organisation: httpx.Client, admin: httpx.Client, let_deeds_be_done: Callable[[], None]
) -> None:
    session = a_session(organisation)
    registrations = registered(admin, session, 2)

    answer = patch(organisation, session, {"starts_on": "2028-03-07", "ends_on": "2028-03-07", "link": None})

    assert answer.status_code == 202
    assert answer.json() == {"session_id": session, "kind": "move", "concerned": 2, "done": 0}
    assert answer.headers["Location"].endswith(path_of(session))
    shown = read(organisation, session)
    assert (shown["starts_on"], shown["version"]) == ("2028-03-07", 2)
    assert (
        shown["progress"] | {"kind": "move", "concerned": 2, "done": 0, "failing": 0, "finished_at": None}
        == (shown["progress"])
    )
    etag = organisation.get(path_of(session)).headers["ETag"]
    let_deeds_be_done()
    after = organisation.get(path_of(session), headers={"If-None-Match": etag})
    assert after.status_code == 200
    assert (after.json()["progress"]["done"], after.json()["progress"]["finished_at"] is None) == (2, False)
    for registration in registrations:
        moved = read_registration(organisation, registration)
        assert (moved["session"]["starts_on"], moved["version"]) == ("2028-03-07", 2)
    seats_only = patch(organisation, session, {"seats": {"maximum": 9}})
    assert (seats_only.status_code, seats_only.json()["seats"]["taken"]) == (200, 2)


def test_seats_alone_are_changed_at_once_though_a_move_is_under_way(
    organisation: httpx.Client, admin: httpx.Client
) -> None:
    session = a_session(organisation)
    registered(admin, session)
    assert patch(organisation, session, {"place": {"name": "La Criée"}}).status_code == 202

    answer = patch(organisation, session, {"seats": {"maximum": 3}})

    assert (answer.status_code, answer.json()["progress"]["finished_at"]) == (200, None)


@pytest.mark.parametrize("action", ["confirmation", "cancellation"])
def test_it_is_decided_once_whatever_is_repeated(
    organisation: httpx.Client, admin: httpx.Client, let_deeds_be_done: Callable[[], None], action: str
) -> None:
    session = a_session(organisation)
    (registration,) = registered(admin, session)
    headers = idempotency_headers()

    first, replayed = (organisation.post(path_of(session, f"/{action}"), headers=headers) for _ in range(2))

    assert (first.status_code, first.json()["kind"], first.json()["concerned"]) == (202, action, 1)
    assert (replayed.status_code, replayed.content) == (202, first.content)
    assert replayed.headers["Location"] == first.headers["Location"]
    assert replayed.headers["Idempotent-Replayed"] == "true"
    expect_problem(organisation.post(path_of(session, f"/{action}")), 400, "idempotency-key-missing")
    let_deeds_be_done()
    again = act(organisation, session, action)
    if action == "confirmation":
        assert (again.status_code, again.json()["status"]) == (200, "confirmed")
        assert read_registration(admin, registration)["status"] == "accepted"
    else:
        expect_problem(again, 409, "session-cancelled")
        cancelled = read_registration(admin, registration)
        assert (cancelled["status"], cancelled["funding"], cancelled["seat"]) == ("cancelled", None, None)


def test_what_concerns_nobody_is_decided_at_once(organisation: httpx.Client, platform: httpx.Client) -> None:
    session = a_session(organisation)
    confirmed = act(organisation, session, "confirmation")
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "confirmed")

    cancelled = act(organisation, session, "cancellation", motive="Trop peu d’inscrits")

    body: Body = documented_body(cancelled, "cancelSession")
    assert (cancelled.status_code, body["status"], body["cancellation_motive"]) == (
        200,
        "cancelled",
        "Trop peu d’inscrits",
    )
    assert read(platform, session)["status"] == "cancelled"
    expect_problem(patch(organisation, session, {"seats": {"maximum": 3}}), 409, "session-cancelled")
    expect_problem(act(organisation, session, "confirmation"), 409, "session-cancelled")


def test_a_session_that_has_started_is_neither_moved_nor_cancelled(
    organisation: httpx.Client, clock: FakeClock
) -> None:
    session = a_session(organisation, starts_on="2026-06-16", ends_on="2026-06-17")
    clock.now = clock.now.replace(day=16)

    expect_problem(patch(organisation, session, {"ends_on": "2026-06-18"}), 409, "session-started")
    expect_problem(act(organisation, session, "cancellation"), 409, "session-started")
    assert patch(organisation, session, {"seats": {"maximum": 3}, "place": {"name": "Salle 2"}}).status_code == 200
    assert act(organisation, session, "confirmation").status_code == 200
    clock.now = clock.now.replace(day=18)
    expect_problem(act(organisation, session, "confirmation"), 409, "session-started")


def test_what_a_change_says_is_checked(organisation: httpx.Client, admin: httpx.Client) -> None:
    session = a_session(organisation, seats={"maximum": 3})
    registered(admin, session, 2)

    assert expect_wrong_fields(patch(organisation, session, {"ends_on": "2028-02-01"})) == {"/ends_on": "order"}
    assert expect_wrong_fields(patch(organisation, session, {"format": None})) == {"/format": "missing"}
    assert expect_wrong_fields(patch(organisation, session, {"version": 2})) == {"/version": "unknown-field"}
    assert expect_wrong_fields(patch(organisation, session, {"id": str(uuid4())})) == {"/id": "mismatch"}
    assert expect_wrong_fields(patch(organisation, session, {"module_code": "handicap"})) == {
        "/module_code": "mismatch"
    }
    past = patch(organisation, session, {"starts_on": "2026-06-01"})
    assert expect_wrong_fields(past, "session-started") == {"/starts_on": "session-started"}
    taken = expect_problem(patch(organisation, session, {"seats": {"maximum": 1}}), 409, "seats-taken")
    assert taken["errors"][0]["pointer"] == "/seats/maximum"
    elsewhere = patch(admin, session, {"training_organisation_id": str(HISTYA)})
    assert expect_wrong_fields(elsewhere) == {"/training_organisation_id": "mismatch"}
    assert read(organisation, session)["version"] == 1
    assert expect_wrong_fields(act(organisation, session, "cancellation", because="x")) == {"/because": "unknown-field"}
