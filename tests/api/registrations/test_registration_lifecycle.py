"""The lifecycle of a registration over HTTP: what each status allows, and the problem when it does not."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.registration_states import (
    UPCOMING_DAY,
    accepted_registration,
    attended_registration,
    cancelled_registration,
    initial_training_registration,
    post_action,
    read_registration,
    refused_registration,
    reschedule,
    upcoming_registration,
    waiting_registration,
)
from tests.api.response_assertions import documented_body, expect_problem
from tests.fake_clock import MORNING, FakeClock
from tests.http_builders import a_contract, an_adviser, an_adviser_in_post, register, registration_body

Body = dict[str, Any]

IN_FRENCH = {
    "accepted": "acceptée",
    "refused": "refusée",
    "awaiting_choice": "en attente du choix du conseiller",
    "cancelled": "annulée",
    "completed": "suivie",
    "absent_justified": "absence justifiée",
    "absent_unjustified": "absence non justifiée",
}

REGISTRATION_IN_STATUS: Mapping[str, Callable[[httpx.Client], Body]] = {
    "accepted": accepted_registration,
    "refused": refused_registration,
    "awaiting_choice": waiting_registration,
    "cancelled": cancelled_registration,
    "completed": lambda client: attended_registration(client, "completed"),
    "absent_justified": lambda client: attended_registration(client, "absent_justified"),
    "absent_unjustified": lambda client: attended_registration(client, "absent_unjustified"),
}

TRANSITIONS: Mapping[str, Callable[[httpx.Client, Body], httpx.Response]] = {
    "keep": lambda client, registration: post_action(client, registration, "choice", choice="keep", payer="self"),
    "decline": lambda client, registration: post_action(client, registration, "choice", choice="cancel"),
    "re-examination": lambda client, registration: post_action(client, registration, "re-examination"),
    "cancellation": lambda client, registration: post_action(
        client, registration, "cancellation", cancelled_on="2025-01-01", regularisation=True
    ),
    "attendance": lambda client, registration: post_action(
        client, registration, "attendance", outcome="completed", motive="Feuille d’émargement retrouvée"
    ),
    "reschedule": lambda client, registration: reschedule(client, registration, place="Rennes"),
    "derogation": lambda client, registration: post_action(
        client, registration, "derogation", waived=["not_in_post"], funding="state", motive="Recours gracieux"
    ),
}

POSSIBLE = {
    ("accepted", "cancellation"),
    ("accepted", "attendance"),
    ("accepted", "reschedule"),
    ("awaiting_choice", "keep"),
    ("awaiting_choice", "decline"),
    ("awaiting_choice", "cancellation"),
    ("awaiting_choice", "reschedule"),
    ("refused", "re-examination"),
    ("refused", "reschedule"),
    ("refused", "derogation"),
    ("awaiting_choice", "derogation"),
    ("completed", "attendance"),
    ("absent_justified", "attendance"),
    ("absent_unjustified", "attendance"),
}
IMPOSSIBLE = [
    (status, name) for status in REGISTRATION_IN_STATUS for name in TRANSITIONS if (status, name) not in POSSIBLE
]


@pytest.mark.parametrize(("status", "name"), IMPOSSIBLE)
def test_an_impossible_move_names_the_status(admin: httpx.Client, status: str, name: str) -> None:
    registration = REGISTRATION_IN_STATUS[status](admin)

    answer = TRANSITIONS[name](admin, registration)

    detail = expect_problem(answer, 409, "invalid-transition")["detail"]
    assert IN_FRENCH[status] in detail
    assert f"({status})" in detail
    assert read_registration(admin, registration) == registration


@pytest.mark.parametrize(
    ("status", "action", "body"),
    [
        ("cancelled", "cancellation", {"cancelled_on": "2025-01-01", "regularisation": True}),
        ("absent_justified", "attendance", {"outcome": "absent_justified", "motive": "force_majeure"}),
    ],
)
def test_a_positioning_test_needs_an_accepted_initial_training(
    admin: httpx.Client, status: str, action: str, body: Body
) -> None:
    registration = initial_training_registration(admin)
    post_action(admin, registration, action, **body).raise_for_status()

    answer = post_action(admin, registration, "positioning-test", taken_on="2025-05-01", hours=175)

    assert status in expect_problem(answer, 409, "invalid-transition")["detail"]


def test_a_waiting_adviser_keeps_the_registration(platform: httpx.Client) -> None:
    answer = TRANSITIONS["keep"](platform, waiting_registration(platform))

    kept = documented_body(answer, "chooseOverQuota")
    assert (kept["status"], kept["funding"], kept["payer"], kept["entitlement"]) == ("accepted", "none", "self", None)


def test_a_waiting_adviser_declines(platform: httpx.Client) -> None:
    answer = TRANSITIONS["decline"](platform, waiting_registration(platform))

    declined = documented_body(answer, "chooseOverQuota")
    assert (declined["status"], declined["funding"], declined["payer"]) == ("cancelled", None, None)
    assert declined["cancelled_on"] == "2026-06-15"


@pytest.mark.parametrize("scene", [upcoming_registration, waiting_registration])
def test_a_registration_is_cancelled_before_its_first_day(
    platform: httpx.Client, clock: FakeClock, scene: Callable[[httpx.Client], Body]
) -> None:
    registration = scene(platform)
    clock.now = datetime(2026, 9, 14, 21, 30, tzinfo=UTC)  # half past eleven of the day before, in Paris

    answer = post_action(platform, registration, "cancellation", cancelled_on="2026-09-14")

    gone = answer.json()
    assert (gone["status"], gone["cancelled_on"], gone["funding"], gone["entitlement"]) == (
        "cancelled",
        "2026-09-14",
        None,
        None,
    )


@pytest.mark.parametrize("day", [UPCOMING_DAY, "2026-09-16"])
def test_a_registration_is_not_cancelled_from_its_first_day(platform: httpx.Client, clock: FakeClock, day: str) -> None:
    registration = upcoming_registration(platform)
    clock.now = datetime(2026, 9, 16, 8, 30, tzinfo=UTC)

    answer = post_action(platform, registration, "cancellation", cancelled_on=day, regularisation=True)

    assert "15 septembre 2026" in expect_problem(answer, 409, "session-started")["detail"]


def test_the_first_day_of_a_session_begins_at_midnight_in_paris(platform: httpx.Client, clock: FakeClock) -> None:
    registration = upcoming_registration(platform)
    clock.now = datetime(2026, 9, 14, 22, 30, tzinfo=UTC)  # half past midnight in Paris

    answer = post_action(platform, registration, "cancellation")

    expect_problem(answer, 409, "session-started")


def test_a_cancellation_promotes_whoever_waits(platform: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(platform)
    first, second = (register(platform, adviser_id, starts_on=day).json() for day in ("2026-09-08", UPCOMING_DAY))

    post_action(platform, first, "cancellation")

    promoted = documented_body(platform.get(f"/v1/registrations/{second['id']}"), "getRegistration")
    assert second["status"] == "awaiting_choice"
    assert (promoted["status"], promoted["entitlement"], promoted["version"]) == ("accepted", "civil_year:2026", 2)
    assert promoted["choices"] == []


@pytest.mark.parametrize(
    ("outcome", "motive", "entitlement", "payer"),
    [
        ("completed", None, "civil_year:2025", "state"),
        ("absent_unjustified", "Parti avant l’appel", "civil_year:2025", "state"),
        ("absent_justified", "employer_need", None, None),
    ],
)
def test_attendance_keeps_or_gives_back_the_right(
    admin: httpx.Client, outcome: str, motive: str | None, entitlement: str | None, payer: str | None
) -> None:
    answer = post_action(admin, accepted_registration(admin), "attendance", outcome=outcome, motive=motive)

    found = documented_body(answer, "recordAttendance")
    assert (found["status"], found["entitlement"], found["payer"]) == (outcome, entitlement, payer)


def test_attendance_is_not_recorded_before_the_first_day(admin: httpx.Client) -> None:
    answer = post_action(admin, upcoming_registration(admin), "attendance", outcome="completed")

    assert "15 septembre 2026" in expect_problem(answer, 409, "session-not-started")["detail"]


def test_attendance_is_recorded_on_the_first_day_in_paris(admin: httpx.Client, clock: FakeClock) -> None:
    registration = upcoming_registration(admin)
    clock.now = datetime(2026, 9, 14, 22, 0, tzinfo=UTC)  # midnight in Paris

    answer = post_action(admin, registration, "attendance", outcome="completed")

    assert answer.json()["status"] == "completed"


def test_a_session_that_has_started_is_not_moved(admin: httpx.Client) -> None:
    answer = reschedule(admin, accepted_registration(admin), starts_on="2026-09-15", ends_on="2026-09-15")

    assert "13 mai 2025" in expect_problem(answer, 409, "session-started")["detail"]


def test_a_session_of_today_is_not_moved(admin: httpx.Client, clock: FakeClock) -> None:
    registration = upcoming_registration(admin)
    clock.now = datetime(2026, 9, 15, 6, 0, tzinfo=UTC)

    answer = reschedule(admin, registration, place="Rennes")

    expect_problem(answer, 409, "session-started")


def test_a_moved_session_is_decided_again(admin: httpx.Client) -> None:
    registration = upcoming_registration(admin)

    answer = reschedule(admin, registration, starts_on="2027-01-12", ends_on="2027-01-13")

    moved = documented_body(answer, "rescheduleRegistration")
    assert moved["session"] == registration["session"] | {"starts_on": "2027-01-12", "ends_on": "2027-01-13"}
    assert (moved["status"], moved["entitlement"]) == ("accepted", "civil_year:2027")


def test_a_session_is_not_moved_onto_another(admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(admin)
    first, second = (register(admin, adviser_id, starts_on=day).json() for day in ("2026-09-08", UPCOMING_DAY))

    answer = reschedule(admin, second, starts_on="2026-09-08")

    expect_problem(answer, 409, "duplicate-registration")
    assert answer.links["duplicate"]["url"] == first["links"]["self"]


def test_a_refusal_gives_every_reason_and_how_to_lift_it(platform: httpx.Client) -> None:
    adviser_id = an_adviser(platform, initial_training=None)
    a_contract(platform, adviser_id, administrative_file={})

    answer = register(platform, adviser_id)

    decision = documented_body(answer, "registerAdviser")["decision"]
    assert [reason["code"] for reason in decision["reasons"]] == [
        "ds_file_missing",
        "contract_not_uploaded",
        "recruitment_not_validated",
        "initial_training_not_started",
    ]
    assert all(reason["label"] and reason["how_to_fix"] and reason["rule"] for reason in decision["reasons"])
    assert (answer.status_code, answer.json()["funding"], answer.json()["payer"]) == (201, None, None)


def test_a_regularised_refusal_is_accepted_on_notice_only(platform: httpx.Client) -> None:
    registration = refused_registration(platform)
    a_contract(platform, registration["adviser_id"])
    before_notice = read_registration(platform, registration)

    answer = post_action(platform, registration, "re-examination")

    assert before_notice["status"] == "refused"
    assert (answer.json()["status"], answer.json()["version"]) == ("accepted", registration["version"] + 1)


def test_a_notice_may_bring_the_employer_s_agreement(admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(admin)
    obtained = {"adviser_id": adviser_id, "qualification": "remn-ccp1", "outcome": "obtained", "on": "2023-03-01"}
    admin.post("/v1/certifications", json=obtained)
    registration = register(admin, adviser_id, module_code="ccp2-ccp3").json()

    answer = post_action(admin, registration, "re-examination", employer_agreement=True, notified_on="2025-05-02")

    assert [reason["code"] for reason in registration["decision"]["reasons"]] == ["employer_agreement_missing"]
    assert (answer.json()["status"], answer.json()["employer_agreement"]) == ("accepted", True)


def test_a_notice_onto_an_active_registration_is_a_duplicate(platform: httpx.Client) -> None:
    first = refused_registration(platform)
    a_contract(platform, first["adviser_id"])
    second = register(platform, first["adviser_id"], starts_on=UPCOMING_DAY).json()

    answer = post_action(platform, first, "re-examination")

    expect_problem(answer, 409, "duplicate-registration")
    assert answer.links["duplicate"]["url"] == second["links"]["self"]


def test_decisions_are_shown_newest_first_with_their_facts(platform: httpx.Client) -> None:
    registration = refused_registration(platform)
    a_contract(platform, registration["adviser_id"])
    post_action(platform, registration, "re-examination")

    answer = platform.get(registration["links"]["decisions"])

    newest, oldest = documented_body(answer, "listDecisions")["data"]
    assert (newest["outcome"], newest["cause"], newest["entitlement"]) == (
        "accepted",
        "re_examination",
        "civil_year:2026",
    )
    assert (oldest["outcome"], oldest["id"]) == ("refused", registration["decision"]["id"])
    assert newest["facts"]
    assert newest["automatic"] is True


def test_a_preview_says_what_the_decision_would_be(platform: httpx.Client) -> None:
    body = registration_body(an_adviser_in_post(platform))

    answer = platform.post("/v1/registrations/preview", json=body)

    preview = documented_body(answer, "previewRegistration")
    assert (preview["outcome"], preview["entitlement"], preview["reasons"]) == ("accepted", "civil_year:2025", [])


def test_a_preview_stores_nothing(platform: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(platform)
    record = platform.get(f"/v1/advisers/{adviser_id}/training-record").json()

    platform.post("/v1/registrations/preview", json=registration_body(adviser_id, starts_on=UPCOMING_DAY))

    assert platform.get("/v1/registrations", params={"adviser_id": adviser_id}).json()["data"] == []
    assert platform.get(f"/v1/advisers/{adviser_id}/training-record").json() == record


def test_a_preview_of_a_duplicate_is_a_conflict(platform: httpx.Client) -> None:
    first = accepted_registration(platform)

    answer = platform.post("/v1/registrations/preview", json=registration_body(first["adviser_id"]))

    expect_problem(answer, 409, "duplicate-registration")
    assert first["links"]["self"] in answer.headers["Link"]


def _record(client: httpx.Client, adviser_id: str, **params: str) -> Body:
    answer = client.get(f"/v1/advisers/{adviser_id}/training-record", params=params)
    found: Body = documented_body(answer, "getTrainingRecord")
    return found


def _buckets(record: Body) -> dict[str, int]:
    return {item["bucket"]: item["used"] for item in record["entitlements"]}


def test_a_record_is_of_today_by_default(platform: httpx.Client) -> None:
    record = _record(platform, an_adviser_in_post(platform))

    assert record["on"] == str(MORNING.date())


def test_a_record_shows_who_holds_a_right(platform: httpx.Client) -> None:
    registration = upcoming_registration(platform)

    record = _record(platform, registration["adviser_id"], on="2026-01-01")

    held = {item["bucket"]: item["reserved_by"] for item in record["entitlements"]}
    assert held["civil_year:2026"] == [registration["id"]]


def test_a_record_shows_expired_rights_on_demand(platform: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(platform)

    now, ever = _record(platform, adviser_id), _record(platform, adviser_id, history="true")

    assert "civil_year:2025" not in _buckets(now)
    assert _buckets(ever).keys() > _buckets(now).keys()
    assert "civil_year:2025" in _buckets(ever)


def test_a_record_is_shown_as_of_another_day(platform: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(platform)

    then = _record(platform, adviser_id, on="2025-03-31")

    assert {"civil_year:2024", "civil_year:2025"} <= _buckets(then).keys()


def test_a_carried_right_is_shown_and_used(admin: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(admin)
    report = {"bucket": "civil_year:2025", "units": 1, "motive": "Congé maternité", "decided_on": "2025-12-18"}
    admin.post(f"/v1/advisers/{adviser_id}/carry-overs", json=report).raise_for_status()

    registration = register(admin, adviser_id, starts_on=UPCOMING_DAY).json()

    assert registration["entitlement"] == "carry_over:civil_year:2025"
    assert _buckets(_record(admin, adviser_id))["carry_over:civil_year:2025"] == 1


def test_an_unknown_adviser_has_no_record(platform: httpx.Client) -> None:
    answer = platform.get(f"/v1/advisers/{uuid4()}/training-record")

    expect_problem(answer, 404, "not-found")


def test_a_positioning_test_is_shown(admin: httpx.Client) -> None:
    registration = initial_training_registration(admin)

    post_action(admin, registration, "positioning-test", taken_on="2025-05-01", hours=175)

    assert read_registration(admin, registration)["positioning_test"] == {"taken_on": "2025-05-01", "hours": 175}
