"""The calendar file of an e-mail that convenes somebody, or that takes back what an earlier one had put in a calendar.

It is published (PUBLISH) rather than an invitation: nobody accepts a summons in their calendar, and an invitation is
about one event, of which mail readers would take the first day alone. CANCEL is about one event too: several days are
published again, as cancelled.

Each registration has events of its own, by its id and its version: moved to other days, or to another session, they are
the same ones; and an employer with two advisers in a session has those of both.
"""

from dataclasses import dataclass, replace

import orjson

from app.domain.events import EventType, Recipient
from app.persistence.engine.driver_types import Row
from app.wording.calendars.calendar_files import (
    CalendarMethod,
    CalendarPerson,
    CalendarSession,
    calendar_file,
)
from app.wording.calendars.session_calendars import calendar_session, days_of
from app.wording.calendars.session_days import SessionDay
from app.wording.emails.session_context import Published, attends, is_convened, published_of

# They tell that somebody who may have been convened is so no more, or elsewhere.
TAKING_BACK = frozenset(
    {
        EventType.SESSION_CANCELLED,
        EventType.SESSION_MOVED,
        EventType.REGISTRATION_CANCELLED,
        EventType.REGISTRATION_REFUSED,
        EventType.REGISTRATION_OVER_QUOTA,
        EventType.REGISTRATION_RESCHEDULED,
    }
)


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """What is attached to an e-mail; `is_removal` when it takes the days out of a calendar."""

    file_name: str
    method: CalendarMethod
    content: bytes
    is_removal: bool = False


def calendar_of(row: Row, support_email: str) -> CalendarFile | None:
    """Of a row of `messages.EMAIL_CONTEXT`; None when its e-mail changes nothing in a calendar. `support_email` stands
    for an organisation that is not known any more."""
    published, data = published_of(row), orjson.loads(row["data"])
    is_past = bool(data.get("recorded_after_the_fact"))
    if published is None or is_past or row["recipient"] not in {Recipient.ADVISER, Recipient.EMPLOYER}:
        return None
    event_type, session = EventType(row["type"]), _session_of(row, published, support_email)
    if is_convened(event_type, data, published):
        return CalendarFile("convocation.ics", CalendarMethod.PUBLISH, calendar_file([session], CalendarMethod.PUBLISH))
    is_taken_back = event_type in TAKING_BACK and not attends(data, published)
    return _removal(session) if is_taken_back and published["is_in_calendar"] else None


def _removal(session: CalendarSession) -> CalendarFile:
    days = max(session.days, session.former_days, key=len)
    method = CalendarMethod.CANCEL if len(days) == 1 else CalendarMethod.PUBLISH
    gone = replace(session, days=days, former_days=(), is_cancelled=True)
    return CalendarFile("annulation.ics", method, calendar_file([gone], method), is_removal=True)


def _session_of(row: Row, published: Published, support_email: str) -> CalendarSession:
    name = row["organisation"] or "Organisme de formation"
    organisation = CalendarPerson(name, row["training_organisation_email"] or support_email)
    told = calendar_session(published, row["module"], organisation, former_days=_former_days(published))
    names = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    is_about_another = row["recipient"] == Recipient.EMPLOYER and names
    return replace(
        told,
        uid=str(row["registration_id"]),
        summary=f"{told.summary} ({names})" if is_about_another else told.summary,
        sequence=row["subject_version"],
        modified_at=row["created_at"],
    )


def _former_days(published: Published) -> list[SessionDay]:
    """The most days that an earlier file may have told."""
    none: list[SessionDay] = []
    return max((days_of(was) for was in published["former"] or ()), key=len, default=none)
