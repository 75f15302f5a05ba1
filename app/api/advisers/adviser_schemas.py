"""Advisers: what is asked, and what is shown."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from app.api.http.bodies.json_responses import format_instant
from app.api.http.fields import validation_messages
from app.api.http.fields.field_checks import check_date_order, with_message
from app.api.http.fields.field_types import (
    CivilDate,
    Department,
    Email,
    Id,
    Name,
    RequestBody,
    Version,
)
from app.persistence.engine.driver_types import Row

MAX_CONUM_ID = 2**53 - 1  # the largest integer every JSON reader keeps exact

ConumId = Annotated[int, Field(strict=True, ge=1, le=MAX_CONUM_ID), with_message(validation_messages.CONUM_ID)]


class InitialTrainingBody(RequestBody):
    """L’entrée en formation initiale financée, avant ce service."""

    entered_on: CivilDate
    ended_on: CivilDate | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "InitialTrainingBody":
        check_date_order("entered_on", "ended_on", self.entered_on, self.ended_on)
        return self


class AdviserFields(RequestBody):
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
    """Un conseiller. `email` est null pour un organisme de formation, qui n’en a pas besoin. `anonymised_at` : depuis
    quand son identité est effacée ; null tant qu’elle ne l’est pas."""

    id: UUID
    conum_id: ConumId | None
    first_name: Name | None
    last_name: Name | None
    email: Email | None
    department: Department | None
    in_scheme: bool
    initial_training: InitialTrainingResource | None
    anonymised_at: datetime | None
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
        "anonymised_at": format_instant(row["anonymised_at"]),
        "version": row["version"],
        "created_at": format_instant(row["created_at"]),
        "updated_at": format_instant(row["updated_at"]),
    }
