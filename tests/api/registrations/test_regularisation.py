"""The past is recorded as such (section 3): a session that has started needs the word, a fact is never to come."""

from typing import Any

import httpx
import pytest

from tests.api.registration_states import (
    UPCOMING_DAY,
    accepted_registration,
    post_action,
    read_registration,
    refused_registration,
    reschedule,
    upcoming_registration,
    waiting_registration,
)
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.fake_clock import FakeClock
from tests.http_builders import TODAY, an_adviser_in_post, register, registration_body
from tests.live_server import idempotency_headers

TOMORROW = "2026-06-16"
THE_LAST_DAY = "2029-06-15"  # 36 months from today
THE_NEXT_DAY = "2029-06-16"


def ask(client: httpx.Client, path: str, body: dict[str, Any]) -> httpx.Response:
    return client.post(f"/v1/registrations{path}", json=body, headers=idempotency_headers() if path == "" else {})


@pytest.mark.parametrize("path", ["", "/preview"])
@pytest.mark.parametrize("starts_on", ["2025-05-13", TODAY])
@pytest.mark.parametrize("said", [{}, {"regularisation": False}])
def test_a_session_that_has_started_needs_the_word(
    platform: httpx.Client, path: str, starts_on: str, said: dict[str, bool]
) -> None:
    body = registration_body(an_adviser_in_post(platform), starts_on=starts_on)
    del body["regularisation"]

    answer = ask(platform, path, {**body, **said})

    assert expect_wrong_fields(answer, "session-started") == {"/session/starts_on": "session-started"}
    assert platform.get("/v1/registrations", params={"adviser_id": body["adviser_id"]}).json()["data"] == []


@pytest.mark.parametrize(("path", "status"), [("", 201), ("/preview", 200)])
def test_with_the_word_it_is_decided_on_its_first_day(platform: httpx.Client, path: str, status: int) -> None:
    answer = ask(platform, path, registration_body(an_adviser_in_post(platform), regularisation=True))

    assert answer.status_code == status
    assert answer.json()["entitlement"] == "civil_year:2025"


def shown(registration: dict[str, Any]) -> dict[str, Any]:
    """What does not name this very registration."""
    decision = {name: value for name, value in registration["decision"].items() if name != "id"}
    return {**registration, "id": None, "adviser_id": None, "links": None, "decision": decision}


@pytest.mark.parametrize("starts_on", [TOMORROW, UPCOMING_DAY])
def test_on_a_session_to_come_the_word_changes_nothing(platform: httpx.Client, starts_on: str) -> None:
    without, with_it = (
        register(platform, an_adviser_in_post(platform), starts_on=starts_on, **said).json()
        for said in ({}, {"regularisation": True})
    )

    assert shown(with_it) == shown(without)
    assert with_it["status"] == "accepted"


@pytest.mark.parametrize("said", [{}, {"regularisation": False}])
def test_the_cancellation_of_a_session_that_has_started_needs_the_word(
    platform: httpx.Client, said: dict[str, bool]
) -> None:
    registration = accepted_registration(platform)

    answer = post_action(platform, registration, "cancellation", cancelled_on="2025-05-12", **said)

    assert expect_wrong_fields(answer, "session-started") == {"/cancelled_on": "session-started"}
    assert read_registration(platform, registration) == registration


def test_a_cancellation_of_before_the_first_day_is_recorded_with_the_word(platform: httpx.Client) -> None:
    answer = post_action(
        platform, accepted_registration(platform), "cancellation", cancelled_on="2025-05-12", regularisation=True
    )

    cancelled = documented_body(answer, "cancelRegistration")
    assert (cancelled["status"], cancelled["cancelled_on"], cancelled["funding"]) == ("cancelled", "2025-05-12", None)


def test_what_waits_is_cancelled_on_any_day_without_the_word(platform: httpx.Client, clock: FakeClock) -> None:
    waiting = waiting_registration(platform)
    clock.now = clock.now.replace(month=10)  # its session is over

    answer = post_action(platform, waiting, "cancellation")

    assert (answer.json()["status"], answer.json()["cancelled_on"]) == ("cancelled", "2026-10-15")


