"""/v1/modules and /v1/training-organisations: what can be followed, and with whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import resource_response
from app.api.http.bodies.path_id_checks import check_id_matches_path
from app.api.http.bodies.resource_responses import ToResource, found, upsert_response
from app.api.http.fields.field_types import Id
from app.api.http.pagination import PageRequest, Paging
from app.api.http.request_headers import IfMatch, IfNoneMatch, parse_if_match
from app.api.http.routing import StrictRoute, page_model
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.modules.catalogue_schemas import (
    ModuleRequest,
    ModuleResource,
    TrainingOrganisationRequest,
    TrainingOrganisationResource,
    module_resource,
    training_organisation_resource,
)
from app.persistence.catalogue import MODULES, TRAINING_ORGANISATIONS
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
NOT_FOUND = Sentence(fr="Le catalogue n’a rien de ce nom.", en="The catalogue has nothing of this name.")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One kind of resource of the catalogue: its table, the path of one, and how it is shown."""

    table: ResourceTable
    location: str
    to_resource: ToResource

    async def upsert(
        self, authorised: AuthorisedRequest, key: object, values: Mapping[str, Any], if_match: str | None
    ) -> Response:
        precondition = parse_if_match(if_match)
        return await upsert_response(
            authorised,
            lambda context: upsert_row(
                authorised.database, self.table, key, values, precondition=precondition, context=context
            ),
            self.to_resource,
            self.location,
        )

    async def list_page(self, authorised: AuthorisedRequest, paging: PageRequest) -> Response:
        return await paging.respond(authorised, self.table.list_page, [], self.to_resource)

    async def read(self, authorised: AuthorisedRequest, key: object, if_none_match: str | None) -> Response:
        row = found(await self.table.read(authorised.reader, key), NOT_FOUND)
        return resource_response(self.to_resource(row), authorised.language, if_none_match)


MODULE_CATALOGUE = Catalogue(MODULES, "/v1/modules/{code}", module_resource)
ORGANISATION_CATALOGUE = Catalogue(
    TRAINING_ORGANISATIONS, "/v1/training-organisations/{id}", training_organisation_resource
)


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
    return await MODULE_CATALOGUE.upsert(authorised, code, body.model_dump(exclude={"code"}), if_match)


@router.get(
    "/modules",
    operation_id="listModules",
    summary="Lister les modules",
    response_model=page_model(ModuleResource),
)
async def list_modules(authorised: ReadAccess, paging: Paging) -> Response:
    """Par code."""
    return await MODULE_CATALOGUE.list_page(authorised, paging)


@router.get(
    "/modules/{code}",
    operation_id="getModule",
    summary="Lire un module",
    response_model=ModuleResource,
)
async def get_module(code: ModuleCodePath, authorised: ReadAccess, if_none_match: IfNoneMatch = None) -> Response:
    """Une formation du catalogue."""
    return await MODULE_CATALOGUE.read(authorised, code, if_none_match)


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
    return await ORGANISATION_CATALOGUE.upsert(authorised, organisation_id, values, if_match)


@router.get(
    "/training-organisations",
    operation_id="listTrainingOrganisations",
    summary="Lister les organismes de formation",
    response_model=page_model(TrainingOrganisationResource),
)
async def list_training_organisations(authorised: ReadAccess, paging: Paging) -> Response:
    """Dans l’ordre des identifiants."""
    return await ORGANISATION_CATALOGUE.list_page(authorised, paging)


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
    return await ORGANISATION_CATALOGUE.read(authorised, organisation_id, if_none_match)
