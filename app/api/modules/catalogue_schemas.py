"""Modules and training organisations: what is asked, and what is shown."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field, model_validator
from typing_extensions import TypedDict

from app.api.http.bodies.json_responses import resource_fields
from app.api.http.fields import field_types
from app.api.http.fields.field_checks import check_date_order, validation_error
from app.api.http.fields.field_types import CivilDate, Email, Hours, Id, ModuleCodeText, Name, Version
from app.domain.facts.module import ModuleKind, Prerequisite
from app.domain.facts.session import SessionFormat
from app.domain.facts.training_organisation import Territory
from app.persistence.engine.driver_types import Row
from app.wording.languages import Sentence

Formats = Annotated[list[SessionFormat], Field(min_length=1, max_length=len(SessionFormat))]

MAX_DELIVERIES = 20

ONLY_THEMATIC = Sentence(
    fr="Seul un module thématique peut être supplémentaire.", en="Only a thematic module can be supplementary."
)


class ModuleRequest(field_types.RequestBody):
    """Une formation du catalogue. `supplementary` : un droit à part, en plus du quota (Café IA)."""

    code: Annotated[ModuleCodeText | None, Field(description="Inutile : l’adresse le dit déjà.")] = None
    title: Name
    kind: ModuleKind
    hours: Hours
    formats: Formats
    open_from: CivilDate | None = None
    open_until: CivilDate | None = None
    supplementary: Annotated[bool, Field(strict=True)] = False
    prerequisite: Prerequisite = Prerequisite.NONE

    @model_validator(mode="after")
    def _fields_agree(self) -> "ModuleRequest":
        check_date_order("open_from", "open_until", self.open_from, self.open_until)
        if self.supplementary and self.kind is not ModuleKind.THEMATIC:
            raise validation_error("supplementary", ONLY_THEMATIC, "supplementary")
        return self


class ModuleResource(TypedDict):
    """Une formation du catalogue, ouverte de `open_from` à `open_until` inclus."""

    code: ModuleCodeText
    title: Name
    kind: ModuleKind
    hours: Hours
    formats: Formats
    open_from: date | None
    open_until: date | None
    supplementary: bool
    prerequisite: Prerequisite
    version: Version
    created_at: datetime
    updated_at: datetime


class DeliveryBody(field_types.RequestBody):
    """Une sorte de formation que délivre un organisme, et où."""

    kind: ModuleKind
    territory: Territory


class TrainingOrganisationRequest(field_types.RequestBody):
    """Un organisme de formation, ce qu’il délivre et où : `national` couvre l’Hexagone et l’outre-mer."""

    id: Annotated[Id | None, Field(description="Inutile : l’adresse le dit déjà.")] = None
    name: Name
    email: Email
    deliveries: Annotated[list[DeliveryBody], Field(max_length=MAX_DELIVERIES)]


class DeliveryResource(TypedDict):
    """Une sorte de formation que délivre un organisme, et où."""

    kind: ModuleKind
    territory: Territory


class TrainingOrganisationResource(TypedDict):
    """Un organisme de formation, ce qu’il délivre et où."""

    id: UUID
    name: Name
    email: Email
    deliveries: Annotated[list[DeliveryResource], Field(max_length=MAX_DELIVERIES)]
    version: Version
    created_at: datetime
    updated_at: datetime


def module_resource(row: Row) -> dict[str, Any]:
    """The shape of ModuleResource."""
    return resource_fields(row, ModuleResource)


def training_organisation_resource(row: Row) -> dict[str, Any]:
    """The shape of TrainingOrganisationResource."""
    stored = row["deliveries"]
    return resource_fields(row, TrainingOrganisationResource) | {
        "deliveries": orjson.loads(stored) if isinstance(stored, str) else stored
    }
