"""The attendance of a session is recorded at once, line by line: each whole or not at all, repeatable."""

import time
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.seed.published_catalogue import HISTYA
from tests.api.registration_states import post_action, read_registration
from tests.api.response_assertions import documented_body, expect_problem, expect_wrong_fields
from tests.http_builders import an_adviser, an_adviser_in_post
from tests.session_builders import a_session, register_in_session

Body = dict[str, Any]
NOBODY = "00000000-0000-4000-8000-000000000000"
DAYS = {"starts_on": "2026-06-08", "ends_on": "2026-06-09", "regularisation": True}


def a_past_session(client: httpx.Client, **fields: Any) -> str:
    return a_session(client, **{**DAYS, **fields})


def registered(client: httpx.Client, session: str) -> str:
    found = register_in_session(client, an_adviser_in_post(client), session, regularisation=True)
    return str(found["id"])


def record(client: httpx.Client, session: str, *lines: Body) -> httpx.Response:
    return client.post(f"/v1/sessions/{session}/attendance", json={"data": lines})


def recorded(client: httpx.Client, session: str, *lines: Body) -> list[Body]:
    found: list[Body] = documented_body(record(client, session, *lines), "recordSessionAttendance")["data"]
    assert [item["registration_id"] for item in found] == [line["registration_id"] for line in lines]
    return found


def test_each_line_is_recorded_or_says_why_it_is_not(
    organisation: httpx.Client, admin: httpx.Client, histya: httpx.Client
) -> None:
    session, other = a_past_session(organisation), a_past_session(organisation)
    foreign_session = a_past_session(histya, training_organisation_id=str(HISTYA))
    completed, justified, unjustified, missed, wrong = [registered(admin, session) for _ in range(5)]
    elsewhere, foreign = registered(admin, other), registered(admin, foreign_session)
    refused = register_in_session(admin, an_adviser(admin), session, regularisation=True)["id"]
    unknown = str(uuid4())
    absences = [{"on": "2026-06-09", "justified": False, "motive": None}]

    found = recorded(
        organisation,
        session,
        {"registration_id": completed, "outcome": "completed"},
        {"registration_id": justified, "outcome": "absent_justified", "motive": "force_majeure"},
        {"registration_id": unjustified, "outcome": "absent_unjustified", "note": "Sans nouvelles"},
        {"registration_id": missed, "outcome": "completed", "absences": absences},
        {"registration_id": wrong, "outcome": "absent_justified", "motive": "Panne de réveil"},
        {"registration_id": wrong, "outcome": "completed", "absences": [{**absences[0], "on": "2026-06-10"}]},
        {"registration_id": elsewhere, "outcome": "completed"},
        {"registration_id": foreign, "outcome": "completed"},
        {"registration_id": unknown, "outcome": "completed"},
        {"registration_id": refused, "outcome": "completed"},
        {"registration_id": wrong, "outcome": "completed"},
    )

    said = [(item["status"], item["problem"] and item["problem"]["code"]) for item in found]
    assert said == [
        ("completed", None),
        ("absent_justified", None),
        ("absent_unjustified", None),
        ("completed", None),
        (None, "validation-error"),
        (None, "validation-error"),
        (None, "unknown-reference"),
        (None, "not-found"),
        (None, "not-found"),
        (None, "invalid-transition"),
        ("completed", None),
    ]
    pointers = [error["pointer"] for item in found if item["problem"] for error in item["problem"].get("errors", [])]
    assert pointers == ["/data/4/motive", "/data/5/absences/0/on", "/data/6/registration_id"]
    assert read_registration(admin, {"id": elsewhere})["status"] == "accepted"
    assert read_registration(admin, {"id": foreign})["status"] == "accepted"


def test_sent_again_it_changes_nothing_and_tells_nobody(organisation: httpx.Client, admin: httpx.Client) -> None:
    session = a_past_session(organisation)
    lines = [{"registration_id": registered(admin, session), "outcome": "completed"} for _ in range(3)]
    first = recorded(organisation, session, *lines)
    before = [read_registration(admin, {"id": line["registration_id"]}) for line in lines]

    assert recorded(organisation, session, *lines) == first

    assert [read_registration(admin, {"id": line["registration_id"]}) for line in lines] == before
    corrected = {"registration_id": lines[0]["registration_id"], "outcome": "absent_unjustified"}
    (missing,) = recorded(organisation, session, corrected)
    assert missing["problem"]["errors"][0]["pointer"] == "/data/0/motive"
    (put_right,) = recorded(organisation, session, {**corrected, "motive": "Erreur de saisie"})
    assert put_right["status"] == "absent_unjustified"


