"""What the templates of e-mails about advisers and registrations name, as each recipient is told it."""

from datetime import date, timedelta
from typing import Any

import orjson

from app.domain.events import EventType, Recipient, Subject
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.module import ModuleKind
from app.persistence.engine.driver_types import Row
from app.wording.dates import format_day, format_period, in_days
from app.wording.decision_summaries import entitlement_phrase
from app.wording.emails.email_labels import EXAM_RESULT_LABELS
from app.wording.emails.email_rules import DECIDED_BY_A_PERSON, DECISION_EVENTS, rules_of_event
from app.wording.emails.outcome_context import attendance_context, deadline_context, outcome_context
from app.wording.emails.refusal_context import refusal_contexts, waived_contexts
from app.wording.emails.reminder_context import reminder_context
from app.wording.emails.session_context import session_context
from app.wording.official_sites import MODULE_CATALOGUE
from app.wording.published_rules import TRAINING_PAGE, published_texts, rule_sentences


def email_context(row: Row, base_url: str) -> dict[str, Any]:
    """Of a row of `messages.EMAIL_CONTEXT`. Instead of a name that is no longer known stands what it named."""
    data: dict[str, Any] = orjson.loads(row["data"])
    event_type, recipient = EventType(row["type"]), Recipient(row["recipient"])
    names = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    first_day = _day(data.get("session_starts_on")) or row["session_starts_on"]
    period = _period(row, data, first_day)
    rules = rules_of_event(event_type, row, data)
    session = session_context(row, event_type, data, base_url)
    tells_decision = event_type in DECISION_EVENTS and session["is_redecided"] is not False
    return {
        "recipient": recipient.value,
        "reference": row["registration_id"] or session.get("session_reference"),
        "first_name": row["first_name"],
        "adviser": names or "un conseiller numérique",
        "has_adviser_address": bool(row["adviser_email"]),
        "has_employer_address": bool(row["employer_email"]),
        "employer": row["employer"],
        "organisation": row["organisation"] or "l’organisme de formation",
        "organisation_email": row["training_organisation_email"],
        "module": row["module"],
        "kind": row["module_kind"],
        "is_thematic": row["module_kind"] == ModuleKind.THEMATIC,
        "session": period,
        "days": in_days(period) if period else None,
        **outcome_context(row, event_type, data, recipient),
        **attendance_context(row, data),
        **deadline_context(row, data, first_day),
        **_exam_result_context(row, data),
        **_carry_over_context(event_type, data),
        **_support_request_context(row, event_type, data),
        **reminder_context(data, row["exam_titles"]),
        **session,
        "refusals": refusal_contexts(row, recipient),
        "waived": waived_contexts(data, recipient),
        "rules": rule_sentences(rules),
        "texts": published_texts(rules),
        "is_automatic": tells_decision and row["automatic"],
        "is_by_person": event_type in DECIDED_BY_A_PERSON or (tells_decision and row["automatic"] is False),
        "guide": f"{base_url}/guide",
        "catalogue": MODULE_CATALOGUE,
        "training_page": TRAINING_PAGE.address,
    }


def _period(row: Row, data: dict[str, Any], first_day: date | None) -> str | None:
    if first_day is None:
        return None
    return format_period(
        first_day, max(first_day, _day(data.get("session_ends_on")) or row["session_ends_on"] or first_day)
    )


def _exam_result_context(row: Row, data: dict[str, Any]) -> dict[str, Any]:
    """The result of an exam."""
    if "qualification" not in data:
        return {}
    return {
        "qualification": row["qualification"] or data["qualification"],
        "result": EXAM_RESULT_LABELS[CertificationOutcome(data["outcome"])],
        "on": format_day(date.fromisoformat(data["on"])).fr,
        "next_payer": row["next_attempt_payer"],
    }


def _carry_over_context(event_type: EventType, data: dict[str, Any]) -> dict[str, Any]:
    """The units of a civil year are used in the next one; those of a first year have days of their own."""
    if event_type is not EventType.ENTITLEMENT_CARRIED_OVER:
        return {}
    kind, _, year = data["bucket"].partition(":")
    return {
        "carried": entitlement_phrase(data["bucket"]).fr,
        "units": data["units"],
        "usable_in": int(year) + 1 if kind == "civil_year" else None,
        "usable_from": _french_day(data.get("valid_from")),
        "usable_until": _french_day(data.get("valid_until")),
    }


def _support_request_context(row: Row, event_type: EventType, data: dict[str, Any]) -> dict[str, Any]:
    """Never its text, nor that of its answer: they may tell of somebody's health (section 5bis)."""
    if not event_type.startswith(f"{Subject.SUPPORT_REQUEST}."):
        return {}
    answered_by = row["occurred_on"] + timedelta(days=row["answer_days"]) if row["answer_days"] is not None else None
    return {
        "request": data["kind"],
        "answer": data.get("status"),
        "answered_by": format_day(answered_by).fr if answered_by else None,
        "exam": row["qualification"],
    }


def _french_day(day: str | None) -> str | None:
    return format_day(date.fromisoformat(day)).fr if day else None


def _day(day: str | None) -> date | None:
    return date.fromisoformat(day) if day else None
