"""What e-mails tell of published sessions, in each of the situations that change their text."""

from datetime import date
from typing import Any
from uuid import UUID

import orjson

from app.domain.events import EventType, Recipient

SESSION_ID = UUID("0199a3e2-0000-7000-8000-000000000000")
CONFIRMED = "2026-11-20T09:00:00Z"
HOURS = [
    {"on": "2026-12-15", "from": "09:00", "until": "12:30"},
    {"on": "2026-12-15", "from": "14:00", "until": "17:00"},
    {"on": "2026-12-16", "from": "09:00", "until": "12:00"},
]
FORMER: dict[str, Any] = {
    "starts_on": "2026-12-08",
    "ends_on": "2026-12-10",
    "format": "on_site",
    "hours": [],
    "place_name": "Espace des Champs Libres",
    "place_address": "10 cours des Alliés, 35000 Rennes",
    "place_department": "35",
    "link": None,
}
PLACE = {"place_name": "Hôtel de ville", "place_address": "1 place de la Mairie, 35000 Rennes"}
REMOTE: dict[str, Any] = {
    "format": "remote",
    "place_name": None,
    "place_address": None,
    "link": "https://visio.example.org/salle-7",
}
HYBRID: dict[str, Any] = REMOTE | PLACE | {"format": "hybrid"}
# Summed up once for the organisation, beside what each person is told.
SUMMARIES = (EventType.SESSION_CONFIRMED, EventType.SESSION_CANCELLED, EventType.SESSION_MOVED)


def outcome(number: int, status: str = "accepted", seat: str | None = None) -> dict[str, Any]:
    """What a deed has made of so many registrations."""
    return {"status": status, "seat": seat, "number": number}


def a_published_session(**fields: Any) -> str:
    """The JSON of `message_sessions.PUBLISHED_SESSION`: two days in Rennes, nobody convened yet."""
    return orjson.dumps(
        {
            "id": str(SESSION_ID),
            "reference": "MED-35-07",
            "starts_on": "2026-12-15",
            "ends_on": "2026-12-16",
            "hours": HOURS,
            "format": "on_site",
            "place_name": "Espace des Champs Libres",
            "place_address": "10 cours des Alliés, 35000 Rennes",
            "place_department": "35",
            "link": None,
            "version": 3,
            "updated_at": "2026-11-20T09:00:00Z",
            "confirmed_at": None,
            "cancelled_at": None,
            "cancellation_motive": None,
            "seat": "seated",
            "seat_place": None,
            "is_in_calendar": False,
            "former": None,
            "outcomes": None,
            **fields,
        }
    ).decode()


