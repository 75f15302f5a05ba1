"""Registrations as the contract shows them (api.md, Registrations)."""

from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, NotRequired
from uuid import UUID

import orjson
from pydantic import Field, TypeAdapter
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import instant
from app.api.fields import (
    Address,
    BucketName,
    Hours,
    ModuleCodeText,
    Name,
    PolicyVersion,
    Reference,
    RuleName,
    Said,
    Version,
)
from app.api.pages import Pagination
from app.domain.admission import Outcome
from app.domain.proceedings import Cause
from app.domain.refusals import Absence, Actor, Reason, Refusal
from app.domain.registration import Choice, Funding, Payer, Status
from app.domain.session import SessionFormat
from app.persistence.driver import Row
from app.persistence.registrations import MOST_DECISIONS
from app.wording.languages import Language, Sentence
from app.wording.refusals import how_to_fix, label
from app.wording.summaries import summary_of_decision

REASONS: TypeAdapter[tuple[Refusal, ...]] = TypeAdapter(tuple[Refusal, ...])
DISTINCT_REASONS_REMEMBERED = 2048
DISTINCT_SUMMARIES_REMEMBERED = 512
MOST_RULES = 40  # of all that are numbered


class SessionResource(TypedDict):
    """Une session : son premier jour décide du droit utilisé."""

    starts_on: date
    ends_on: date
    format: SessionFormat
    place: Name | None
    reference: Reference | None


class ReasonResource(TypedDict):
    """Un motif : ce qui manque, comment le lever, qui doit agir, et la règle."""

    code: Reason
    detail: Absence | None
    label: Said
    regularisable: bool
    how_to_fix: Said
    who_acts: Actor
    rule: RuleName


Reasons = Annotated[list[ReasonResource], Field(max_length=len(Reason))]
Rules = Annotated[list[RuleName], Field(max_length=MOST_RULES, description="Les règles appliquées.")]


class DecisionResource(TypedDict):
    """La dernière décision ; `automatic` dit qu’elle a été prise par les règles, sans intervention humaine."""

    id: UUID
    outcome: Outcome
    automatic: bool
    decided_at: datetime
    policy_version: PolicyVersion
    rules: Rules
    reasons: Reasons
    summary: Said


class ChoiceResource(TypedDict):
    """Ce que le conseiller peut répondre ; `payers`, qui peut payer quand il conserve l’inscription."""

    choice: Choice
    payers: NotRequired[Annotated[list[Payer], Field(max_length=len(Payer))]]


Choices = Annotated[list[ChoiceResource], Field(max_length=len(Choice))]


class PositioningTestResource(TypedDict):
    """Le test de positionnement, et la durée du parcours qu’il détermine."""

    taken_on: date
    hours: Hours


class LinksResource(TypedDict):
    """Où lire l’inscription, et toutes ses décisions."""

    self: Address
    decisions: Address


class RegistrationResource(TypedDict):
    """Une inscription. `choices` n’est rempli que tant que le choix du conseiller est attendu."""

    id: UUID
    adviser_id: UUID
    module_code: ModuleCodeText
    training_organisation_id: UUID
    session: SessionResource
    requested_on: date
    employer_agreement: bool
    status: Status
    funding: Funding | None
    payer: Payer | None
    entitlement: BucketName | None
    decision: DecisionResource
    choices: Choices
    positioning_test: PositioningTestResource | None
    cancelled_on: date | None
    version: Version
    created_at: datetime
    updated_at: datetime
    links: LinksResource


Facts = TypeAliasType("Facts", dict[str, Any])


class PastDecisionResource(DecisionResource):
    """Une décision passée : sa cause, qui l’a prise et les faits qu’elle a lus."""

    cause: Cause
    decided_by: UUID
    funding: Funding | None
    entitlement: BucketName | None
    facts: Facts


class DecisionsResource(TypedDict):
    """Les décisions d’une inscription, la plus récente d’abord."""

    data: Annotated[list[PastDecisionResource], Field(max_length=MOST_DECISIONS)]
    pagination: Pagination


class PreviewResource(TypedDict):
    """Ce que la demande recevrait, sans rien enregistrer ni prévenir personne."""

    outcome: Outcome
    funding: Funding | None
    entitlement: BucketName | None
    policy_version: PolicyVersion
    rules: Rules
    reasons: Reasons
    choices: Choices
    summary: Said


