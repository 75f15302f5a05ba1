"""What the templates name of a registration: what was decided of it, who pays, who chose, who came."""

from datetime import date
from typing import Any

from app.domain.decisions.admission import Outcome
from app.domain.events import EventType, Recipient
from app.domain.facts.contract import LegalForm
from app.domain.facts.policy import last_reply
from app.domain.facts.registration_terms import Chooser, Funding, Payer, Status
from app.persistence.engine.driver_types import Row
from app.wording.dates import format_day
from app.wording.decision_summaries import entitlement_phrase
from app.wording.emails.email_labels import ATTENDANCE_LABELS, CHOOSER_LABELS, PAYER_LABELS

# Always told after the first day: an absence is still to be justified, and that is asked for.
ATTENDANCE_EVENTS = frozenset(
    {
        EventType.REGISTRATION_COMPLETED,
        EventType.REGISTRATION_ABSENCE_RECORDED,
        EventType.REGISTRATION_ATTENDANCE_CORRECTED,
    }
)


def outcome_context(row: Row, event_type: EventType, data: dict[str, Any], recipient: Recipient) -> dict[str, Any]:
    """What was decided, and who pays. `is_past`: it was recorded after the fact, and nobody is invited to act on it."""
    payer, right = data.get("payer"), data.get("entitlement")
    return {
        "cause": row["cause"],
        "status": data.get("status"),
        "is_past": bool(data.get("recorded_after_the_fact")) and event_type not in ATTENDANCE_EVENTS,
        "is_funded": data.get("funding") == Funding.STATE,
        "was_funded": _is_right(row["unit"]),
        "was_state_funded": row["decided_funding"] == Funding.STATE,
        "was_over_quota": row["outcome"] == Outcome.OVER_QUOTA,
        "right": entitlement_phrase(right).fr if right else None,
        "uses_right": _is_right(right),
        "at_expense": PAYER_LABELS[recipient].get(Payer(payer)) if payer else None,
        "payer": payer,
        "is_private": row["legal_form"] == LegalForm.PRIVATE,
        "hours": row["positioning_hours"],
        "tested_on": format_day(row["positioning_taken_on"]).fr if row["positioning_taken_on"] else None,
        "chooser": _chooser(row, data, recipient),
    }


def _is_right(unit: str | None) -> bool:
    """Of a bucket, or of a unit: what a derogation funds uses none of the adviser's rights."""
    return unit is not None and unit.partition("#")[0] != "derogation"


def _chooser(row: Row, data: dict[str, Any], recipient: Recipient) -> str | None:
    """Who chose in the place of the adviser; None when the adviser did, and when it is not known."""
    chooser = Chooser(data.get("chosen_by", Chooser.ADVISER))
    if chooser is not Chooser.TRAINING_ORGANISATION:
        return CHOOSER_LABELS.get(chooser)
    if recipient is Recipient.TRAINING_ORGANISATION:
        return "votre organisme de formation"
    return row["organisation"] or "l’organisme de formation"


def attendance_context(row: Row, data: dict[str, Any]) -> dict[str, Any]:
    """Who came. `is_given_back` and `is_taken_again` say what becomes of the right that the registration used."""
    status, former = data.get("status"), data.get("former_status")
    gave_back, gives_back = former == Status.ABSENT_JUSTIFIED, status == Status.ABSENT_JUSTIFIED
    return {
        "is_justified": gives_back,
        "attendance": ATTENDANCE_LABELS.get(status) if status else None,
        "former_attendance": ATTENDANCE_LABELS.get(former) if former else None,
        "is_given_back": gives_back and not gave_back and _is_right(row["unit"]),
        "is_taken_again": gave_back and not gives_back and _is_right(data.get("entitlement")),
        "absences": [
            {"day": format_day(date.fromisoformat(absence["on"])).fr, "is_justified": absence["justified"]}
            for absence in data.get("absences") or ()
        ],
    }


def deadline_context(row: Row, data: dict[str, Any], first_day: date | None) -> dict[str, Any]:
    """The last day to answer, and whether the event happened after it: a choice, until the eve at the latest; the
    notice that a refused registration is in order, until the last day of the session."""
    if first_day is None:
        return {"until": None, "is_late": False}
    if data.get("status") == Status.REFUSED:
        until = max(first_day, row["session_ends_on"] or first_day)
    else:
        days = row["reply_days"] if data.get("status") == Status.AWAITING_CHOICE else None
        until = last_reply(days, first_day, row["decided_on"] or row["occurred_on"])
    return {"until": format_day(until).fr, "is_late": row["occurred_on"] > until}
