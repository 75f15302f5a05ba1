"""What the templates of letters name, as each reader is told it."""

from collections.abc import Sequence
from datetime import date
from typing import Any, assert_never

import orjson
from pydantic import TypeAdapter

from app.domain.decisions.admission import Outcome
from app.domain.decisions.refusals import Actor, Refusal
from app.domain.events import EventType, Recipient
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.contract import LegalForm
from app.domain.facts.module import ModuleKind
from app.domain.facts.policy import OverQuota
from app.domain.facts.registration import Chooser, Funding, Payer, Status
from app.persistence.engine.driver_types import Row
from app.wording.dates import format_day, format_period
from app.wording.decision_summaries import entitlement_phrase
from app.wording.emails.reminder_context import reminder_context
from app.wording.published_rules import published_texts, rule_sentences
from app.wording.refusals import how_to_fix, refusal_label

REFUSALS_ADAPTER: TypeAdapter[tuple[Refusal, ...]] = TypeAdapter(tuple[Refusal, ...])

ACTOR_LABELS: dict[Recipient, dict[Actor, str]] = {
    Recipient.ADVISER: {
        Actor.EMPLOYER: "votre structure employeuse",
        Actor.ADVISER: "vous",
        Actor.TRAINING_ORGANISATION: "votre organisme de formation",
    },
    Recipient.EMPLOYER: {
        Actor.EMPLOYER: "votre structure",
        Actor.ADVISER: "le conseiller numérique",
        Actor.TRAINING_ORGANISATION: "l’organisme de formation",
    },
    Recipient.TRAINING_ORGANISATION: {
        Actor.EMPLOYER: "la structure employeuse",
        Actor.ADVISER: "le conseiller numérique",
        Actor.TRAINING_ORGANISATION: "votre organisme de formation",
    },
}
PAYER_LABELS: dict[Recipient, dict[Payer, str]] = {
    Recipient.ADVISER: {
        Payer.EMPLOYER: "à la charge de votre structure employeuse",
        Payer.OPCO: "à la charge de l’opérateur de compétences (OPCO) de votre structure",
        Payer.SELF: "à votre charge",
    },
    Recipient.EMPLOYER: {
        Payer.EMPLOYER: "à la charge de votre structure",
        Payer.OPCO: "à la charge de votre opérateur de compétences (OPCO)",
        Payer.SELF: "à la charge du conseiller",
    },
    Recipient.TRAINING_ORGANISATION: {
        Payer.EMPLOYER: "à la charge de la structure employeuse",
        Payer.OPCO: "à la charge de l’opérateur de compétences (OPCO) de la structure employeuse",
        Payer.SELF: "à la charge du conseiller",
    },
}
# In the place of the adviser; an organisation is named.
CHOOSER_LABELS = {
    Chooser.PLATFORM: "La Coop de la médiation numérique",
    Chooser.ADMIN: "le support du dispositif",
}
EXAM_RESULTS = {
    CertificationOutcome.OBTAINED: ("obtenu", "R36"),
    CertificationOutcome.FAILED: ("non obtenu", "R41"),
    CertificationOutcome.ABSENT_JUSTIFIED: ("absence justifiée", "R39"),
    CertificationOutcome.ABSENT_UNJUSTIFIED: ("absence non justifiée", "R40"),
}
RULES_BY_MODULE_KIND = {
    ModuleKind.THEMATIC: "R19",
    ModuleKind.INITIAL_TRAINING: "R10",
    ModuleKind.FULL_TITLE: "R33",
}
# These tell a decision; the others tell what somebody did, or what has become possible.
DECISION_EVENTS = frozenset(
    {
        EventType.REGISTRATION_ACCEPTED,
        EventType.REGISTRATION_REFUSED,
        EventType.REGISTRATION_OVER_QUOTA,
        EventType.REGISTRATION_FUNDED,
        EventType.REGISTRATION_RESCHEDULED,
    }
)


def email_context(row: Row) -> dict[str, Any]:
    """Those of a row of `messages.LETTER`. A name that is not known any more is said as what it names."""
    data: dict[str, Any] = orjson.loads(row["data"])
    event_type, recipient = EventType(row["type"]), Recipient(row["recipient"])
    names = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    first_day = date.fromisoformat(data["session_starts_on"]) if "session_starts_on" in data else None
    rules = _rules_of_event(event_type, row, data)
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