def test_it_leaves_a_trace_of_the_session_and_of_each_person(organisation: httpx.Client, admin: httpx.Client) -> None:
    session = a_past_session(organisation)
    registration = registered(admin, session)
    recorded(organisation, session, {"registration_id": registration, "outcome": "completed"})

    for subject in (session, registration):
        entries = admin.get("/v1/audit-log", params={"subject_id": subject}).raise_for_status().json()["data"]
        assert [item["action"] for item in entries].count("recordSessionAttendance") == 1


def test_before_the_first_day_no_line_is_recorded(organisation: httpx.Client, admin: httpx.Client) -> None:
    session = a_session(organisation)
    registration = register_in_session(admin, an_adviser_in_post(admin), session)["id"]

    (line,) = recorded(organisation, session, {"registration_id": registration, "outcome": "completed"})

    assert (line["status"], line["problem"]["status"]) == (None, 409)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"/data": "missing"}),
        ({"data": []}, {"/data": "too-short"}),
        ({"data": [{"registration_id": "x", "outcome": "completed"}]}, {"/data/0/registration_id": "invalid-uuid"}),
        ({"data": [{"registration_id": NOBODY, "outcome": "late"}]}, {"/data/0/outcome": "not-one-of"}),
        ({"data": [{"outcome": "completed"}]}, {"/data/0/registration_id": "missing"}),
        ({"data": [None]}, {"/data/0": "invalid-type"}),
        ({"data": [], "session_id": "x"}, {"/data": "too-short", "/session_id": "unknown-field"}),
        ({"data": [{"registration_id": NOBODY, "outcome": "completed"}] * 501}, {"/data": "too-long"}),
    ],
)
def test_a_malformed_body_is_refused_whole(organisation: httpx.Client, body: Body, wrong: dict[str, str]) -> None:
    answer = organisation.post(f"/v1/sessions/{a_past_session(organisation)}/attendance", json=body)

    assert expect_wrong_fields(answer) == wrong


def test_five_hundred_lines_are_one_request(organisation: httpx.Client, admin: httpx.Client) -> None:
    """Most of them about people who are not there: what is unknown costs as much as a look."""
    session = a_past_session(organisation)
    known = [registered(admin, session) for _ in range(20)]
    everybody = [*known, *(str(uuid4()) for _ in range(480))]
    lines = [{"registration_id": item, "outcome": "completed"} for item in everybody]

    began = time.monotonic()
    found = recorded(organisation, session, *lines)

    assert Counter(item["status"] for item in found) == {"completed": 20, None: 480}
    assert time.monotonic() - began < 15


def test_the_platform_and_other_organisations_record_nothing(
    organisation: httpx.Client, platform: httpx.Client, histya: httpx.Client, admin: httpx.Client
) -> None:
    session = a_past_session(organisation)
    line = {"registration_id": registered(admin, session), "outcome": "completed"}

    for client in (platform, histya):
        expect_problem(record(client, session, line), 403, "forbidden")
    assert recorded(admin, session, line)[0]["status"] == "completed"


def test_nobody_attends_a_session_that_was_cancelled(organisation: httpx.Client, admin: httpx.Client) -> None:
    session = a_past_session(organisation)
    registration = registered(admin, session)
    post_action(admin, {"id": registration}, "cancellation", cancelled_on="2026-06-01", regularisation=True)

    (line,) = recorded(organisation, session, {"registration_id": registration, "outcome": "completed"})

    assert line["problem"]["code"] == "invalid-transition"


def test_who_waits_for_a_seat_attends_nothing(organisation: httpx.Client, admin: httpx.Client) -> None:
    session = a_past_session(organisation, seats={"maximum": 1})
    registered(admin, session)
    waiting = registered(admin, session)

    (line,) = recorded(organisation, session, {"registration_id": waiting, "outcome": "completed"})

    assert line["problem"]["code"] == "seat-waiting"