@pytest.mark.parametrize("said", [{}, {"regularisation": False}])
def test_a_move_to_a_session_that_has_started_needs_the_word(admin: httpx.Client, said: dict[str, bool]) -> None:
    registration = upcoming_registration(admin)
    path, session = f"/v1/registrations/{registration['id']}", {"starts_on": "2026-05-12", "ends_on": "2026-05-12"}

    answer = admin.patch(path, json={"session": session, **said}, headers={"If-Match": "*"})
    with_it = admin.patch(path, json={"session": session, "regularisation": True}, headers={"If-Match": "*"})

    assert expect_wrong_fields(answer, "session-started") == {"/session/starts_on": "session-started"}
    moved = documented_body(with_it, "rescheduleRegistration")
    assert (moved["session"]["starts_on"], moved["status"], moved["version"]) == ("2026-05-12", "accepted", 2)


def test_a_session_that_has_started_is_not_moved_even_with_the_word(admin: httpx.Client) -> None:
    path = f"/v1/registrations/{accepted_registration(admin)['id']}"
    body = {"session": {"starts_on": "2025-05-12"}, "regularisation": True}

    answer = admin.patch(path, json=body, headers={"If-Match": "*"})

    expect_problem(answer, 409, "session-started")


@pytest.mark.parametrize("path", ["", "/preview"])
def test_a_request_is_of_today_at_the_latest(platform: httpx.Client, path: str) -> None:
    body = registration_body(an_adviser_in_post(platform), starts_on=UPCOMING_DAY)

    refused = ask(platform, path, {**body, "requested_on": TOMORROW})
    taken = ask(platform, path, {**body, "requested_on": TODAY})

    assert expect_wrong_fields(refused) == {"/requested_on": "date-in-future"}
    assert taken.is_success


@pytest.mark.parametrize("path", ["", "/preview"])
def test_a_session_starts_thirty_six_months_ahead_at_the_latest(platform: httpx.Client, path: str) -> None:
    adviser_id = an_adviser_in_post(platform)

    refused = ask(platform, path, registration_body(adviser_id, starts_on=THE_NEXT_DAY))
    taken = ask(platform, path, registration_body(adviser_id, starts_on=THE_LAST_DAY))

    assert expect_wrong_fields(refused) == {"/session/starts_on": "date-too-far"}
    assert taken.is_success


def test_a_session_is_not_moved_further_either(admin: httpx.Client) -> None:
    registration = upcoming_registration(admin)

    refused = reschedule(admin, registration, starts_on=THE_NEXT_DAY, ends_on=THE_NEXT_DAY)
    taken = reschedule(admin, registration, starts_on=THE_LAST_DAY, ends_on=THE_LAST_DAY)

    assert expect_wrong_fields(refused) == {"/session/starts_on": "date-too-far"}
    assert taken.is_success


def test_a_cancellation_is_of_today_at_the_latest(platform: httpx.Client) -> None:
    registration = upcoming_registration(platform)

    refused = post_action(platform, registration, "cancellation", cancelled_on=TOMORROW)
    taken = post_action(platform, registration, "cancellation", cancelled_on=TODAY)

    assert expect_wrong_fields(refused) == {"/cancelled_on": "date-in-future"}
    assert taken.json()["status"] == "cancelled"


def test_a_notice_is_of_today_at_the_latest(platform: httpx.Client) -> None:
    registration = refused_registration(platform)

    refused = post_action(platform, registration, "re-examination", notified_on=TOMORROW)
    taken = post_action(platform, registration, "re-examination", notified_on=TODAY)

    assert expect_wrong_fields(refused) == {"/notified_on": "date-in-future"}
    assert taken.json()["version"] == 2


@pytest.mark.parametrize(("notified_on", "is_late"), [(None, True), ("2025-05-14", True), ("2025-05-13", False)])
def test_a_notice_comes_by_the_last_day_of_the_session(
    admin: httpx.Client, notified_on: str | None, *, is_late: bool
) -> None:
    refused = register(admin, an_adviser_in_post(admin), module_code="aidants-connect").json()

    answer = post_action(admin, refused, "re-examination", notified_on=notified_on)

    if is_late:
        assert "13 mai 2025" in expect_problem(answer, 409, "session-ended")["detail"]
    assert (read_registration(admin, refused)["version"] == 1) is is_late
