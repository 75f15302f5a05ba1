"""A published session as a calendar tells it, in French: for those who offer it, and for whom it convenes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from app.domain.facts.session import SessionFormat
from app.wording.calendars.calendar_files import CalendarDay, CalendarPerson, CalendarSession, on_one_line
from app.wording.calendars.session_days import SessionDay, format_hours, session_days
from app.wording.dates import format_weekday

Row = Mapping[str, Any]

FORMAT_WORDS: Mapping[str, str] = {
    SessionFormat.REMOTE: "à distance",
    SessionFormat.ON_SITE: "présentiel",
    SessionFormat.HYBRID: "hybride",
}


def days_of(session: Row) -> list[SessionDay]:
    """Of a row of sessions, whose values are those of JSON or of the database."""
    hours = session["hours"]
    return session_days(
        _day(session["starts_on"]), _day(session["ends_on"]), orjson.loads(hours) if isinstance(hours, str) else hours
    )


def place_of(session: Row) -> str | None:
    """Its name and its address in one line."""
    return ", ".join(filter(None, (session["place_name"], session["place_address"]))) or None


def calendar_session(
    session: Row,
    module_title: str,
    organisation: CalendarPerson,
    *,
    former_days: Sequence[SessionDay] = (),
    attendee: CalendarPerson | None = None,
) -> CalendarSession:
    """`session` is a row of sessions. `former_days`, before it was moved; `attendee`, who alone is convened."""
    days = days_of(session)
    return CalendarSession(
        uid=str(session["id"]),
        summary=f"Formation : {module_title}",
        description=_description(session, module_title, organisation, days),
        days=[_calendar_day(day) for day in days],
        sequence=session["version"],
        modified_at=_instant(session["updated_at"]),
        location=place_of(session) or session["link"],
        url=session["link"],
        organiser=organisation,
        attendee=attendee,
        is_cancelled=session["cancelled_at"] is not None,
        former_days=[_calendar_day(day) for day in former_days],
    )


def _description(session: Row, module_title: str, organisation: CalendarPerson, days: Sequence[SessionDay]) -> str:
    place, link, reference = place_of(session), session["link"], session["reference"]
    lines = [
        f"Module : {module_title}",
        f"Organisme de formation : {organisation.name} ({organisation.email})",
        f"Modalité : {FORMAT_WORDS[session['format']]}",
        f"Lieu : {place}" if place else None,
        f"Lien : {link}" if link else None,
        f"Référence : {reference}" if reference else None,
        *(f"{format_weekday(day.on).capitalize()} : {format_hours(day.periods)}" for day in days if day.periods),
    ]
    return "\n".join(on_one_line(line) for line in lines if line is not None)


def _calendar_day(day: SessionDay) -> CalendarDay:
    """A lunch break does not make two events of it."""
    if not day.periods:
        return CalendarDay(day.on)
    return CalendarDay(day.on, day.periods[0].begins, day.periods[-1].ends)


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _instant(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
