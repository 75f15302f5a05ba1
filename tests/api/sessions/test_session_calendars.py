"""Sessions are read in a calendar: one of them, or those of a list."""

from typing import Any

import httpx
from icalendar import Calendar

from tests.api.response_assertions import expect_problem
from tests.http_builders import TODAY
from tests.live_server import idempotency_headers
from tests.session_builders import a_session

HOURS = [
    {"on": "2028-02-08", "from": "09:00", "until": "12:30"},
    {"on": "2028-02-08", "from": "13:30", "until": "17:00"},
    {"on": "2028-02-09", "from": "09:00", "until": "12:30"},
]


def events_of(answer: httpx.Response) -> list[Any]:
    answer.raise_for_status()
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar: Any = Calendar.from_ical(answer.content)
    return [*calendar.walk("VEVENT")]


def calendar_of(client: httpx.Client, session: str) -> httpx.Response:
    return client.get(f"/v1/sessions/{session}/calendar.ics")


def test_a_session_is_an_event_a_day(organisation: httpx.Client, platform: httpx.Client) -> None:
    session = a_session(organisation, hours=HOURS, link="https://visio.example.org/7")

    answer = calendar_of(platform, session)
    first, second = events_of(answer)
    assert (first.start.isoformat(), first.end.isoformat()) == (
        "2028-02-08T09:00:00+01:00",
        "2028-02-08T17:00:00+01:00",
    )
    assert second.end.isoformat() == "2028-02-09T12:30:00+01:00"
    assert [event["UID"] for event in (first, second)] == [f"{session}-1", f"{session}-2"]
    assert first["SUMMARY"].startswith("Formation : ")
    assert first["LOCATION"] == "Les Champs libres, 10 cours des Alliés, 35000 Rennes"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="session-2028-02-08.ics"'
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_a_moved_session_replaces_itself_and_a_cancelled_one_says_so(organisation: httpx.Client) -> None:
    session = a_session(organisation, starts_on="2028-03-07")
    (before,) = events_of(calendar_of(organisation, session))

    days = {"starts_on": "2028-03-14", "ends_on": "2028-03-14"}
    organisation.patch(f"/v1/sessions/{session}", json=days, headers={"If-Match": "*"}).raise_for_status()
    (moved,) = events_of(calendar_of(organisation, session))
    organisation.post(f"/v1/sessions/{session}/cancellation", json={}, headers=idempotency_headers()).raise_for_status()
    (cancelled,) = events_of(calendar_of(organisation, session))

    assert before["UID"] == moved["UID"] == cancelled["UID"]
    assert before["SEQUENCE"] < moved["SEQUENCE"] < cancelled["SEQUENCE"]
    assert str(moved.start) == "2028-03-14"
    assert (before["STATUS"], moved["STATUS"], cancelled["STATUS"]) == ("CONFIRMED", "CONFIRMED", "CANCELLED")


def test_a_calendar_of_many_has_the_filters_of_the_list(organisation: httpx.Client, admin: httpx.Client) -> None:
    sessions = [a_session(organisation, starts_on=day, format="remote") for day in ("2028-05-02", "2028-05-09")]

    answer = admin.get("/v1/sessions/calendar.ics", params={"starts_from": "2028-05-01", "format": "remote"})
    assert [event["UID"] for event in events_of(answer)] == [f"{session}-1" for session in sessions]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="sessions-{TODAY}.ics"'

    first = admin.get("/v1/sessions/calendar.ics", params={"starts_from": "2028-05-01", "limit": 1})
    second = admin.get(first.links["next"]["url"])
    assert [event["UID"] for event in events_of(first) + events_of(second)] == [f"{each}-1" for each in sessions]


def test_a_calendar_of_nothing_is_one(admin: httpx.Client) -> None:
    assert events_of(admin.get("/v1/sessions/calendar.ics", params={"starts_from": "2098-01-01"})) == []


def test_a_session_that_is_not_has_no_calendar(admin: httpx.Client) -> None:
    expect_problem(calendar_of(admin, "0199a3e2-0000-7000-8000-000000000000"), 404, "not-found")
    answer = admin.get("/v1/sessions/calendar.ics", params={"starts_from": "soon"})
    expect_problem(answer, 400, "invalid-parameter")
