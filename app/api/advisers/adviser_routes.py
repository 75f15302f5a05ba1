"""/v1/advisers: who may be registered."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query
from starlette.responses import Response

from app.api.advisers.adviser_schemas import AdviserRequest, AdviserResource, adviser_resource
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import resource_response, to_response
from app.api.http.bodies.merge_patch import patched_body
from app.api.http.bodies.path_id_checks import check_id_matches_path, check_no_id
from app.api.http.bodies.resource_responses import found, resource_renderer, upsert_response
from app.api.http.fields.field_types import Id
from app.api.http.fields.filter_types import EmailFilter
from app.api.http.fields.list_parameters import parse_integers
from app.api.http.pagination import Paging
from app.api.http.problems.problem_details import invalid_parameter
from app.api.http.request_headers import IdempotencyKey, IfMatch, IfNoneMatch, parse_idempotency_key, parse_if_match
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence.advisers import advisers
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter
from app.use_cases.advisers.upsert_adviser import add_adviser, upsert_adviser
from app.use_cases.preconditions import Precondition
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/advisers", tags=["Conseillers"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.ADVISERS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.ADVISERS_WRITE))]
ConumIds = Annotated[
    str | None,
    Query(
        max_length=10_000,
        description="ID Conum séparés par des virgules.",
        json_schema_extra={"pattern": "^ *[0-9]{1,18} *(, *[0-9]{1,18} *)*$"},
    ),
]

LOCATION = "/v1/advisers/{id}"
NOT_FOUND = Sentence(
    fr="Aucun conseiller de votre périmètre n’a cet identifiant.",
    en="No adviser that you may see has this identifier.",
)
FILTER_NOT_ALLOWED = Sentence(
    fr="Ce filtre n’est pas ouvert aux organismes de formation.",
    en="This filter is not open to training organisations.",
)


def _to_resource(authorised: AuthorisedRequest) -> Callable[[Row], AdviserResource]:
    """As the caller may see advisers."""
    return partial(adviser_resource, with_contact=authorised.owner is None)


@router.post(
    "",
    status_code=201,
    operation_id="addAdviser",
    summary="Ajouter un conseiller",
    response_model=AdviserResource,
    responses=problem_responses("conum-id-taken"),
)
async def post_adviser(
    body: AdviserRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """L’identifiant est attribué ici ; pour choisir le vôtre, utilisez PUT."""
    check_no_id(body.id, "PUT /v1/advisers/{id}")
    render = resource_renderer(authorised, _to_resource(authorised), status=201, location=LOCATION)
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    return to_response(await add_adviser(authorised.database, body.columns(), context))


async def _upsert(
    authorised: AuthorisedRequest, adviser: UUID, body: AdviserRequest, expected: Precondition
) -> Response:
    upsert = partial(upsert_adviser, authorised.database, adviser, body.columns(), expected)
    return await upsert_response(authorised, upsert, _to_resource(authorised), LOCATION)


@router.put(
    "/{adviser_id}",
    operation_id="putAdviser",
    summary="Créer ou remplacer un conseiller",
    response_model=AdviserResource,
    responses=problem_responses("conum-id-taken", "adviser-anonymised")
    | {201: {"description": "Créé", "model": AdviserResource}},
)
async def put_adviser(
    adviser_id: Id, body: AdviserRequest, authorised: WriteAccess, if_match: IfMatch = None
) -> Response:
    """L’identifiant est choisi par l’appelant, comme celui de La Coop. `If-Match: *` : la dernière écriture gagne."""
    check_id_matches_path("id", adviser_id, body.id)
    return await _upsert(authorised, adviser_id, body, parse_if_match(if_match))


@router.get(
    "",
    operation_id="listAdvisers",
    summary="Lister les conseillers",
    response_model=page_model(AdviserResource),
)
async def list_advisers(
    authorised: ReadAccess,
    paging: Paging,
    conum_id: ConumIds = None,
    email: Annotated[EmailFilter | None, Query(description="L’adresse exacte, sans la casse.")] = None,
) -> Response:
    """Un organisme de formation ne voit que les conseillers inscrits chez lui, sans leur adresse."""
    filters = advisers.visible_to(authorised.owner)
    if conum_id is not None:
        filters.append(Filter("{t}.conum_id = ANY({})", parse_integers("conum_id", conum_id)))
    if email is not None:
        if authorised.owner is not None:
            raise invalid_parameter("email", FILTER_NOT_ALLOWED)
        filters.append(Filter("lower({t}.email) = lower({})", email))
    read = advisers.list_page if authorised.owner is None else advisers.list_page_for_an_organisation
    return await paging.respond(authorised, read, filters, _to_resource(authorised), subject_column="id")


@router.get(
    "/{adviser_id}",
    operation_id="getAdviser",
    summary="Lire un conseiller",
    response_model=AdviserResource,
)
async def get_adviser(adviser_id: Id, authorised: ReadAccess, if_none_match: IfNoneMatch = None) -> Response:
    """Un organisme de formation ne lit que les conseillers inscrits chez lui, sans leur adresse."""
    row = found(await advisers.read(authorised.reader, adviser_id, owner=authorised.owner), NOT_FOUND)
    resource = _to_resource(authorised)(row)
    return await authorised.audit_read(resource_response(resource, authorised.language, if_none_match), adviser_id)


@router.patch(
    "/{adviser_id}",
    operation_id="patchAdviser",
    summary="Modifier un conseiller",
    response_model=AdviserResource,
    responses=problem_responses("conum-id-taken", "adviser-anonymised"),
)
async def patch_adviser(
    adviser_id: Id,
    patch: Annotated[dict[str, Any], Body(examples=[{"department": "35"}])],
    authorised: WriteAccess,
    if_match: IfMatch = None,
) -> Response:
    """Fusion JSON (RFC 7396) : null efface, les autres champs restent."""
    row = found(await advisers.read(authorised.reader, adviser_id, owner=authorised.owner), NOT_FOUND)
    expected = parse_if_match(if_match).narrowed(row["version"])
    body = patched_body(AdviserRequest, adviser_resource(row, with_contact=True), patch)
    check_id_matches_path("id", adviser_id, body.id)
    return await _upsert(authorised, adviser_id, body, expected)
