"""Registrations as the contract shows them (api.md, Registrations)."""

from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, NotRequired
from uuid import UUID

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from app.api.http.bodies.json_responses import format_instant
from app.api.http.fields.field_types import (
    BucketName,
    DisplayText,
    Hours,
    ModuleCodeText,
    Name,
    PolicyVersion,
    Reference,
    RuleName,
    Uri,
    Version,
)
from app.api.identity.authorisation import AuthorisedRequest, Scope
from app.domain.decisions.admission import Outcome
from app.domain.decisions.refusals import Absence, Actor, Reason, Refusal
from app.domain.facts.registration import Choice, Funding, Payer, Status
from app.domain.facts.session import SessionFormat
from app.persistence.engine.driver_types import Row
from app.wording.decision_summaries import decision_summary
from app.wording.languages import Language, Sentence
from app.wording.refusal_labels import refusal_label
from app.wording.refusal_remedies import how_to_fix

REFUSALS_ADAPTER: TypeAdapter[tuple[Refusal, ...]] = TypeAdapter(tuple[Refusal, ...])
REASONS_CACHE_SIZE = 2048
SUMMARIES_CACHE_SIZE = 512
MAX_RULES = 40  # of all that are numbered


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
    label: DisplayText
    regularisable: bool
    how_to_fix: DisplayText
    who_acts: Actor
    rule: RuleName


Reasons = Annotated[list[ReasonResource], Field(max_length=len(Reason))]
Rules = Annotated[list[RuleName], Field(max_length=MAX_RULES, description="Les règles appliquées.")]


class DecisionResource(TypedDict):
    """La dernière décision ; `automatic` dit qu’elle a été prise par les règles, sans intervention humaine."""

    id: UUID
    outcome: Outcome
    automatic: bool
    decided_at: datetime
    policy_version: PolicyVersion
    rules: Rules
    reasons: Reasons
    summary: DisplayText


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
    """Où lire l’inscription, toutes ses décisions et, pour qui peut les suivre, les courriels envoyés à son sujet."""

    self: Uri
    decisions: Uri
    messages: NotRequired[Uri]


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


class PreviewResource(TypedDict):
    """Ce que la demande recevrait, sans rien enregistrer ni prévenir personne."""

    outcome: Outcome
    funding: Funding | None
    entitlement: BucketName | None
    policy_version: PolicyVersion
    rules: Rules
    reasons: Reasons
    choices: Choices
    summary: DisplayText


def reason_resource(refusal: Refusal, language: Language, owner: UUID | None) -> ReasonResource:
    """`owner` is the training organisation that asks, None for anybody else: here and below."""
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
    """The reasons of a decision, from the JSON it was stored with. Callers only read the list."""
    return [reason_resource(refusal, language, owner) for refusal in REFUSALS_ADAPTER.validate_json(stored)]


def entitlement_of_unit(unit: str | None) -> str | None:
    return unit.rpartition("#")[0] if unit else None


def choice_resources(payers: tuple[Payer, ...] | list[Payer]) -> list[ChoiceResource]:
    """What a waiting adviser may answer; nothing when no payer is offered."""
    return [{"choice": Choice.KEEP, "payers": [*payers]}, {"choice": Choice.CANCEL}] if payers else []


@lru_cache(maxsize=SUMMARIES_CACHE_SIZE)
def _cached_summary(outcome: str, funding: str | None, entitlement: str | None, reasons: int) -> Sentence:
    return decision_summary(Outcome(outcome), Funding(funding) if funding else None, entitlement, reasons)


def decision_resource(row: Row, entitlement: str | None, language: Language, owner: UUID | None) -> DecisionResource:
    """`row` has the columns of a decision, its id under `decision_id`."""
    reasons = reasons_from_json(row["reasons"], language, owner)
    return {
        "id": row["decision_id"],
        "outcome": row["outcome"],
        "automatic": row["automatic"],
        "decided_at": format_instant(row["decided_at"]),
        "policy_version": row["policy_version"],
        "rules": row["rules"],
        "reasons": reasons,
        "summary": _cached_summary(row["outcome"], row["funding"], entitlement, len(reasons)).in_language(language),
    }


def registration_links(registration: object, base_url: str, *, with_messages: bool) -> LinksResource:
    link = f"{base_url}/v1/registrations/{registration}"
    links: LinksResource = {"self": link, "decisions": f"{link}/decisions"}
    return {**links, "messages": f"{base_url}/v1/messages?registration_id={registration}"} if with_messages else links


def registration_resource(
    row: Row, base_url: str, language: Language, owner: UUID | None, *, with_messages: bool = False
) -> RegistrationResource:
    """`row` is one of `registrations.RESOURCE`; `owner` the training organisation that asks; `with_messages` leads
    whoever may follow e-mails to its own."""
    entitlement = entitlement_of_unit(row["unit"])
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
        "decision": decision_resource(row, entitlement, language, owner),
        "choices": choice_resources(row["offered_payers"]) if row["status"] == Status.AWAITING_CHOICE else [],
        "positioning_test": {"taken_on": row["positioning_taken_on"], "hours": hours} if hours else None,
        "cancelled_on": row.get("cancelled_on"),
        "version": row["version"],
        "created_at": format_instant(row["created_at"]),
        "updated_at": format_instant(row["updated_at"]),
        "links": registration_links(row["id"], base_url, with_messages=with_messages),
    }


def registration_as_seen(row: Row, authorised: AuthorisedRequest) -> RegistrationResource:
    """As whoever asks may see it."""
    base_url, with_messages = authorised.service.base_url, authorised.has_scope(Scope.MESSAGES_READ)
    return registration_resource(row, base_url, authorised.language, authorised.owner, with_messages=with_messages)
