"""The rules that an e-mail gives."""

from collections.abc import Sequence
from typing import Any, assert_never

from pydantic import TypeAdapter

from app.domain.decisions.admission import Outcome
from app.domain.decisions.refusals import Actor, Refusal
from app.domain.events import EventType, Recipient
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.module import ModuleKind
from app.domain.facts.registration_terms import Status
from app.persistence.engine.driver_types import Row

REFUSALS_ADAPTER: TypeAdapter[tuple[Refusal, ...]] = TypeAdapter(tuple[Refusal, ...])

RULES_BY_MODULE_KIND = {
    ModuleKind.THEMATIC: "R19",
    ModuleKind.INITIAL_TRAINING: "R10",
    ModuleKind.FULL_TITLE: "R33",
}
RULES_BY_EXAM_RESULT = {
    CertificationOutcome.OBTAINED: "R36",
    CertificationOutcome.FAILED: "R41",
    CertificationOutcome.ABSENT_JUSTIFIED: "R39",
    CertificationOutcome.ABSENT_UNJUSTIFIED: "R40",
}
# Their e-mails tell a decision; the others tell what somebody did, or what has become possible.
DECISION_EVENTS = frozenset(
    {
        EventType.REGISTRATION_ACCEPTED,
        EventType.REGISTRATION_REFUSED,
        EventType.REGISTRATION_OVER_QUOTA,
        EventType.REGISTRATION_FUNDED,
        EventType.REGISTRATION_RESCHEDULED,
        EventType.REGISTRATION_CHOICE_REMINDED,
        EventType.SESSION_MOVED,
    }
)
# At the support desk.
DECIDED_BY_A_PERSON = frozenset(
    {
        EventType.REGISTRATION_DEROGATED,
        EventType.ENTITLEMENT_CARRIED_OVER,
        EventType.SUPPORT_REQUEST_ANSWERED,
    }
)


def rules_of_event(event_type: EventType, row: Row, data: dict[str, Any]) -> Sequence[str]:
    """The numbers of the rules of the decision, when the e-mail tells one; else of those that the event rests on."""
    match event_type:
        case (
            EventType.REGISTRATION_ACCEPTED
            | EventType.REGISTRATION_OVER_QUOTA
            | EventType.REGISTRATION_FUNDED
            | EventType.REGISTRATION_RESCHEDULED
            | EventType.REGISTRATION_CHOICE_REMINDED
        ):
            return list(row["rules"])
        case EventType.REGISTRATION_DEROGATED:
            return list(dict.fromkeys(refusal.code.rule for refusal in waived_refusals(data)))
        case EventType.REGISTRATION_REFUSED:
            return _rules_of_refusals(row)
        case EventType.REGISTRATION_KEPT_UNFUNDED:
            return ["R25", "R26"]
        case EventType.REGISTRATION_CANCELLED:
            return ["R26"] if row["outcome"] == Outcome.OVER_QUOTA and "cancelled_because" not in data else ["R17"]
        case EventType.REGISTRATION_REGULARISABLE | EventType.REGISTRATION_REGULARISATION_NOTIFIED:
            return ["R6"]
        case EventType.REGISTRATION_COMPLETED:
            return [RULES_BY_MODULE_KIND[ModuleKind(row["module_kind"])], *(["R17"] if data.get("absences") else [])]
        case EventType.REGISTRATION_ABSENCE_RECORDED | EventType.REGISTRATION_ATTENDANCE_CORRECTED:
            return ["R17"]
        case EventType.SUPPORT_REQUEST_OPENED | EventType.SUPPORT_REQUEST_ANSWERED:
            return ["R17", "R27"]
        case EventType.REGISTRATION_PATH_DETERMINED:
            return ["R12"]
        case EventType.CERTIFICATION_RECORDED:
            return [RULES_BY_EXAM_RESULT[CertificationOutcome(data["outcome"])]]
        case EventType.CERTIFICATION_ANNULLED:
            return ["R36"]
        case EventType.CERTIFICATION_DUE:
            return ["R37", "R39", "R40"]
        case EventType.ENTITLEMENT_CARRIED_OVER:
            return ["R27"]
        case EventType.ENTITLEMENT_EXPIRING:
            return list(dict.fromkeys((data["rule"], "R27")))
        case EventType.INITIAL_TRAINING_OWED:
            return ["R10"]
        case EventType.SESSION_MOVED:
            return _rules_of_move(row, data)
        case EventType.REGISTRATION_SEAT_GIVEN | EventType.SESSION_CONFIRMED:
            return [RULES_BY_MODULE_KIND[ModuleKind(row["module_kind"])], "R17"]
        case EventType.SESSION_CANCELLED:
            is_thematic = row["module_kind"] == ModuleKind.THEMATIC
            return [RULES_BY_MODULE_KIND[ModuleKind(row["module_kind"])], *(["R27"] if is_thematic else [])]
        case EventType.SESSION_PUBLISHED | EventType.SESSION_CHANGED:
            return []
        case EventType.ADVISER_ANONYMISED | EventType.ADVISER_RETURNED:
            return []
        case _:
            assert_never(event_type)


def _rules_of_move(row: Row, data: dict[str, Any]) -> list[str]:
    """An organisation is told once, of all the decisions that the new days made necessary."""
    if row["decision_id"] is None:
        return ["R1"]
    is_refused_to_employer = data["status"] == Status.REFUSED and row["recipient"] == Recipient.EMPLOYER
    return (_rules_of_refusals(row) if is_refused_to_employer else []) or list(row["rules"])


def waived_refusals(data: dict[str, Any]) -> tuple[Refusal, ...]:
    """The reasons that a derogation sets aside."""
    return REFUSALS_ADAPTER.validate_python([{"code": code} for code in data.get("waived", ())])


def _rules_of_refusals(row: Row) -> list[str]:
    """An employer is told those of the refusals that it can put right."""
    codes = [refusal.code for refusal in REFUSALS_ADAPTER.validate_json(row["reasons"])]
    if row["recipient"] == Recipient.EMPLOYER:
        codes = [code for code in codes if code.who_acts is Actor.EMPLOYER]
    return list(dict.fromkeys(code.rule for code in codes))
