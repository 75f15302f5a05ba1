"""Advisers and their training record, as the contract shows them (api.md, Advisers)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from app.api.bodies import instant, picked
from app.api.fields import (
    Address,
    Body,
    BucketName,
    CivilDate,
    Count,
    Department,
    Email,
    Id,
    ModuleCodeText,
    Motive,
    Name,
    PolicyVersion,
    RuleName,
    Version,
    check_order,
)
from app.api.registration_resources import Reasons, reason_resource
from app.domain.entitlements import Category
from app.domain.obligations import ObligationStatus
from app.domain.presentations import PresentationStatus
from app.domain.training_record import Entitlement, TrainingRecord
from app.persistence.driver import Row
from app.wording.languages import Language

LARGEST_ID = 2**53 - 1  # the largest integer every JSON reader keeps exact
LONGEST_RECORD = 1000  # of rights, obligations or exams: one or two a year

ConumId = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID)]


class InitialTrainingBody(Body):
    """L’entrée en formation initiale financée, avant ce service."""

    entered_on: CivilDate
    ended_on: CivilDate | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "InitialTrainingBody":
        check_order("entered_on", "ended_on", self.entered_on, self.ended_on)
        return self


class AdviserFields(Body):
    conum_id: Annotated[ConumId | None, Field(description="ID Conum, unique.")] = None
    first_name: Name | None = None
    last_name: Name | None = None
    email: Email | None = None
    department: Annotated[Department | None, Field(description="Code INSEE : 35, 2A, 974…")] = None
    in_scheme: Annotated[bool, Field(strict=True, description="Faux pour un médiateur hors dispositif.")] = True
    initial_training: InitialTrainingBody | None = None

    def columns(self) -> dict[str, Any]:
        history = self.initial_training
        return {
            **self.model_dump(exclude={"id", "initial_training"}),
            "initial_training_entered_on": history.entered_on if history else None,
            "initial_training_ended_on": history.ended_on if history else None,
        }


class AdviserRequest(AdviserFields):
    """Un conseiller. L’adresse électronique n’est pas une clé : plusieurs systèmes en connaissent plusieurs."""

    id: Annotated[Id | None, Field(description="Inutile : l’adresse le dit déjà.")] = None


class InitialTrainingResource(TypedDict):
    """La formation initiale suivie avant ce service."""

    entered_on: date
    ended_on: date | None


class AdviserResource(TypedDict):
    """Un conseiller. `email` est null pour un organisme de formation, qui n’en a pas besoin."""

    id: UUID
    conum_id: ConumId | None
    first_name: Name | None
    last_name: Name | None
    email: Email | None
    department: Department | None
    in_scheme: bool
    initial_training: InitialTrainingResource | None
    version: Version
    created_at: datetime
    updated_at: datetime


def adviser_resource(row: Row, *, with_contact: bool) -> AdviserResource:
    """`with_contact` shows the e-mail, which a training organisation has no need of."""
    entered_on = row["initial_training_entered_on"]
    return {
        "id": row["id"],
        "conum_id": row["conum_id"],
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "email": row["email"] if with_contact else None,
        "department": row["department"],
        "in_scheme": row["in_scheme"],
        "initial_training": {"entered_on": entered_on, "ended_on": row["initial_training_ended_on"]}
        if entered_on
        else None,
        "version": row["version"],
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


class InPostResource(TypedDict):
    """`reasons` dit ce que l’employeur doit encore faire, même quand un contrat couvre le jour."""

    value: bool
    contract_id: UUID | None
    reasons: Reasons


class InitialTrainingStateResource(TypedDict):
    """L’entrée en formation initiale, ou la qualification qui en dispense."""

    entered_on: date | None
    exempt: bool
    exempted_by: ModuleCodeText | None


class EntitlementResource(TypedDict):
    """Un droit : `used` compte chaque unité tenue, sessions à venir comprises."""

    bucket: BucketName
    units: Count
    used: Count
    reserved_by: Annotated[
        list[UUID], Field(max_length=LONGEST_RECORD, description="Les inscriptions qui tiennent une unité.")
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


class RecordLinksResource(TypedDict):
    """Où lire ce dossier, et où le voir en image."""

    self: Address
    picture: Address


class TrainingRecordResource(TypedDict):
    """Ce que les règles voient d’un conseiller un jour donné."""

    adviser_id: UUID
    on: date
    category: Category
    in_post: InPostResource
    initial_training: InitialTrainingStateResource
    entitlements: Annotated[list[EntitlementResource], Field(max_length=LONGEST_RECORD)]
    obligations: Annotated[list[ObligationResource], Field(max_length=LONGEST_RECORD)]
    certifications: Annotated[list[PresentationResource], Field(max_length=LONGEST_RECORD)]
    policy_version: PolicyVersion
    links: RecordLinksResource


def _entitlement_resource(item: Entitlement, visible: frozenset[UUID]) -> EntitlementResource:
    return {
        "bucket": item.bucket.name,
        "units": item.bucket.units,
        "used": len(item.reserved_by),
        "reserved_by": [held for held in item.reserved_by if held in visible],
        "valid_from": item.bucket.opens_on,
        "valid_until": item.bucket.expires_on,
        "rule": item.bucket.rule,
    }


def training_record_resource(
    adviser: UUID, record: TrainingRecord, visible: frozenset[UUID], base_url: str, language: Language
) -> TrainingRecordResource:
    """`visible` are the registrations that the caller may see; the others are counted, not named."""
    contract, link = record.post.contract, f"{base_url}/v1/advisers/{adviser}/training-record"
    return {
        "adviser_id": adviser,
        "on": record.on,
        "category": record.category,
        "in_post": {
            "value": contract is not None,
            "contract_id": contract.id if contract else None,
            "reasons": [reason_resource(refusal, language) for refusal in record.post_refusals],
        },
        "initial_training": {
            "entered_on": record.entered_on,
            "exempt": record.exempted_by is not None,
            "exempted_by": record.exempted_by,
        },
        "entitlements": [_entitlement_resource(item, visible) for item in record.entitlements],
        "obligations": [
            {
                "period": item.period,
                "required": item.required,
                "followed": item.followed,
                "due_on": item.due_on,
                "status": item.status,
            }
            for item in record.obligations
        ],
        "certifications": [
            {"qualification": item.qualification, "status": item.status, "due_on": item.due_on}
            for item in record.presentations
        ],
        "policy_version": record.policy_version,
        "links": {"self": f"{link}?on={record.on}", "picture": f"{link}.svg?on={record.on}"},
    }


class CarryOverRequest(Body):
    """Ce qu’un droit a encore peut être reporté à l’année suivante, sur décision du support."""

    bucket: Annotated[BucketName, Field(description="Le droit dont il reste des unités.")]
    units: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    motive: Motive
    decided_on: Annotated[CivilDate | None, Field(description="Aujourd’hui (heure de Paris) par défaut.")] = None


class CarryOverResource(TypedDict):
    """Un report de droit, et qui l’a décidé."""

    id: UUID
    adviser_id: UUID
    bucket: BucketName
    units: Annotated[int, Field(ge=1, le=100)]
    motive: Motive
    decided_on: date
    decided_by: UUID
    created_at: datetime


def carry_over_resource(row: Row) -> Mapping[str, Any]:
    return picked(row, CarryOverResource)
