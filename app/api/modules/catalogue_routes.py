"""/v1/modules and /v1/training-organisations: what can be followed, and with whom."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Path
from pydantic import Field, model_validator
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.bodies.json_responses import replayable_response, resource_fields, resource_response
from app.api.http.bodies.path_id_checks import check_id_matches_path
from app.api.http.fields import field_types
from app.api.http.fields.field_types import (
    CivilDate,
    Email,
    Hours,
    Id,
    ModuleCodeText,
    Name,
    Version,
    check_date_order,
    validation_error,
)
from app.api.http.pagination import Paging
from app.api.http.problems.problem_details import Problem
from app.api.http.request_headers import IfMatch, IfNoneMatch, parse_if_match, to_response
from app.api.http.routing import StrictRoute, page_model
from app.api.identity.authorisation import AuthorisedRequest, RequireScope, Scope
from app.domain.facts.module import ModuleKind, Prerequisite
from app.domain.facts.session import SessionFormat
from app.domain.facts.training_organisation import Territory
from app.persistence.catalogue import MODULES, TRAINING_ORGANISATIONS
from app.persistence.engine.driver_types import Row
from app.persistence.engine.upsert import ResourceTable
from app.use_cases.upsert_catalogue import upsert_row
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1", tags=["Catalogue"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CATALOGUE_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CATALOGUE_WRITE))]
ModuleCodePath = Annotated[
    str, Path(max_length=60, pattern="^[a-z0-9]+(-[a-z0-9]+)*$", description="Le code du module, comme `cafe-ia`.")
]
OrganisationIdPath = Annotated[Id, Path(description="L’identifiant de l’organisme de formation.")]
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
    def _agrees(self) -> "ModuleRequest":
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


async def _upsert(
    authorised: AuthorisedRequest,
    kept: ResourceTable,
    key: object,
    values: Mapping[str, Any],
    *,
    if_match: str | None,
    resource: Callable[[Row], dict[str, Any]],
) -> Response:
    context = authorised.request_context(partial(replayable_response, language=authorised.language))
    row, is_new = await upsert_row(
        authorised.database, kept, key, values, precondition=parse_if_match(if_match), context=context
    )
    path = "modules" if kept is MODULES else "training-organisations"
    location = f"{authorised.service.base_url}/v1/{path}/{key}" if is_new else None
    return to_response(
        replayable_response(resource(row), authorised.language, status=201 if is_new else 200, location=location)
    )


async def _read_or_not_found(authorised: AuthorisedRequest, kept: ResourceTable, key: object) -> Row:
    row = await kept.read(authorised.reader, key)
    if row is None:
        detail = Sentence(fr="Le catalogue n’a rien de ce nom.", en="The catalogue has nothing of this name.")
        raise Problem("not-found", detail)
    return row


@router.put(
    "/modules/{code}",
    operation_id="putModule",
    summary="Créer ou remplacer un module",
    response_model=ModuleResource,
    responses={201: {"description": "Créé", "model": ModuleResource}},
)
async def put_module(
    code: ModuleCodePath, body: ModuleRequest, authorised: WriteAccess, if_match: IfMatch = None
) -> Response:
    """Les décisions déjà prises ne changent pas."""
    check_id_matches_path("code", code, body.code)
    values = body.model_dump(exclude={"code"})
    return await _upsert(authorised, MODULES, code, values, if_match=if_match, resource=module_resource)


@router.get(
    "/modules",
    operation_id="listModules",
    summary="Lister les modules",
    response_model=page_model(ModuleResource),
)
async def list_modules(authorised: ReadAccess, paging: Paging) -> Response:
    """Par code."""
    return await paging.respond(authorised, MODULES.list_page, [], module_resource)


@router.get(
    "/modules/{code}",
    operation_id="getModule",
    summary="Lire un module",
    response_model=ModuleResource,
)
async def get_module(code: ModuleCodePath, authorised: ReadAccess, if_none_match: IfNoneMatch = None) -> Response:
    """Une formation du catalogue."""
    return resource_response(
        module_resource(await _read_or_not_found(authorised, MODULES, code)), authorised.language, if_none_match
    )


@router.put(
    "/training-organisations/{organisation_id}",
    operation_id="putTrainingOrganisation",
    summary="Créer ou remplacer un organisme de formation",
    response_model=TrainingOrganisationResource,
    responses={201: {"description": "Créé", "model": TrainingOrganisationResource}},
)
async def put_training_organisation(
    organisation_id: OrganisationIdPath,
    body: TrainingOrganisationRequest,
    authorised: WriteAccess,
    if_match: IfMatch = None,
) -> Response:
    """Ce qu’il délivre décide du motif `territory_not_covered`."""
    check_id_matches_path("id", organisation_id, body.id)
    deliveries = orjson.dumps([delivery.model_dump() for delivery in body.deliveries]).decode()
    values = {"name": body.name, "email": body.email, "deliveries": deliveries}
    return await _upsert(
        authorised,
        TRAINING_ORGANISATIONS,
        organisation_id,
        values,
        if_match=if_match,
        resource=training_organisation_resource,
    )


@router.get(
    "/training-organisations",
    operation_id="listTrainingOrganisations",
    summary="Lister les organismes de formation",
    response_model=page_model(TrainingOrganisationResource),
)
async def list_training_organisations(authorised: ReadAccess, paging: Paging) -> Response:
    """Dans l’ordre des identifiants."""
    return await paging.respond(authorised, TRAINING_ORGANISATIONS.list_page, [], training_organisation_resource)


@router.get(
    "/training-organisations/{organisation_id}",
    operation_id="getTrainingOrganisation",
    summary="Lire un organisme de formation",
    response_model=TrainingOrganisationResource,
)
async def get_training_organisation(
    organisation_id: OrganisationIdPath, authorised: ReadAccess, if_none_match: IfNoneMatch = None
) -> Response:
    """Ce qu’il délivre, et où."""
    row = await _read_or_not_found(authorised, TRAINING_ORGANISATIONS, organisation_id)
    return resource_response(training_organisation_resource(row), authorised.language, if_none_match)
