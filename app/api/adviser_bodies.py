"""Advisers and their training record, as the contract shows them (api.md, Advisers)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from app.api.bodies import instant, picked
from app.api.fields import Body, CivilDate, Department, Email, Motive, Name
from app.api.registration_resources import ReasonResource, reason_resource
from app.domain.entitlements import Category
from app.domain.obligations import ObligationStatus
from app.domain.presentations import PresentationStatus
from app.domain.training_record import TrainingRecord
from app.persistence.driver import Row

LARGEST_ID = 2**53 - 1  # the largest integer every JSON reader keeps exact


class InitialTrainingBody(Body):
    """L’entrée en formation initiale financée, avant ce service."""

    entered_on: CivilDate
    ended_on: CivilDate | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "InitialTrainingBody":
        if self.ended_on is not None and self.ended_on < self.entered_on:
            raise PydanticCustomError("order", "ended_on précède entered_on")
        return self


class AdviserFields(Body):
    conum_id: Annotated[int | None, Field(strict=True, ge=1, le=LARGEST_ID, description="ID Conum, unique.")] = None
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

    id: Annotated[UUID | None, Field(description="Inutile : l’adresse le dit déjà.")] = None


class InitialTrainingResource(TypedDict):
    entered_on: date
    ended_on: date | None


class AdviserResource(TypedDict):
    id: UUID
    conum_id: int | None
    first_name: str | None
    last_name: str | None
    email: str | None
    department: str | None
    in_scheme: bool
    initial_training: InitialTrainingResource | None
    version: int
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
    reasons: list[ReasonResource]


class InitialTrainingStateResource(TypedDict):
    entered_on: date | None
    exempt: bool
    exempted_by: str | None


class EntitlementResource(TypedDict):
    """Un droit : `used` compte chaque unité tenue, sessions à venir comprises."""

    bucket: str
    units: int
    used: int
    reserved_by: list[UUID]
    valid_from: date
    valid_until: date | None
    rule: str


class ObligationResource(TypedDict):
    period: str
    required: int
    followed: int
    due_on: date
    status: ObligationStatus


class PresentationResource(TypedDict):
    qualification: str
    status: PresentationStatus
    due_on: date


class TrainingRecordResource(TypedDict):
    """Ce que les règles voient d’un conseiller un jour donné."""

    adviser_id: UUID
    on: date
    category: Category
    in_post: InPostResource
    initial_training: InitialTrainingStateResource
    entitlements: list[EntitlementResource]
    obligations: list[ObligationResource]
    certifications: list[PresentationResource]
    policy_version: str


def training_record_resource(adviser: UUID, record: TrainingRecord, visible: frozenset[UUID]) -> TrainingRecordResource:
    """`visible` are the registrations that the caller may see; the others are counted, not named."""
    contract = record.post.contract
    return {
        "adviser_id": adviser,
        "on": record.on,
        "category": record.category,
        "in_post": {
            "value": contract is not None,
            "contract_id": contract.id if contract else None,
            "reasons": [reason_resource(refusal) for refusal in record.post_refusals],
        },
        "initial_training": {
            "entered_on": record.entered_on,
            "exempt": record.exempted_by is not None,
            "exempted_by": record.exempted_by,
        },
        "entitlements": [
            {
                "bucket": item.bucket.name,
                "units": item.bucket.units,
                "used": len(item.reserved_by),
                "reserved_by": [held for held in item.reserved_by if held in visible],
                "valid_from": item.bucket.opens_on,
                "valid_until": item.bucket.expires_on,
                "rule": item.bucket.rule,
            }
            for item in record.entitlements
        ],
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
    }


class CarryOverRequest(Body):
    """Ce qu’un droit a encore peut être reporté à l’année suivante, sur décision du support."""

    bucket: Annotated[
        str,
        Field(
            pattern=r"^(first_year|civil_year:[0-9]{4}|supplementary:[a-z0-9-]{1,60}|carry_over:(first_year|civil_year:[0-9]{4}))$",
            strict=True,
            examples=["civil_year:2025"],
        ),
    ]
    units: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    motive: Motive
    decided_on: Annotated[CivilDate | None, Field(description="Aujourd’hui (heure de Paris) par défaut.")] = None


class CarryOverResource(TypedDict):
    id: UUID
    adviser_id: UUID
    bucket: str
    units: int
    motive: str
    decided_on: date
    decided_by: UUID
    created_at: datetime


def carry_over_resource(row: Row) -> Mapping[str, Any]:
    return picked(row, CarryOverResource)
