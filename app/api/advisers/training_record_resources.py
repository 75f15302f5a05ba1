"""The training record, as the contract shows it (api.md, Advisers)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.api.http.fields.field_types import (
    BucketName,
    Count,
    DisplayText,
    ModuleCodeText,
    Motive,
    PolicyVersion,
    RuleName,
    Uri,
)
from app.api.registrations.registration_resources import Reasons, reason_resource
from app.domain.decisions.entitlements import Bucket, Category
from app.domain.facts.certification import NextAttemptPayer
from app.domain.record.exam_presentations import Presentation, PresentationStatus
from app.domain.record.missed_sessions import Consequence, MissedSession
from app.domain.record.obligations import Obligation, ObligationStatus
from app.domain.record.training_record import Entitlement, TrainingRecord
from app.persistence.engine.driver_types import Row
from app.wording.languages import Language
from app.wording.training_records import consequence_sentence, replacement_sentence

MAX_RECORD_ITEMS = 1000  # of rights, obligations or exams: one or two a year
REPLACEMENT_DESCRIPTION = (
    "Où demander le duplicata d’un certificat obtenu et perdu ; null quand les textes publiés ne le disent pas."
)


@dataclass(frozen=True, slots=True)
class RecordViewer:
    """What the caller may see: these registrations, the others being counted, not named; what anybody but a training
    organisation (`owner`) may; the words in this language; links from this base."""

    registrations: frozenset[UUID]
    owner: UUID | None
    language: Language
    base_url: str


class InPostResource(TypedDict):
    """`reasons` dit ce que l’employeur doit encore faire, même quand un contrat couvre le jour.

    Un organisme de formation n’y lit que les contrats qui couvrent le premier jour de ses sessions : `value` est faux,
    sans motif, un jour où seul un autre contrat court.
    """

    value: bool
    contract_id: UUID | None
    reasons: Reasons


class InitialTrainingStateResource(TypedDict):
    """L’entrée en formation initiale et sa fin, ou la qualification qui en dispense."""

    entered_on: date | None
    ended_on: Annotated[date | None, Field(description="De là courent les délais des examens.")]
    exempt: bool
    exempted_by: ModuleCodeText | None


class EntitlementResource(TypedDict):
    """Un droit : `used` compte chaque unité tenue, sessions à venir comprises."""

    bucket: BucketName
    units: Count
    used: Count
    reserved_by: Annotated[
        list[UUID], Field(max_length=MAX_RECORD_ITEMS, description="Les inscriptions qui tiennent une unité.")
    ]
    valid_from: date
    valid_until: date | None
    rule: RuleName


class ObligationResource(TypedDict):
    """Ce qui doit être suivi dans une période. Une alerte, jamais un blocage."""

    period: BucketName
    required: Count
    followed: Count
    due_on: date
    status: ObligationStatus


class PresentationResource(TypedDict):
    """Un examen à présenter après la formation initiale."""

    qualification: ModuleCodeText
    status: PresentationStatus
    due_on: date
    next_attempt_payer: Annotated[
        NextAttemptPayer | None, Field(description="Qui paie la prochaine présentation ; null une fois obtenu.")
    ]
    replacement: Annotated[DisplayText | None, Field(description=REPLACEMENT_DESCRIPTION)]


class MissedSessionResource(TypedDict):
    """Une session manquée sans justification, et ce qu’il en coûte."""

    registration_id: UUID
    module_code: ModuleCodeText
    session_starts_on: date
    entitlement: Annotated[BucketName | None, Field(description="Le droit consommé.")]
    consequence: Consequence
    label: DisplayText
    rule: RuleName


class CarriedResource(TypedDict):
    """Un report de droit : pourquoi, qui l’a décidé, quand, et ses limites.

    `motive` et `decided_by` sont null pour un organisme de formation. `valid_from` et `valid_until` sont null quand le
    dossier ne donne plus le droit d’où venait le report.
    """

    id: UUID
    bucket: BucketName
    units: Count
    motive: Motive | None
    decided_on: date
    decided_by: UUID | None
    valid_from: date | None
    valid_until: date | None


class RecordLinksResource(TypedDict):
    """Où lire ce dossier, et où le voir en image."""

    self: Uri
    picture: Uri


class TrainingRecordResource(TypedDict):
    """Ce que les règles voient d’un conseiller un jour donné."""

    adviser_id: UUID
    on: date
    category: Category
    in_post: InPostResource
    initial_training: InitialTrainingStateResource
    entitlements: Annotated[list[EntitlementResource], Field(max_length=MAX_RECORD_ITEMS)]
    obligations: Annotated[list[ObligationResource], Field(max_length=MAX_RECORD_ITEMS)]
    certifications: Annotated[list[PresentationResource], Field(max_length=MAX_RECORD_ITEMS)]
    unjustified_absences: Annotated[list[MissedSessionResource], Field(max_length=MAX_RECORD_ITEMS)]
    carry_overs: Annotated[list[CarriedResource], Field(max_length=MAX_RECORD_ITEMS)]
    policy_version: PolicyVersion
    links: RecordLinksResource


def _entitlement_resource(item: Entitlement, visible: frozenset[UUID]) -> EntitlementResource:
    return {
        "bucket": item.bucket.name,
        "units": item.bucket.units,
        "used": item.used,
        "reserved_by": [held for held in item.reserved_by if held in visible],
        "valid_from": item.bucket.opens_on,
        "valid_until": item.bucket.expires_on,
        "rule": item.bucket.rule,
    }


def presentation_resource(item: Presentation, language: Language) -> PresentationResource:
    replacement = replacement_sentence(item.qualification) if item.next_attempt_payer is None else None
    return {
        "qualification": item.qualification,
        "status": item.status,
        "due_on": item.due_on,
        "next_attempt_payer": item.next_attempt_payer,
        "replacement": replacement.in_language(language) if replacement else None,
    }


def obligation_resource(item: Obligation) -> ObligationResource:
    return {
        "period": item.period,
        "required": item.required,
        "followed": item.followed,
        "due_on": item.due_on,
        "status": item.status,
    }


def _missed_session_resource(item: MissedSession, language: Language) -> MissedSessionResource:
    registration = item.registration
    return {
        "registration_id": registration.id,
        "module_code": registration.request.module.code,
        "session_starts_on": registration.first_day,
        "entitlement": registration.entitlement,
        "consequence": item.consequence,
        "label": consequence_sentence(item.consequence).in_language(language),
        "rule": "R17",
    }


def _carry_over_resource(row: Row, right: Bucket | None, *, with_motive: bool) -> CarriedResource:
    return {
        "id": row["id"],
        "bucket": row["bucket"],
        "units": row["units"],
        "motive": row["motive"] if with_motive else None,
        "decided_on": row["decided_on"],
        "decided_by": row["decided_by"] if with_motive else None,
        "valid_from": right.opens_on if right else None,
        "valid_until": right.expires_on if right else None,
    }


def training_record_resource(
    adviser: UUID, record: TrainingRecord, carry_over_rows: Sequence[Row], viewer: RecordViewer
) -> TrainingRecordResource:
    """`carried` are the rows of what was carried over."""
    contract, visible, language = record.post.contract, viewer.registrations, viewer.language
    link = f"{viewer.base_url}/v1/advisers/{adviser}/training-record"
    return {
        "adviser_id": adviser,
        "on": record.on,
        "category": record.category,
        "in_post": {
            "value": contract is not None,
            "contract_id": contract.id if contract else None,
            "reasons": [reason_resource(refusal, language, viewer.owner) for refusal in record.post_refusals],
        },
        "initial_training": {
            "entered_on": record.entered_on,
            "ended_on": record.ended_on,
            "exempt": record.exempted_by is not None,
            "exempted_by": record.exempted_by,
        },
        "entitlements": [_entitlement_resource(item, visible) for item in record.entitlements],
        "obligations": [obligation_resource(item) for item in record.obligations],
        "certifications": [presentation_resource(item, language) for item in record.presentations],
        "unjustified_absences": [
            _missed_session_resource(item, language) for item in record.missed if item.registration.id in visible
        ],
        "carry_overs": [
            _carry_over_resource(row, record.carried.get(row["bucket"]), with_motive=viewer.owner is None)
            for row in carry_over_rows
        ],
        "policy_version": record.policy_version,
        "links": {"self": f"{link}?on={record.on}", "picture": f"{link}.svg?on={record.on}"},
    }
