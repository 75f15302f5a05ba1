"""What the templates name of a published session: its days and hours, its place, its seats, what a deed made of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import orjson

from app.domain.events import CONVENING, EventType, Recipient, Subject
from app.domain.facts.registration_terms import Seat, Status
from app.persistence.engine.driver_types import Row
from app.wording.calendars.session_calendars import FORMAT_WORDS, days_of, place_of
from app.wording.calendars.session_days import format_hours
from app.wording.dates import format_period, format_weekday, in_days

Published = Mapping[str, Any]
# What decides anew whether somebody may register; the place and the hours do not.
DECIDING = ("starts_on", "ends_on", "format")


def published_of(row: Row) -> Published | None:
    """The published session that an e-mail is about; None when the registration carries its own dates."""
    return orjson.loads(row["published"]) if row["published"] is not None else None


def attends(data: Mapping[str, Any], published: Published) -> bool:
    """Whether the registration that an event tells of has a seat in a session that will be held."""
    return will_be_held(published) and (data.get("status"), data.get("seat")) == (Status.ACCEPTED, Seat.SEATED)


def will_be_held(published: Published) -> bool:
    return published["confirmed_at"] is not None and published["cancelled_at"] is None


def is_convened(event_type: EventType, data: Mapping[str, Any], published: Published) -> bool:
    """Whether this e-mail convenes its reader."""
    return event_type in CONVENING and attends(data, published)


def session_context(row: Row, event_type: EventType, data: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    """`is_published` is False for a registration that carries its own dates. `is_redecided`: the session moved to other
    days, and what had been decided was decided again; None when it did not move."""
    published, seat = published_of(row), data.get("seat")
    found = {"is_published": published is not None, "seat": seat, "cancelled_because": data.get("cancelled_because")}
    if published is None:
        no_session = ("seat_place", "is_confirmed", "is_convened", "is_redecided", "changes", "outcomes")
        return found | dict.fromkeys(no_session) | {"place": row["session_place"]}
    changes = _changes(published) if event_type is EventType.SESSION_MOVED else []
    return {
        **found,
        "seat_place": _place_in_line(published) if seat == published["seat"] == Seat.WAITING else None,
        "is_confirmed": will_be_held(published),
        "is_convened": is_convened(event_type, data, published),
        "is_redecided": _is_decided_again(published) if event_type is EventType.SESSION_MOVED else None,
        "changes": changes,
        "now_held": in_days(_period(published)),
        "place": place_of(published),
        "meeting_link": published["link"],
        "format": _format(published),
        "session_reference": published["reference"],
        "session_days": [_day_with_hours(day) for day in days_of(published)],
        "session_motive": published["cancellation_motive"],
        "roster": f"{base_url}/v1/sessions/{published['id']}/roster",
        "outcomes": _outcomes(row, data, published),
        "still_waiting": data.get("seats_waiting", 0),
    }


def _place_in_line(published: Published) -> str | None:
    """`1re`, `2e`: none that has just been given a seat."""
    place = published["seat_place"]
    return f"{place}{'re' if place == 1 else 'e'}" if place else None


def _day_with_hours(day: Any) -> str:
    return ", ".join(filter(None, (format_weekday(day.on), format_hours(day.periods))))


def _is_decided_again(published: Published) -> bool:
    return any(was[name] != published[name] for was in (published["former"] or ())[:1] for name in DECIDING)


def _changes(published: Published) -> list[dict[str, str | None]]:
    """What a session that moved was, beside what it is; None of hours and links, which are shown as they are."""
    words: Mapping[str, Callable[[Published], str | None]] = {"Dates": _period, "Lieu": place_of, "Modalité": _format}
    return [change for former in (published["former"] or ())[:1] for change in _changes_since(former, published, words)]


def _changes_since(
    former: Published, published: Published, words: Mapping[str, Callable[[Published], str | None]]
) -> Iterator[dict[str, str | None]]:
    for what, phrase in words.items():
        was, now = phrase(former) or "aucun", phrase(published) or "aucun"
        if was != now:
            yield {"what": what, "was": was, "now": now}
    if _period(former) == _period(published) and days_of(former) != days_of(published):
        yield {"what": "Horaires", "was": None, "now": "ceux indiqués plus bas"}
    if published["link"] is not None and former["link"] != published["link"]:
        yield {"what": "Lien de connexion", "was": None, "now": "celui indiqué plus bas"}


def _period(session: Published) -> str:
    return format_period(*(date.fromisoformat(session[name]) for name in ("starts_on", "ends_on")))


def _format(session: Published) -> str:
    return FORMAT_WORDS[session["format"]]


def _outcomes(row: Row, data: Mapping[str, Any], published: Published) -> dict[str, int] | None:
    """How many registrations a deed made seated, waiting, refused and so on: only a summary tells it. What it concerned
    and left as it was, such as who gave up their seat meanwhile, counts in `concerned` alone."""
    if row["subject_type"] != Subject.SESSION or row["recipient"] != Recipient.TRAINING_ORGANISATION:
        return None
    counts = Counter[str]()
    for told in published["outcomes"] or ():
        counts[told["seat"] if told["status"] == Status.ACCEPTED and told["seat"] else told["status"]] += told["number"]
    return {"concerned": data.get("concerned", 0), **{name: counts[name] for name in (*Seat, *Status)}}
