"""Registrations as a client is shown them."""

from datetime import date, datetime
from typing import Annotated, NotRequired
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import format_instant
from app.api.http.fields.field_types import (
    BucketName,
    Count,
    Hours,
    ModuleCodeText,
    Name,
    Reference,
    Uri,
    Version,
)
from app.api.identity.scopes import Scope
from app.api.registrations.decision_resources import (
    DecisionResource,
    decision_resource,
    entitlement_of_unit,
)
from app.api.registrations.registration_warnings import Warnings, warning_resources
from app.domain.facts.registration_terms import Choice, Funding, Payer, Seat, Status
from app.domain.facts.session import SessionFormat
from app.persistence.engine.driver_types import Row
from app.wording.languages import Language


class SessionResource(TypedDict):
    """Une session : son premier jour décide du droit utilisé."""

    starts_on: date
    ends_on: date
    format: SessionFormat
    place: Name | None
    reference: Reference | None


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


class SeatResource(TypedDict):
    """La place dans la session publiée : prise, ou attendue, et à quel rang (1 : la prochaine libre est la sienne)."""

    status: Seat
    place: Count | None


class RegistrationResource(TypedDict):
    """Une inscription. `choices` n’est rempli que tant que le choix du conseiller est attendu."""

    id: UUID
    adviser_id: UUID
    module_code: ModuleCodeText
    training_organisation_id: UUID
    session_id: UUID | None
    session: SessionResource
    requested_on: date
    employer_agreement: bool
    status: Status
    funding: Funding | None
    payer: Payer | None
    entitlement: BucketName | None
    decision: DecisionResource
    seat: SeatResource | None
    choices: Choices
    warnings: Warnings
    positioning_test: PositioningTestResource | None
    cancelled_on: date | None
    version: Version
    created_at: datetime
    updated_at: datetime
    links: LinksResource


def seat_resource(seat: Seat | None, place: int | None) -> SeatResource | None:
    return {"status": seat, "place": place} if seat else None


def choice_resources(payers: tuple[Payer, ...] | list[Payer]) -> list[ChoiceResource]:
    """What an adviser who is over quota may answer; nothing when no payer is offered."""
    return [{"choice": Choice.KEEP, "payers": [*payers]}, {"choice": Choice.CANCEL}] if payers else []


def registration_links(registration: object, base_url: str, *, with_messages: bool) -> LinksResource:
    link = f"{base_url}/v1/registrations/{registration}"
    links: LinksResource = {"self": link, "decisions": f"{link}/decisions"}
    return {**links, "messages": f"{base_url}/v1/messages?registration_id={registration}"} if with_messages else links


def _session_resource(row: Row) -> SessionResource:
    return {
        "starts_on": row["session_starts_on"],
        "ends_on": row["session_ends_on"],
        "format": row["session_format"],
        "place": row["session_place"],
        "reference": row["session_reference"],
    }


def registration_resource(
    row: Row, base_url: str, language: Language, owner: UUID | None, *, with_messages: bool = False
) -> RegistrationResource:
    """Of a row of `registrations.FIND`. `with_messages` adds the link to its e-mails, for whoever may read them."""
    entitlement = entitlement_of_unit(row["unit"])
    hours = row.get("positioning_hours")
    return {
        "id": row["id"],
        "adviser_id": row["adviser_id"],
        "module_code": row["module_code"],
        "training_organisation_id": row["training_organisation_id"],
        "session_id": row["session_id"],
        "session": _session_resource(row),
        "requested_on": row["requested_on"],
        "employer_agreement": row["employer_agreement"],
        "status": row["status"],
        "funding": row["funding"],
        "payer": row["payer"],
        "entitlement": entitlement,
        "decision": decision_resource(row, entitlement, language, owner),
        "seat": seat_resource(row["seat"], row["seat_place"]),
        "choices": choice_resources(row["offered_payers"]) if row["status"] == Status.AWAITING_CHOICE else [],
        "warnings": warning_resources(row.get("overlaps"), owner),
        "positioning_test": {"taken_on": row["positioning_taken_on"], "hours": hours} if hours else None,
        "cancelled_on": row.get("cancelled_on"),
        "version": row["version"],
        "created_at": format_instant(row["created_at"]),
        "updated_at": format_instant(row["updated_at"]),
        "links": registration_links(row["id"], base_url, with_messages=with_messages),
    }


def registration_as_seen(authorised: AuthorisedRequest, row: Row) -> RegistrationResource:
    """As the caller may see it."""
    base_url, with_messages = authorised.service.base_url, authorised.has_scope(Scope.MESSAGES_READ)
    return registration_resource(row, base_url, authorised.language, authorised.owner, with_messages=with_messages)
