"""A decision and its reasons, as a client is shown them."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated
from uuid import UUID

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from app.api.http.bodies.json_responses import format_instant
from app.api.http.fields.field_types import MAX_COUNT, DisplayText, PolicyVersion, RuleName
from app.domain.decisions.admission import Outcome
from app.domain.decisions.refusals import Absence, Actor, Reason, Refusal
from app.domain.facts.registration_terms import Funding
from app.persistence.engine.driver_types import Row
from app.wording.decision_summaries import decision_summary
from app.wording.languages import Language
from app.wording.refusal_labels import refusal_label
from app.wording.refusal_remedies import how_to_fix

REFUSALS_ADAPTER: TypeAdapter[tuple[Refusal, ...]] = TypeAdapter(tuple[Refusal, ...])
REASONS_CACHE_SIZE = 2048
SUMMARIES_CACHE_SIZE = 512
MAX_RULES = 40  # more than are numbered


class ReasonResource(TypedDict):
    """Un motif : ce qui manque, comment le lever, qui doit agir, et la règle."""

    code: Reason
    detail: Absence | None
    label: DisplayText
    regularisable: bool
    how_to_fix: DisplayText
    who_acts: Actor
    rule: RuleName


Reasons = Annotated[list[ReasonResource], Field(max_length=len(Reason))]
Rules = Annotated[list[RuleName], Field(max_length=MAX_RULES, description="Les règles appliquées.")]


Waived = Annotated[list[Reason], Field(max_length=len(Reason))]
RulesVersion = Annotated[int, Field(ge=1, le=MAX_COUNT)]


class DecisionResource(TypedDict):
    """La dernière décision. `automatic` dit qu’elle a été prise par les règles, sans intervention humaine ; `waived`,
    les motifs qu’une personne a écartés. `rules_version` est celle des règles qui l’ont prise : les décisions d’une
    version antérieure sont gardées telles quelles."""

    id: UUID
    outcome: Outcome
    automatic: bool
    decided_at: datetime
    policy_version: PolicyVersion
    rules_version: RulesVersion
    rules: Rules
    waived: Waived
    reasons: Reasons
    summary: DisplayText


def reason_resource(refusal: Refusal, language: Language, owner: UUID | None) -> ReasonResource:
    """`owner` is the training organisation that asks, None for anybody else: in this module and in its callers."""
    shown = refusal if owner is None else refusal.without_last_day()
    return {
        "code": refusal.code,
        "detail": refusal.detail,
        "label": refusal_label(shown).in_language(language),
        "regularisable": refusal.code.is_regularisable,
        "how_to_fix": how_to_fix(refusal).in_language(language),
        "who_acts": refusal.code.who_acts,
        "rule": refusal.code.rule,
    }


@lru_cache(maxsize=REASONS_CACHE_SIZE)
def reasons_from_json(stored: str, language: Language, owner: UUID | None) -> list[ReasonResource]:
    """Of the JSON of a decision. The list is cached: callers must not change it."""
    return [reason_resource(refusal, language, owner) for refusal in REFUSALS_ADAPTER.validate_json(stored)]


def entitlement_of_unit(unit: str | None) -> str | None:
    """The bucket of `civil_year:2026#1`."""
    return unit.rpartition("#")[0] if unit else None


@lru_cache(maxsize=SUMMARIES_CACHE_SIZE)
def summary_text(outcome: str, funding: str | None, entitlement: str | None, reasons: int, language: Language) -> str:
    """Of the columns of a decision, its bucket and the number of its reasons."""
    summary = decision_summary(Outcome(outcome), Funding(funding) if funding else None, entitlement, reasons)
    return summary.in_language(language)


def decision_resource(row: Row, entitlement: str | None, language: Language, owner: UUID | None) -> DecisionResource:
    """`row` has the columns of a decision, its id as `decision_id`."""
    reasons = reasons_from_json(row["reasons"], language, owner)
    return {
        "id": row["decision_id"],
        "outcome": row["outcome"],
        "automatic": row["automatic"],
        "decided_at": format_instant(row["decided_at"]),
        "policy_version": row["policy_version"],
        "rules_version": row["rules_version"],
        "rules": row["rules"],
        "waived": row["waived"],
        "reasons": reasons,
        "summary": summary_text(row["outcome"], row["funding"], entitlement, len(reasons), language),
    }
