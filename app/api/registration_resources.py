"""Registrations as the contract shows them (api.md, Registrations)."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any, NotRequired
from uuid import UUID

import orjson
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from app.api.bodies import instant
from app.api.pages import Pagination
from app.domain.admission import Outcome
from app.domain.proceedings import Cause
from app.domain.refusals import Absence, Actor, Reason, Refusal
from app.domain.registration import Choice, Funding, Payer, Status
from app.domain.session import SessionFormat
from app.persistence.driver import Row
from app.wording.refusals import how_to_fix, label
from app.wording.summaries import summary_of_decision

REASONS: TypeAdapter[tuple[Refusal, ...]] = TypeAdapter(tuple[Refusal, ...])
DISTINCT_REASONS_REMEMBERED = 2048
DISTINCT_SUMMARIES_REMEMBERED = 512


class SessionResource(TypedDict):
    starts_on: date
    ends_on: date
    format: SessionFormat
    place: str | None
    reference: str | None


class ReasonResource(TypedDict):
    """Un motif : ce qui manque, comment le lever, qui doit agir, et la règle."""

    code: Reason
    detail: Absence | None
    label: str
    regularisable: bool
    how_to_fix: str
    who_acts: Actor
    rule: str


class DecisionResource(TypedDict):
    """La dernière décision ; `automatic` dit qu’elle a été prise par les règles, sans intervention humaine."""

    id: UUID
    outcome: Outcome
    automatic: bool
    decided_at: datetime
    policy_version: str
    rules: list[str]
    reasons: list[ReasonResource]
    summary: str


class ChoiceResource(TypedDict):
    choice: Choice
    payers: NotRequired[list[Payer]]


class PositioningTestResource(TypedDict):
    taken_on: date
    hours: int


class LinksResource(TypedDict):
    self: str
    decisions: str


class RegistrationResource(TypedDict):
    """Une inscription. `choices` n’est rempli que tant que le choix du conseiller est attendu."""

    id: UUID
    adviser_id: UUID
    module_code: str
    training_organisation_id: UUID
    session: SessionResource
    requested_on: date
    employer_agreement: bool
    status: Status
    funding: Funding | None
    payer: Payer | None
    entitlement: str | None
    decision: DecisionResource
    choices: list[ChoiceResource]
    positioning_test: PositioningTestResource | None
    cancelled_on: date | None
    version: int
    created_at: datetime
    updated_at: datetime
    links: LinksResource


class PastDecisionResource(DecisionResource):
    """Une décision passée : sa cause, qui l’a prise et les faits qu’elle a lus."""

    cause: Cause
    decided_by: UUID
    funding: Funding | None
    entitlement: str | None
    facts: dict[str, Any]


class DecisionsResource(TypedDict):
    data: list[PastDecisionResource]
    pagination: Pagination


class PreviewResource(TypedDict):
    """Ce que la demande recevrait, sans rien enregistrer ni prévenir personne."""

    outcome: Outcome
    funding: Funding | None
    entitlement: str | None
    policy_version: str
    rules: list[str]
    reasons: list[ReasonResource]
    choices: list[ChoiceResource]
    summary: str


def reason_resource(refusal: Refusal) -> ReasonResource:
    return {
        "code": refusal.code,
        "detail": refusal.detail,
        "label": label(refusal),
        "regularisable": refusal.code.is_regularisable,
        "how_to_fix": how_to_fix(refusal),
        "who_acts": refusal.code.who_acts,
        "rule": refusal.code.rule,
    }


@lru_cache(maxsize=DISTINCT_REASONS_REMEMBERED)
def reasons_of(stored: str) -> list[ReasonResource]:
    """The reasons of a decision, from the JSON it was stored with. Callers only read the list."""
    return [reason_resource(refusal) for refusal in REASONS.validate_json(stored)]


def entitlement_of(unit: str | None) -> str | None:
    return unit.rpartition("#")[0] if unit else None


def choices_of(payers: tuple[Payer, ...] | list[Payer]) -> list[ChoiceResource]:
    """What a waiting adviser may answer; nothing when no payer is offered."""
    return [{"choice": Choice.KEEP, "payers": [*payers]}, {"choice": Choice.CANCEL}] if payers else []


@lru_cache(maxsize=DISTINCT_SUMMARIES_REMEMBERED)
def _summary(outcome: str, funding: str | None, entitlement: str | None, reasons: int) -> str:
    return summary_of_decision(Outcome(outcome), Funding(funding) if funding else None, entitlement, reasons)


def decision_resource(row: Row, entitlement: str | None) -> DecisionResource:
    """`row` has the columns of a decision, its id under `decision_id`."""
    reasons = reasons_of(row["reasons"])
    return {
        "id": row["decision_id"],
        "outcome": row["outcome"],
        "automatic": row["automatic"],
        "decided_at": instant(row["decided_at"]),
        "policy_version": row["policy_version"],
        "rules": row["rules"],
        "reasons": reasons,
        "summary": _summary(row["outcome"], row["funding"], entitlement, len(reasons)),
    }


def _facts(stored: str, owner: UUID | None) -> dict[str, Any]:
    """What a decision read; a training organisation is not shown the registrations of others."""
    facts: dict[str, Any] = orjson.loads(stored)
    if owner is not None:
        others = facts["file"]["registrations"]
        facts["file"]["registrations"] = [
            item for item in others if item["request"]["organisation"]["id"] == str(owner)
        ]
    return facts


def past_decision_resource(row: Row, owner: UUID | None) -> PastDecisionResource:
    """`row` is one of the table of decisions; `owner` the training organisation that asks."""
    entitlement = entitlement_of(row["unit"])
    decision = decision_resource({**row, "decision_id": row["id"]}, entitlement)
    return {
        **decision,
        "cause": row["cause"],
        "decided_by": row["decided_by"],
        "funding": row["funding"],
        "entitlement": entitlement,
        "facts": _facts(row["facts"], owner),
    }


def registration_resource(row: Row, base_url: str) -> RegistrationResource:
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
        "decision": decision_resource(row, entitlement),
        "choices": choices_of(row["offered_payers"]) if row["status"] == Status.AWAITING_CHOICE else [],
        "positioning_test": {"taken_on": row["positioning_taken_on"], "hours": hours} if hours else None,
        "cancelled_on": row.get("cancelled_on"),
        "version": row["version"],
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
        "links": {"self": link, "decisions": f"{link}/decisions"},
    }
