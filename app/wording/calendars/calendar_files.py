"""Sessions as a calendar file (iCalendar, RFC 5545): an event for each day, at the clock of Paris.

The nth day of a session has the same UID for ever: moved, it is the same event with a higher SEQUENCE, and a calendar
that holds the former one replaces it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import zip_longest
from typing import Any
from urllib.parse import quote

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vRecur, vText

from app.domain.facts.calendar import PARIS

PRODUCT = "-//Inscriptions des conseillers numériques//Calendrier des sessions//FR"
CALENDAR_MEDIA_TYPE = "text/calendar"
# Whatever some reader takes for the end of a line, and what no text may hold.
_LINE_BREAK = re.compile(r"\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class CalendarMethod(StrEnum):
    """What a mail reader is to do with the file (RFC 5546). PUBLISH alone may hold several days."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class CalendarPerson:
    """Who organises or attends, and the address written to."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day, from `begins` to `ends` at the clock of Paris; the whole day when they are None."""

    on: date
    begins: time | None = None
    ends: time | None = None


@dataclass(frozen=True, slots=True)
class CalendarSession:
    """`uid` is its own for ever. `sequence` grows by each change, which `modified_at`, an aware instant, dates.
    `former_days` are those that an earlier file told: the nth that there is no more is told as cancelled."""

    uid: str
    summary: str
    description: str
    days: Sequence[CalendarDay]
    sequence: int
    modified_at: datetime
    location: str | None = None
    url: str | None = None
    organiser: CalendarPerson | None = None
    attendee: CalendarPerson | None = None
    is_cancelled: bool = False
    former_days: Sequence[CalendarDay] = field(default_factory=tuple)


def calendar_file(
    sessions: Iterable[CalendarSession], method: CalendarMethod | None = None, name: str | None = None
) -> bytes:
    """The text of the file, in UTF-8; the same bytes for the same sessions. With a method it is a message, which names
    its organiser. `name` is what a calendar that holds nothing else is called.

    Raise ValueError when the method wants an organiser or an attendee that is missing, or a single day.
    """
    events = [event for session in sessions for event in _events(session, method)]
    called = vText(on_one_line(name)) if name is not None else None
    calendar = _filled(
        Calendar(), prodid=PRODUCT, version="2.0", calscale="GREGORIAN", method=method, name=called, x_wr_calname=called
    )
    if method is not None:
        _check_message(events, method)
    for component in (_paris(), *events):
        calendar.add_component(component)
    written: bytes = calendar.to_ical()
    return written


def _filled(component: Any, **properties: object) -> Any:
    """The component with these properties, those that are not None; `_` in their names stands for `-`."""
    for name, value in properties.items():
        if value is not None:
            component.add(name.replace("_", "-"), value)
    return component


def _check_message(events: Sequence[Any], method: CalendarMethod) -> None:
    """Raise ValueError."""
    if any("ORGANIZER" not in event for event in events):
        raise ValueError("a message names its organiser")
    if method is not CalendarMethod.PUBLISH and len(events) != 1:
        raise ValueError(f"{method} is about one event")
    if method is CalendarMethod.REQUEST and "ATTENDEE" not in events[0]:
        raise ValueError("a request names who is asked")
    if method is CalendarMethod.PUBLISH and any("ATTENDEE" in event for event in events):
        raise ValueError("what is published asks nobody")


def _events(session: CalendarSession, method: CalendarMethod | None) -> Iterator[Any]:
    is_cancelled = session.is_cancelled or method is CalendarMethod.CANCEL
    for number, (day, former) in enumerate(zip_longest(session.days, session.former_days), start=1):
        starts, ends = _times(day or former)
        yield _filled(
            Event(),
            uid=f"{session.uid}-{number}",
            dtstamp=session.modified_at,
            last_modified=session.modified_at,
            sequence=session.sequence,
            dtstart=starts,
            dtend=ends,
            summary=on_one_line(session.summary),
            description=_in_lines(session.description),
            location=on_one_line(session.location) if session.location is not None else None,
            url=on_one_line(session.url) if session.url is not None else None,
            organizer=_address(session.organiser) if session.organiser is not None else None,
            attendee=_attendee(session.attendee) if session.attendee is not None else None,
            status="CANCELLED" if is_cancelled or day is None else "CONFIRMED",
        )


def _times(day: CalendarDay) -> tuple[date, date]:
    if day.begins is None or day.ends is None:
        return day.on, day.on + timedelta(days=1)  # the first day after it (RFC 5545, 3.6.1)
    return datetime.combine(day.on, day.begins, PARIS), datetime.combine(day.on, day.ends, PARIS)


def _address(person: CalendarPerson) -> vCalAddress:
    address = vCalAddress(f"mailto:{quote(person.email, safe='@!$&*+/=_.-')}")
    # Not every reader knows how RFC 6868 writes a quotation mark in a parameter.
    address.params["CN"] = on_one_line(person.name).replace('"', "’")
    return address


def _attendee(person: CalendarPerson) -> vCalAddress:
    """Who is registered has said already that they come."""
    address = _address(person)
    address.params["PARTSTAT"] = "ACCEPTED"
    address.params["RSVP"] = "FALSE"
    return address


def on_one_line(text: str) -> str:
    """Whatever stands in it for the end of a line is a space: what follows would pass for our own words."""
    return " ".join(_CONTROL.sub(" ", _LINE_BREAK.sub(" ", text)).split())


def _in_lines(text: str) -> str:
    return _CONTROL.sub(" ", _LINE_BREAK.sub("\n", text))


def _paris() -> Any:
    """The clock of Paris since 1997, as far ahead as the present law goes; the library would list the days one by one,
    and until 2037 only."""
    summer = _clock_change(TimezoneDaylight(), "CEST", "1997-03-30T02:00", (1, 2))
    winter = _clock_change(TimezoneStandard(), "CET", "1997-10-26T03:00", (2, 1))
    zone = _filled(Timezone(), tzid=PARIS.key)
    for part in (summer, winter):
        zone.add_component(part)
    return zone


def _clock_change(part: Any, name: str, first: str, offsets: tuple[int, int]) -> Any:
    """On the last Sunday of the month of `first`, which is what clocks showed. `offsets` are the hours before and
    after."""
    moment = datetime.fromisoformat(first)
    before, after = (timedelta(hours=hours) for hours in offsets)
    every = vRecur(freq="yearly", bymonth=moment.month, byday="-1su")
    return _filled(part, dtstart=moment, rrule=every, tzname=name, tzoffsetfrom=before, tzoffsetto=after)