def _rules_of_event(event_type: EventType, row: Row, data: dict[str, Any]) -> Sequence[str]:
    """Those of the decision, when one is told; else those that the event itself rests on."""
    match event_type:
        case (
            EventType.REGISTRATION_ACCEPTED
            | EventType.REGISTRATION_OVER_QUOTA
            | EventType.REGISTRATION_FUNDED
            | EventType.REGISTRATION_RESCHEDULED
        ):
            return list(row["rules"])
        case EventType.REGISTRATION_REFUSED:
            told = [refusal.code for refusal in REFUSALS_ADAPTER.validate_json(row["reasons"])]
            acts = row["recipient"] == Recipient.EMPLOYER
            return list(dict.fromkeys(code.rule for code in told if not acts or code.who_acts is Actor.EMPLOYER))
        case EventType.REGISTRATION_KEPT_UNFUNDED:
            return ["R25", "R26"]
        case EventType.REGISTRATION_CANCELLED:
            return ["R26"] if row["outcome"] == Outcome.OVER_QUOTA else ["R17"]
        case EventType.REGISTRATION_REGULARISABLE | EventType.REGISTRATION_REGULARISATION_NOTIFIED:
            return ["R6"]
        case EventType.REGISTRATION_COMPLETED:
            return [RULES_BY_MODULE_KIND[ModuleKind(row["module_kind"])]]
        case EventType.REGISTRATION_ABSENCE_RECORDED:
            return ["R17"]
        case EventType.REGISTRATION_PATH_DETERMINED:
            return ["R12"]
        case EventType.CERTIFICATION_RECORDED:
            return [EXAM_RESULTS[CertificationOutcome(data["outcome"])][1]]
        case EventType.CERTIFICATION_DUE:
            return ["R37", "R39", "R40"]
        case EventType.ENTITLEMENT_CARRIED_OVER:
            return ["R27"]
        case EventType.ENTITLEMENT_EXPIRING:
            return list(dict.fromkeys((data["rule"], "R27")))
        case EventType.ADVISER_ANONYMISED | EventType.ADVISER_RETURNED:
            return []
        case _:
            assert_never(event_type)


def _outcome_context(row: Row, data: dict[str, Any], recipient: Recipient) -> dict[str, Any]:
    """Of a registration: what was decided, and who pays."""
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
    """Who chose in the place of the adviser; None when nobody did, or nobody knows."""
    chooser = Chooser(data.get("chosen_by", Chooser.ADVISER))
    if chooser is not Chooser.TRAINING_ORGANISATION:
        return CHOOSER_LABELS.get(chooser)
    if recipient is Recipient.TRAINING_ORGANISATION:
        return "votre organisme de formation"
    return row["organisation"] or "l’organisme de formation"


def _deadline_context(row: Row, event_type: EventType, first_day: date | None) -> dict[str, Any]:
    """The last day to answer, and whether it was over when the event happened."""
    if first_day is None:
        return {"until": None, "is_late": False}
    days = row["reply_days"] if event_type is EventType.REGISTRATION_OVER_QUOTA else None
    until = OverQuota(days).last_reply(first_day, row["occurred_on"])
    return {"until": format_day(until).fr, "is_late": row["occurred_on"] > until}


def _exam_result_context(row: Row, data: dict[str, Any]) -> dict[str, Any]:
    """Of an exam."""
    if "outcome" not in data:
        return {}
    return {
        "qualification": row["qualification"],
        "result": EXAM_RESULTS[CertificationOutcome(data["outcome"])][0],
        "on": format_day(date.fromisoformat(data["on"])).fr,
        "next_payer": row["next_attempt_payer"],
    }


def _carry_over_context(event_type: EventType, data: dict[str, Any]) -> dict[str, Any]:
    """A unit carried over from a civil year is used in the next one; after a first year, the days depend on it."""
    if event_type is not EventType.ENTITLEMENT_CARRIED_OVER:
        return {}
    kind, _, year = data["bucket"].partition(":")
    return {
        "carried": entitlement_phrase(data["bucket"]).fr,
        "units": data["units"],
        "usable_in": int(year) + 1 if kind == "civil_year" else None,
    }


def _refusal_contexts(stored: str | None, recipient: Recipient) -> list[dict[str, Any]]:
    """Only the adviser is told when a contract ended: to others it may be a contract of others."""
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