def reason_resource(refusal: Refusal, language: Language) -> ReasonResource:
    return {
        "code": refusal.code,
        "detail": refusal.detail,
        "label": label(refusal).said_in(language),
        "regularisable": refusal.code.is_regularisable,
        "how_to_fix": how_to_fix(refusal).said_in(language),
        "who_acts": refusal.code.who_acts,
        "rule": refusal.code.rule,
    }


@lru_cache(maxsize=DISTINCT_REASONS_REMEMBERED)
def reasons_of(stored: str, language: Language) -> list[ReasonResource]:
    """The reasons of a decision, from the JSON it was stored with. Callers only read the list."""
    return [reason_resource(refusal, language) for refusal in REASONS.validate_json(stored)]


def entitlement_of(unit: str | None) -> str | None:
    return unit.rpartition("#")[0] if unit else None


def choices_of(payers: tuple[Payer, ...] | list[Payer]) -> list[ChoiceResource]:
    """What a waiting adviser may answer; nothing when no payer is offered."""
    return [{"choice": Choice.KEEP, "payers": [*payers]}, {"choice": Choice.CANCEL}] if payers else []


@lru_cache(maxsize=DISTINCT_SUMMARIES_REMEMBERED)
def _summary(outcome: str, funding: str | None, entitlement: str | None, reasons: int) -> Sentence:
    return summary_of_decision(Outcome(outcome), Funding(funding) if funding else None, entitlement, reasons)


def decision_resource(row: Row, entitlement: str | None, language: Language) -> DecisionResource:
    """`row` has the columns of a decision, its id under `decision_id`."""
    reasons = reasons_of(row["reasons"], language)
    return {
        "id": row["decision_id"],
        "outcome": row["outcome"],
        "automatic": row["automatic"],
        "decided_at": instant(row["decided_at"]),
        "policy_version": row["policy_version"],
        "rules": row["rules"],
        "reasons": reasons,
        "summary": _summary(row["outcome"], row["funding"], entitlement, len(reasons)).said_in(language),
    }


def _facts(stored: str, owner: UUID | None) -> dict[str, Any]:
    """What a decision read; a training organisation is not shown the registrations of others, nor an earlier file."""
    facts: dict[str, Any] = orjson.loads(stored)
    if owner is not None:
        facts["file"].pop("former", None)
        others = facts["file"]["registrations"]
        facts["file"]["registrations"] = [
            item for item in others if item["request"]["organisation"]["id"] == str(owner)
        ]
    return facts


def past_decision_resource(row: Row, owner: UUID | None, language: Language) -> PastDecisionResource:
    """`row` is one of the table of decisions; `owner` the training organisation that asks."""
    entitlement = entitlement_of(row["unit"])
    decision = decision_resource({**row, "decision_id": row["id"]}, entitlement, language)
    return {
        **decision,
        "cause": row["cause"],
        "decided_by": row["decided_by"],
        "funding": row["funding"],
        "entitlement": entitlement,
        "facts": _facts(row["facts"], owner),
    }


def registration_resource(row: Row, base_url: str, language: Language) -> RegistrationResource:
    """`row` is one of `registrations.RESOURCE`."""
    entitlement = entitlement_of(row["unit"])
    link = f"{base_url}/v1/registrations/{row['id']}"
    hours = row.get("positioning_hours")
    return {
        "id": row["id"],
        "adviser_id": row["adviser_id"],
        "module_code": row["module_code"],
        "training_organisation_id": row["training_organisation_id"],
        "session": {
            "starts_on": row["session_starts_on"],
            "ends_on": row["session_ends_on"],
            "format": row["session_format"],
            "place": row["session_place"],
            "reference": row["session_reference"],
        },
        "requested_on": row["requested_on"],
        "employer_agreement": row["employer_agreement"],
        "status": row["status"],
        "funding": row["funding"],
        "payer": row["payer"],
        "entitlement": entitlement,
        "decision": decision_resource(row, entitlement, language),
        "choices": choices_of(row["offered_payers"]) if row["status"] == Status.AWAITING_CHOICE else [],
        "positioning_test": {"taken_on": row["positioning_taken_on"], "hours": hours} if hours else None,
        "cancelled_on": row.get("cancelled_on"),
        "version": row["version"],
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
        "links": {"self": link, "decisions": f"{link}/decisions"},
    }
