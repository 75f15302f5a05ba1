"""A session is told day by day: its hours where they are known, its working days otherwise."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from icalendar import Calendar

from app.wording.calendars.calendar_files import CalendarPerson, calendar_file
from app.wording.calendars.session_calendars import calendar_session, days_of, place_of
from app.wording.calendars.session_days import Period, SessionDay, format_hour, format_hours, session_days
from app.wording.dates import format_weekday

MED = CalendarPerson("La Mednum", "sessions@mednum.example.org")


def hours(on: str, begins: str, ends: str) -> dict[str, str]:
    return {"on": on, "from": begins, "until": ends}


def a_session(**fields: Any) -> dict[str, Any]:
    """A row of sessions, as JSON has its values: two days on site in Rennes, without hours."""
    return {
        "id": "0199a3e2-0000-7000-8000-000000000000",
        "reference": "MED-35-07",
        "starts_on": "2028-02-08",
        "ends_on": "2028-02-09",
        "hours": [],
        "format": "on_site",
        "place_name": "Espace des Champs Libres",
        "place_address": "10 cours des Alliés, 35000 Rennes",
        "link": None,
        "version": 3,
        "updated_at": "2027-11-30T08:15:30.123456+00:00",
        "cancelled_at": None,
        **fields,
    }


def events_of(session: dict[str, Any], **how: Any) -> list[Any]:
    calendar: Any = Calendar.from_ical(calendar_file([calendar_session(session, "Cybersécurité", MED, **how)]))
    return [*calendar.walk("VEVENT")]


def test_the_days_are_those_that_have_hours() -> None:
    given = [
        hours("2028-02-10", "14:00", "17:30"),
        hours("2028-02-10", "09:00", "12:00"),
        hours("2028-02-08", "09:00", "17:00"),
    ]

    assert session_days(date(2028, 2, 8), date(2028, 2, 10), given) == [
        SessionDay(date(2028, 2, 8), (Period(time(9), time(17)),)),
        SessionDay(date(2028, 2, 10), (Period(time(9), time(12)), Period(time(14), time(17, 30)))),
    ]


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2028-02-07", "2028-02-07", [7]),
        ("2028-02-10", "2028-02-15", [10, 11, 14, 15]),
        ("2028-02-12", "2028-02-13", [12, 13]),
        ("2028-02-12", "2028-02-14", [14]),
    ],
)
def test_without_hours_they_are_the_working_days(first: str, last: str, days: list[int]) -> None:
    found = session_days(date.fromisoformat(first), date.fromisoformat(last), [])

    assert [day.on.day for day in found] == days
    assert all(day.has_morning and day.has_afternoon for day in found)


@pytest.mark.parametrize(
    ("periods", "morning", "afternoon"),
    [
        ([("09:00", "12:30")], True, False),
        ([("09:30", "13:30")], True, False),
        ([("12:30", "13:30")], False, True),
        ([("13:30", "17:00")], False, True),
        ([("09:00", "17:00")], True, True),
        ([("09:00", "12:00"), ("13:30", "17:00")], True, True),
    ],
)
def test_half_a_day_is_half_a_day(periods: list[tuple[str, str]], *, morning: bool, afternoon: bool) -> None:
    (day,) = session_days(date(2028, 2, 8), date(2028, 2, 8), [hours("2028-02-08", *each) for each in periods])

    assert (day.has_morning, day.has_afternoon) == (morning, afternoon)


def test_hours_and_days_are_written_in_french() -> None:
    assert [format_hour(hour) for hour in (time(9), time(14, 5))] == ["9\u00a0h", "14\u00a0h\u00a005"]
    periods = (Period(time(9), time(12, 30)), Period(time(14), time(17)))
    assert format_hours(periods).replace("\u00a0", " ") == "de 9 h à 12 h 30, puis de 14 h à 17 h"
    assert format_hours(()) == ""
    assert [format_weekday(date(2027, 2, day)) for day in (1, 7)] == [
        "lundi 1er février 2027",
        "dimanche 7 février 2027",
    ]


def test_an_event_says_what_one_has_to_know() -> None:
    first, second = events_of(
        a_session(
            hours=[
                hours("2028-02-08", "09:00", "12:00"),
                hours("2028-02-08", "13:30", "17:00"),
                hours("2028-02-09", "10:00", "12:30"),
            ]
        )
    )

    assert [first.start.isoformat(), first.end.isoformat()] == [
        "2028-02-08T09:00:00+01:00",
        "2028-02-08T17:00:00+01:00",
    ]
    assert second.end.isoformat() == "2028-02-09T12:30:00+01:00"
    assert first["SUMMARY"] == "Formation : Cybersécurité"
    assert first["LOCATION"] == "Espace des Champs Libres, 10 cours des Alliés, 35000 Rennes"
    assert (first["SEQUENCE"], first.last_modified) == (3, datetime(2027, 11, 30, 8, 15, 30, tzinfo=UTC))
    assert first["DESCRIPTION"].replace("\u00a0", " ").splitlines() == [
        "Module : Cybersécurité",
        "Organisme de formation : La Mednum (sessions@mednum.example.org)",
        "Modalité : présentiel",
        "Lieu : Espace des Champs Libres, 10 cours des Alliés, 35000 Rennes",
        "Référence : MED-35-07",
        "Mardi 8 février 2028 : de 9 h à 12 h, puis de 13 h 30 à 17 h",
        "Mercredi 9 février 2028 : de 10 h à 12 h 30",
    ]


def test_a_session_at_a_distance_takes_place_at_its_link() -> None:
    link = "https://visio.example.org/salle-7"
    (event, _) = events_of(a_session(format="remote", place_name=None, place_address=None, link=link))

    assert (event["LOCATION"], event["URL"]) == (link, link)
    assert place_of(a_session(place_name=None, place_address=None)) is None


def test_a_cancelled_session_is_told_as_cancelled() -> None:
    found = events_of(a_session(cancelled_at="2027-12-01T08:00:00+00:00"))

    assert [event["STATUS"] for event in found] == ["CANCELLED"] * 2


def test_a_shorter_session_cancels_the_days_it_has_no_more() -> None:
    found = events_of(a_session(ends_on="2028-02-08", version=4), former_days=days_of(a_session()))

    assert [(event["STATUS"], event["SEQUENCE"]) for event in found] == [("CONFIRMED", 4), ("CANCELLED", 4)]


def test_values_may_be_those_of_the_database() -> None:
    as_stored = a_session(
        starts_on=date(2028, 2, 8),
        ends_on=date(2028, 2, 9),
        hours='[{"on":"2028-02-08","from":"09:00","until":"12:00"}]',
        updated_at=datetime(2027, 11, 30, 8, tzinfo=UTC),
    )

    assert [event.start.isoformat() for event in events_of(as_stored)] == ["2028-02-08T09:00:00+01:00"]
