"""A calendar file is read as it was meant, by the library that wrote it and by a plain reading of RFC 5545."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from dateutil.tz import tzical  # type: ignore[import-untyped]  # its types are a package that nothing else needs
from icalendar import Calendar

from app.domain.facts.calendar import PARIS
from app.wording.calendars.calendar_files import (
    CalendarDay,
    CalendarMethod,
    CalendarPerson,
    CalendarSession,
    calendar_file,
)

CHANGED = datetime(2027, 11, 30, 8, 15, 30, 123456, tzinfo=UTC)
MED = CalendarPerson("La Mednum", "sessions@mednum.example.org")
CAMILLE = CalendarPerson("Camille Exemple", "camille@example.org")
LONG = "Été, hiver ; « œuvre » \\ fin\nLigne 2 : " + "é€😀" * 60


def a_day(on: str, begins: str | None = "09:00", ends: str | None = "17:00") -> CalendarDay:
    hours = (time.fromisoformat(text) if text is not None else None for text in (begins, ends))
    return CalendarDay(date.fromisoformat(on), *hours)


def a_session(*days: CalendarDay, **fields: Any) -> CalendarSession:
    given: dict[str, Any] = {"summary": "Formation", "description": "", "sequence": 0, "modified_at": CHANGED, **fields}
    return CalendarSession("0199a3e2", days=days or (a_day("2028-02-08"),), **given)


def events_of(content: bytes) -> list[Any]:
    """By the library."""
    calendar: Any = Calendar.from_ical(content)
    return [*calendar.walk("VEVENT")]


def content_lines(content: bytes) -> list[str]:
    """As RFC 5545, 3.1 says: lines end with CR LF, and one that begins with a space goes on with the line before."""
    assert content.endswith(b"\r\n")
    return re.sub("\r\n[ \t]", "", content.decode()).removesuffix("\r\n").split("\r\n")


def properties(content: bytes, name: str) -> Iterator[str]:
    """The values of the property of this name, without its parameters, as they are escaped."""
    for line in content_lines(content):
        found = re.match(r'([A-Z-]+)((?:;[A-Z-]+=(?:"[^"]*"|[^";:,]*))*):(.*)', line, re.DOTALL)
        assert found is not None, line
        if found[1] == name:
            yield found[3]


def unescaped(text: str) -> str:
    """Of a text (RFC 5545, 3.3.11)."""
    return re.sub(r"\\([\\;,nN])", lambda found: "\n" if found[1] in "nN" else found[1], text)


def test_each_day_is_an_event_of_its_own_for_ever() -> None:
    days = (a_day("2028-02-08"), a_day("2028-02-09", "08:30", "12:15"))
    before = events_of(calendar_file([a_session(*days)]))
    after = events_of(calendar_file([a_session(*(replace(day, on=date(2028, 3, 1)) for day in days), sequence=4)]))

    assert [event["UID"] for event in before] == [event["UID"] for event in after] == ["0199a3e2-1", "0199a3e2-2"]
    assert [(event["SEQUENCE"], event.start.date()) for event in before] == [(0, day.on) for day in days]
    assert {event["SEQUENCE"] for event in after} == {4}
    assert before[1].end - before[1].start == timedelta(hours=3, minutes=45)
    assert {str(event["STATUS"]) for event in before} == {"CONFIRMED"}


@pytest.mark.parametrize(
    ("on", "begins", "instant"),
    [
        ("2028-02-08", "09:00", "2028-02-08T08:00Z"),
        ("2028-07-04", "09:00", "2028-07-04T07:00Z"),
        ("2028-03-26", "01:30", "2028-03-26T00:30Z"),
        ("2028-03-26", "03:00", "2028-03-26T01:00Z"),
        ("2028-03-26", "09:00", "2028-03-26T07:00Z"),
        ("2028-10-29", "01:30", "2028-10-28T23:30Z"),
        ("2028-10-29", "09:00", "2028-10-29T08:00Z"),
        ("2061-07-04", "09:00", "2061-07-04T07:00Z"),
    ],
)
def test_an_hour_is_that_of_the_clock_of_paris_also_when_it_changes(on: str, begins: str, instant: str) -> None:
    content = calendar_file([a_session(a_day(on, begins, "23:00"))])
    (event,) = events_of(content)
    by_its_own_rules: Any = tzical(StringIO(content.decode())).get("Europe/Paris")  # of another library

    assert event.start.astimezone(UTC) == datetime.fromisoformat(instant)
    assert event.start.replace(tzinfo=by_its_own_rules).astimezone(UTC) == datetime.fromisoformat(instant)
    assert f"DTSTART;TZID=Europe/Paris:{on.replace('-', '')}T{begins.replace(':', '')}00" in content_lines(content)


def test_the_clock_of_the_file_is_the_clock_of_paris_each_day_of_thirty_years() -> None:
    zone: Any = tzical(StringIO(calendar_file([a_session()]).decode())).get("Europe/Paris")

    for number in range(30 * 365):
        noon = datetime(2026, 1, 1, 12, tzinfo=PARIS) + timedelta(days=number)
        assert noon.utcoffset() == noon.replace(tzinfo=zone).utcoffset(), noon


def test_a_day_without_hours_is_whole_and_ends_where_the_next_begins() -> None:
    content = calendar_file([a_session(a_day("2028-02-29", None, None))])

    assert {"DTSTART;VALUE=DATE:20280229", "DTEND;VALUE=DATE:20280301"} < {*content_lines(content)}


def test_lines_are_folded_at_75_octets_and_never_within_a_character() -> None:
    content = calendar_file([a_session(summary=LONG, description=LONG * 9, location=LONG)], name=LONG)

    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() is not None for line in lines)
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")


def test_commas_semicolons_backslashes_and_line_ends_are_texts() -> None:
    content = calendar_file([a_session(description=LONG, summary="a, b; c\\d", location="1, rue d’Été ; Rennes")])
    (event,) = events_of(content)

    assert event["DESCRIPTION"] == unescaped(next(properties(content, "DESCRIPTION"))) == LONG
    assert next(properties(content, "SUMMARY")) == r"a\, b\; c\\d"
    assert event["SUMMARY"] == "a, b; c\\d"
    assert event["LOCATION"] == "1, rue d’Été ; Rennes"
    assert not re.search(r"(?<!\\)(?:\\\\)*[,;]", next(properties(content, "LOCATION")))


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\v", "\x85", "\u2028", "\n ", "\r\n\t"])
def test_no_text_writes_a_line_of_its_own(end: str) -> None:
    injected = f"a{end}ATTENDEE:mailto:mallory@example.org{end}END:VEVENT"
    person = CalendarPerson(f'{injected}"', "a@example.org")
    content = calendar_file(
        [
            a_session(
                summary=injected, description=injected, location=injected, url=f"https://x{injected}", organiser=person
            )
        ],
        name=injected,
    )

    names = [re.split("[;:]", line)[0] for line in content_lines(content)]
    assert names.count("ATTENDEE") == 0
    assert names.count("END") == 5
    assert names == [re.split("[;:]", line)[0] for line in re.sub("\r\n ", "", content.decode()).splitlines()]
    assert len(events_of(content)) == 1


def test_no_control_character_is_written() -> None:
    content = calendar_file([a_session(summary="a\x00b\x7f", description="a\x1b\tb", location="\x07")])

    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", content)


def test_a_cancelled_session_is_a_cancelled_event() -> None:
    days = (a_day("2028-02-08"), a_day("2028-02-09"))

    assert [*properties(calendar_file([a_session(*days, is_cancelled=True)]), "STATUS")] == ["CANCELLED"] * 2


def test_a_day_that_there_is_no_more_is_told_as_cancelled() -> None:
    former = (a_day("2028-02-08"), a_day("2028-02-09"), a_day("2028-02-10"))
    found = events_of(calendar_file([a_session(a_day("2028-03-01"), sequence=1, former_days=former)]))

    assert [(event["UID"][-1], str(event["STATUS"]), event.start.date()) for event in found] == [
        ("1", "CONFIRMED", date(2028, 3, 1)),
        ("2", "CANCELLED", date(2028, 2, 9)),
        ("3", "CANCELLED", date(2028, 2, 10)),
    ]


def test_more_days_than_before_are_all_held() -> None:
    found = a_session(a_day("2028-03-01"), a_day("2028-03-02"), former_days=(a_day("2028-02-08"),))

    assert [*properties(calendar_file([found]), "STATUS")] == ["CONFIRMED"] * 2


def test_a_file_says_when_it_was_changed_and_by_what() -> None:
    content = calendar_file([a_session(sequence=7)])

    assert {
        "VERSION:2.0", "CALSCALE:GREGORIAN", "DTSTAMP:20271130T081530Z", "LAST-MODIFIED:20271130T081530Z", "SEQUENCE:7",
    } < {*content_lines(content)}  # fmt: skip
    assert content_lines(content)[0] == "BEGIN:VCALENDAR"
    assert len([*properties(content, "PRODID")]) == 1
    assert [*properties(content, "METHOD")] == []
    assert content == calendar_file([a_session(sequence=7)])


def test_a_calendar_of_many_sessions_has_one_clock_and_a_name() -> None:
    content = calendar_file([a_session(), replace(a_session(), uid="other")], name="Sessions, 2028")

    assert content_lines(content).count("BEGIN:VTIMEZONE") == 1
    assert [*properties(content, "UID")] == ["0199a3e2-1", "other-1"]
    assert [*properties(content, "NAME"), *properties(content, "X-WR-CALNAME")] == [r"Sessions\, 2028"] * 2


def test_a_calendar_without_sessions_can_be_read() -> None:
    assert events_of(calendar_file([])) == []


def test_what_is_published_names_its_organiser_and_asks_nobody() -> None:
    days = (a_day("2028-02-08"), a_day("2028-02-09"))
    content = calendar_file([a_session(*days, organiser=MED)], CalendarMethod.PUBLISH)
    (first, _) = events_of(content)

    assert "METHOD:PUBLISH" in content_lines(content)
    assert (str(first["ORGANIZER"]), first["ORGANIZER"].params["CN"]) == (f"mailto:{MED.email}", MED.name)
    assert "ATTENDEE" not in first


def test_a_request_is_made_to_somebody_who_has_said_yes() -> None:
    content = calendar_file([a_session(organiser=MED, attendee=CAMILLE)], CalendarMethod.REQUEST)
    asked = events_of(content)[0]["ATTENDEE"]

    assert "METHOD:REQUEST" in content_lines(content)
    assert str(asked) == "mailto:camille@example.org"
    assert dict(asked.params) == {"CN": "Camille Exemple", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}


def test_a_message_that_cancels_says_so_twice() -> None:
    content = calendar_file([a_session(organiser=MED, sequence=2)], CalendarMethod.CANCEL)

    assert {"METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:2"} < {*content_lines(content)}


@pytest.mark.parametrize(
    ("session", "method"),
    [
        (a_session(), CalendarMethod.PUBLISH),
        (a_session(organiser=MED), CalendarMethod.REQUEST),
        (a_session(organiser=MED, attendee=CAMILLE), CalendarMethod.PUBLISH),
        (a_session(a_day("2028-02-08"), a_day("2028-02-09"), organiser=MED), CalendarMethod.CANCEL),
        (a_session(a_day("2028-02-08"), a_day("2028-02-09"), organiser=MED, attendee=CAMILLE), CalendarMethod.REQUEST),
    ],
)
def test_a_message_that_readers_would_refuse_is_not_written(session: CalendarSession, method: CalendarMethod) -> None:
    with pytest.raises(ValueError, match=r"organiser|one event|asked|nobody"):
        calendar_file([session], method)


@pytest.mark.parametrize("email", ["a+b@example.org", "o'neil@example.org", 'a"b@example.org', "a;b:c@example.org"])
def test_an_address_stays_one(email: str) -> None:
    content = calendar_file([a_session(organiser=CalendarPerson("A", email))])

    value = next(properties(content, "ORGANIZER"))
    assert re.fullmatch(r"mailto:[A-Za-z0-9@!$&*+/=_.%-]+", value)
    assert len(events_of(content)) == 1
