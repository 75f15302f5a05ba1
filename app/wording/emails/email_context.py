"""What the templates of e-mails about advisers and registrations name, as each recipient is told it."""

from datetime import date
from typing import Any

import orjson

from app.domain.decisions.admission import Outcome
from app.domain.events import EventType, Recipient
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.contract import LegalForm
from app.domain.facts.module import ModuleKind
from app.domain.facts.policy import last_reply
from app.domain.facts.registration import Chooser, Funding, Payer, Status
from app.persistence.engine.driver_types import Row
from app.wording.dates import format_day, format_period
from app.wording.decision_summaries import entitlement_phrase
from app.wording.emails.email_labels import ACTOR_LABELS, CHOOSER_LABELS, EXAM_RESULT_LABELS, PAYER_LABELS
from app.wording.emails.email_rules import DECISION_EVENTS, REFUSALS_ADAPTER, rules_of_event
from app.wording.emails.reminder_context import reminder_context
from app.wording.published_rules import published_texts, rule_sentences
from app.wording.refusal_labels import refusal_label
from app.wording.refusal_remedies import how_to_fix


def email_context(row: Row) -> dict[str, Any]:
    """Of a row of `messages.EMAIL_CONTEXT`. Instead of a name that is no longer known stands what it named."""
    data: dict[str, Any] = orjson.loads(row["data"])
    event_type, recipient = EventType(row["type"]), Recipient(row["recipient"])
    names = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    first_day = date.fromisoformat(data["session_starts_on"]) if "session_starts_on" in data else None
    rules = rules_of_event(event_type, row, data)
    return {
        "recipient": recipient.value,
        "reference": row["registration_id"],
        "first_name": row["first_name"],
        "adviser": names or "un conseiller numérique",
        "has_adviser_address": bool(row["adviser_email"]),
        "has_employer_address": bool(row["employer_email"]),
        "employer": row["employer"],
        "organisation": row["organisation"] or "l’organisme de formation",
        "module": row["module"],
        "is_thematic": row["module_kind"] == ModuleKind.THEMATIC,
        "session": format_period(first_day, max(first_day, row["session_ends_on"] or first_day)) if first_day else None,
        "place": row["session_place"],
        **_outcome_context(row, data, recipient),
        "chooser": _chooser(row, data, recipient),
        **_deadline_context(row, event_type, first_day),
        **_exam_result_context(row, data),
        **_carry_over_context(event_type, data),
        **reminder_context(data, row["exam_titles"]),
        "refusals": _refusal_contexts(row["reasons"], recipient),
        "rules": rule_sentences(rules),
        "texts": published_texts(rules),
        "is_automatic": event_type in DECISION_EVENTS and row["automatic"],
    }


def _outcome_context(row: Row, data: dict[str, Any], recipient: Recipient) -> dict[str, Any]:
    """What was decided of a registration, and who pays."""
    payer, right = data.get("payer"), data.get("entitlement")
    return {
        "cause": row["cause"],
        "status": data.get("status"),
        "is_funded": data.get("funding") == Funding.STATE,
        "was_funded": row["unit"] is not None,
        "was_over_quota": row["outcome"] == Outcome.OVER_QUOTA,
        "right": entitlement_phrase(right).fr if right else None,
        "at_expense": PAYER_LABELS[recipient].get(Payer(payer)) if payer else None,
        "payer": payer,
        "is_private": row["legal_form"] == LegalForm.PRIVATE,
        "is_justified": data.get("status") == Status.ABSENT_JUSTIFIED,
        "hours": row["positioning_hours"],
        "tested_on": format_day(row["positioning_taken_on"]).fr if row["positioning_taken_on"] else None,
    }


def _chooser(row: Row, data: dict[str, Any], recipient: Recipient) -> str | None:
    """Who chose in the place of the adviser; None when the adviser did, and when it is not known."""
    chooser = Chooser(data.get("chosen_by", Chooser.ADVISER))
    if chooser is not Chooser.TRAINING_ORGANISATION:
        return CHOOSER_LABELS.get(chooser)
    if recipient is Recipient.TRAINING_ORGANISATION:
        return "votre organisme de formation"
    return row["organisation"] or "l’organisme de formation"


def _deadline_context(row: Row, event_type: EventType, first_day: date | None) -> dict[str, Any]:
    """The last day to answer, and whether the event happened after it."""
    if first_day is None:
        return {"until": None, "is_late": False}
    days = row["reply_days"] if event_type is EventType.REGISTRATION_OVER_QUOTA else None
    until = last_reply(days, first_day, row["occurred_on"])
    return {"until": format_day(until).fr, "is_late": row["occurred_on"] > until}


def _exam_result_context(row: Row, data: dict[str, Any]) -> dict[str, Any]:
    """The result of an exam."""
    if "outcome" not in data:
        return {}
    return {
        "qualification": row["qualification"],
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
    }


def _refusal_contexts(stored: str | None, recipient: Recipient) -> list[dict[str, Any]]:
    """Only the adviser is told when a contract ended: another reader may not know of that contract."""
    refusals = REFUSALS_ADAPTER.validate_json(stored or "[]")
    if recipient is not Recipient.ADVISER:
        refusals = tuple(refusal.without_last_day() for refusal in refusals)
    return [
        {
            "label": refusal_label(refusal).fr,
            "fix": how_to_fix(refusal).fr,
            "actor": refusal.code.who_acts.value,
            "who": ACTOR_LABELS[recipient].get(refusal.code.who_acts, "personne, ce motif ne peut pas être levé"),
            "is_regularisable": refusal.code.is_regularisable,
        }
        for refusal in refusals
    ]