def published(seat: str | None = "seated", data: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """The columns of an e-mail about a registration to a published session; `data` is said besides by its event."""
    shown = a_published_session(**{"seat": seat, **fields})
    return {"published": shown, "data": {"session_id": str(SESSION_ID), "seat": seat, **(data or {})}}


def waiting(place: int, **data: Any) -> dict[str, Any]:
    return published("waiting", data, seat_place=place)


def summed_up(*outcomes: dict[str, Any], concerned: int, **fields: Any) -> dict[str, Any]:
    """Those of a summary."""
    data = {"concerned": concerned, "seats_waiting": fields.pop("seats_waiting", 0)}
    return {"published": a_published_session(outcomes=outcomes, **fields), "data": data}


def is_summed_up(row: dict[str, Any]) -> bool:
    """Whether an e-mail about a session sums up what was done of it."""
    return row["published"] is not None and orjson.loads(row["published"])["outcomes"] is not None


def session_row(event_type: EventType, recipient: Recipient) -> dict[str, Any]:
    """What an e-mail about a session tells, unless a situation says otherwise."""
    if event_type in SUMMARIES and recipient is Recipient.TRAINING_ORGANISATION:
        return _summary_row(event_type)
    if event_type is EventType.REGISTRATION_SEAT_GIVEN:
        return published()
    if event_type is EventType.SESSION_CONFIRMED:
        return published(confirmed_at=CONFIRMED)
    if event_type is EventType.SESSION_CANCELLED:
        return published(None, {"cancelled_because": "session_cancelled"}, cancelled_at=CONFIRMED)
    if event_type is EventType.SESSION_MOVED:
        return published(former=[FORMER])
    return {}


def _summary_row(event_type: EventType) -> dict[str, Any]:
    fields: dict[EventType, dict[str, Any]] = {
        EventType.SESSION_CONFIRMED: summed_up(
            outcome(11, seat="seated"), concerned=11, seats_waiting=2, confirmed_at=CONFIRMED
        ),
        EventType.SESSION_CANCELLED: summed_up(outcome(13, "cancelled"), concerned=13, cancelled_at=CONFIRMED),
        EventType.SESSION_MOVED: summed_up(
            outcome(9, seat="seated"),
            outcome(2, seat="waiting"),
            outcome(1, "refused"),
            outcome(2, "awaiting_choice"),
            outcome(1, "cancelled"),
            concerned=15,
            former=[FORMER],
        ),
    }
    return fields[event_type]


NOT_FUNDED = {"funding": "none", "payer": "employer", "entitlement": None}
NOTHING_HELD = {"funding": None, "payer": None, "entitlement": None}
REFUSED: dict[str, Any] = {"status": "refused", **NOTHING_HELD}
OVER_QUOTA = {"status": "awaiting_choice", **NOTHING_HELD}
PRESENT_REASON = {"rules": ["R1"], "reasons": '[{"code": "not_in_post", "detail": "contract_not_started"}]'}
SEATS = {
    "with a seat": published(),
    "with a seat in a confirmed session": published(confirmed_at=CONFIRMED),
    "waiting for a seat, the first": waiting(1),
    "waiting for a seat, the third": waiting(3),
    "waiting when it happened": published("seated", {"seat": "waiting"}),
}
PLACE_ONLY: dict[str, Any] = {**FORMER, "starts_on": "2026-12-15", "ends_on": "2026-12-16", **PLACE}

SESSION_SITUATIONS: dict[EventType, dict[str, dict[str, Any]]] = {
    EventType.REGISTRATION_ACCEPTED: SEATS
    | {"waiting, at their own expense": waiting(2, funding="none", payer="self", entitlement=None)},
    EventType.REGISTRATION_FUNDED: SEATS,
    EventType.REGISTRATION_KEPT_UNFUNDED: SEATS,
    EventType.REGISTRATION_DEROGATED: SEATS,
    EventType.REGISTRATION_RESCHEDULED: SEATS
    | {"to a session that convenes nobody yet": published(is_in_calendar=True)},
    EventType.REGISTRATION_REFUSED: {
        "after having been convened": published(None, confirmed_at=CONFIRMED, is_in_calendar=True)
    },
    EventType.REGISTRATION_OVER_QUOTA: {
        "after having been convened": published(None, confirmed_at=CONFIRMED, is_in_calendar=True)
    },
    EventType.REGISTRATION_CANCELLED: {
        "without a seat": published(None, {"cancelled_because": "no_seat"}) | {"unit": "civil_year:2026#1"},
        "without a seat, initial training": published(None, {"cancelled_because": "no_seat"})
        | {"module_kind": "initial_training"},
        "without a seat, not funded": published(None, {"cancelled_because": "no_seat"}) | {"decided_funding": None},
        "registered twice": published(None, {"cancelled_because": "duplicate_registration"}, former=[FORMER])
        | {"unit": "civil_year:2026#1"},
        "registered twice, not funded": published(None, {"cancelled_because": "duplicate_registration"})
        | {"decided_funding": None},
        "after having been convened": published(None, confirmed_at=CONFIRMED, is_in_calendar=True),
    },
    EventType.REGISTRATION_SEAT_GIVEN: {
        "in a confirmed session": published(confirmed_at=CONFIRMED),
        "at the expense of the employer": published(data=NOT_FUNDED),
        "without an employer": {"employer": None, "employer_email": None},
    },
    EventType.SESSION_CONFIRMED: {
        "one day": published(
            confirmed_at=CONFIRMED, ends_on="2026-12-15", hours=HOURS[:2], place_address=None, reference=None
        )
        | {"session_ends_on": date(2026, 12, 15)},
        "without hours": published(confirmed_at=CONFIRMED, hours=[]),
        "remote": published(confirmed_at=CONFIRMED, **REMOTE),
        "both on site and remote": published(confirmed_at=CONFIRMED, **HYBRID),
        "not funded": published(data=NOT_FUNDED, confirmed_at=CONFIRMED),
        "initial training": published(confirmed_at=CONFIRMED, data={"entitlement": None})
        | {"module_kind": "initial_training"},
        "of one": summed_up(outcome(1, seat="seated"), concerned=1, confirmed_at=CONFIRMED),
        "of some who have left since": summed_up(
            outcome(8, seat="seated"), concerned=10, seats_waiting=1, confirmed_at=CONFIRMED
        ),
    },
    EventType.SESSION_CANCELLED: {
        "with a motive": published(
            None,
            {"cancelled_because": "session_cancelled"},
            cancelled_at=CONFIRMED,
            cancellation_motive="Trop peu de personnes inscrites",
        ),
        "not funded": published(None, {"cancelled_because": "session_cancelled"}, cancelled_at=CONFIRMED)
        | {"unit": None, "decided_funding": None},
        "initial training": {"module_kind": "initial_training", "unit": None},
        "after having been convened": published(
            None,
            {"cancelled_because": "session_cancelled"},
            cancelled_at=CONFIRMED,
            confirmed_at=CONFIRMED,
            is_in_calendar=True,
        ),
        "of one": summed_up(outcome(1, "cancelled"), concerned=1, cancelled_at=CONFIRMED),
    },
    EventType.SESSION_MOVED: {
        "when convened": published(former=[FORMER], confirmed_at=CONFIRMED, is_in_calendar=True),
        "waiting for a seat": published("waiting", former=[FORMER], seat_place=2),
        "refused": published(None, REFUSED, former=[FORMER]) | PRESENT_REASON,
        "refused after having been convened": published(
            None, REFUSED, former=[FORMER], confirmed_at=CONFIRMED, is_in_calendar=True
        )
        | PRESENT_REASON,
        "refused, and the employer can do nothing": published(None, REFUSED, former=[FORMER])
        | {"rules": ["R32"], "reasons": '[{"code": "ccp1_not_obtained"}]'},
        "over quota": published(None, OVER_QUOTA, former=[FORMER]) | {"rules": ["R25", "R26"]},
        "kept": published(data=NOT_FUNDED, former=[FORMER]) | {"rules": ["R25", "R26"]},
        "to another place": published(former=[PLACE_ONLY]),
        "to another place, refused": published(None, REFUSED, former=[PLACE_ONLY]) | PRESENT_REASON,
        "to another place, over quota": published(None, OVER_QUOTA, former=[PLACE_ONLY]) | {"rules": ["R25", "R26"]},
        "to other hours": published(former=[{**PLACE_ONLY, "place_name": "Espace des Champs Libres",
            "place_address": "10 cours des Alliés, 35000 Rennes"}], confirmed_at=CONFIRMED, is_in_calendar=True),
        "and remote": published(former=[FORMER], **REMOTE),
        "no employer address": {"employer_email": None},
        "after the fact": published(data={"recorded_after_the_fact": True}, former=[FORMER], confirmed_at=CONFIRMED),
        "of one": summed_up(outcome(1, seat="seated"), concerned=1, former=[PLACE_ONLY]),
    },
}  # fmt: skip
