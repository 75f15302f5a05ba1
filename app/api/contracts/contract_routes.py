"""/v1/contracts: employment, and the employer's administrative file."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query
from starlette.responses import Response
from uuid_utils.compat import uuid7

from app.api.contracts.contract_schemas import ContractRequest, ContractResource, contract_resource
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import resource_response, to_response
from app.api.http.bodies.merge_patch import patched_body
from app.api.http.bodies.path_id_checks import check_id_matches_path, check_no_id
from app.api.http.bodies.resource_responses import found, resource_renderer, upsert_response
from app.api.http.fields.field_types import Id
from app.api.http.fields.filter_types import SiretFilter
from app.api.http.pagination import Paging, equality_filters
from app.api.http.request_headers import IdempotencyKey, IfMatch, IfNoneMatch, parse_idempotency_key, parse_if_match
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence import contracts
from app.persistence.contracts import CONTRACTS
from app.use_cases.preconditions import Precondition
from app.use_cases.upsert_contract import upsert_contract
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/contracts", tags=["Contrats"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CONTRACTS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CONTRACTS_WRITE))]

LOCATION = "/v1/contracts/{id}"
NOT_FOUND = Sentence(fr="Aucun contrat n’a cet identifiant.", en="No contract has this identifier.")


@router.post(
    "",
    status_code=201,
    operation_id="addContract",
    summary="Ajouter un contrat",
    response_model=ContractResource,
    responses=problem_responses("unknown-reference", "adviser-anonymised"),
)
async def post_contract(
    body: ContractRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """L’identifiant est attribué ici. Les inscriptions à venir du conseiller sont décidées à nouveau."""
    check_no_id(body.id, "PUT /v1/contracts/{id}")
    render = resource_renderer(authorised, contract_resource, status=201, location=LOCATION)
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    row, _ = await upsert_contract(authorised.database, uuid7(), body.columns(), Precondition(), context)
    return to_response(render(row))


async def _upsert(
    authorised: AuthorisedRequest, contract: UUID, body: ContractRequest, expected: Precondition
) -> Response:
    upsert = partial(upsert_contract, authorised.database, contract, body.columns(), expected)
    return await upsert_response(authorised, upsert, contract_resource, LOCATION)


@router.put(
    "/{contract_id}",
    operation_id="putContract",
    summary="Créer ou remplacer un contrat",
    response_model=ContractResource,
    responses=problem_responses("unknown-reference", "adviser-anonymised")
    | {201: {"description": "Créé", "model": ContractResource}},
)
async def put_contract(
    contract_id: Id, body: ContractRequest, authorised: WriteAccess, if_match: IfMatch = None
) -> Response:
    """L’identifiant est choisi par l’appelant. Les inscriptions à venir du conseiller sont décidées à nouveau."""
    check_id_matches_path("id", contract_id, body.id)
    return await _upsert(authorised, contract_id, body, parse_if_match(if_match))


@router.get(
    "",
    operation_id="listContracts",
    summary="Lister les contrats",
    response_model=page_model(ContractResource),
)
async def list_contracts(
    authorised: ReadAccess,
    paging: Paging,
    adviser_id: Id | None = None,
    siret: Annotated[SiretFilter | None, Query(description="SIRET, ou RIDET de Nouvelle-Calédonie.")] = None,
) -> Response:
    """Dans l’ordre des identifiants ; par date de modification avec `updated_since`."""
    filters = equality_filters(adviser_id=adviser_id, employer_siret=siret)
    return await paging.respond(
        authorised, contracts.list_page, filters, contract_resource, subject_column="adviser_id"
    )


@router.get(
    "/{contract_id}",
    operation_id="getContract",
    summary="Lire un contrat",
    response_model=ContractResource,
)
async def get_contract(contract_id: Id, authorised: ReadAccess, if_none_match: IfNoneMatch = None) -> Response:
    """Le contrat et le dossier administratif de l’employeur."""
    row = found(await CONTRACTS.read(authorised.reader, contract_id), NOT_FOUND)
    response = resource_response(contract_resource(row), authorised.language, if_none_match)
    return await authorised.audit_read(response, row["adviser_id"], contract_id)


@router.patch(
    "/{contract_id}",
    operation_id="patchContract",
    summary="Modifier un contrat",
    response_model=ContractResource,
    responses=problem_responses("unknown-reference", "adviser-anonymised"),
)
async def patch_contract(
    contract_id: Id,
    patch: Annotated[dict[str, Any], Body(examples=[{"terminated_on": "2026-06-30"}])],
    authorised: WriteAccess,
    if_match: IfMatch = None,
) -> Response:
    """Fusion JSON (RFC 7396). Les inscriptions à venir du conseiller sont décidées à nouveau."""
    row = found(await CONTRACTS.read(authorised.reader, contract_id), NOT_FOUND)
    expected = parse_if_match(if_match).narrowed(row["version"])
    body = patched_body(ContractRequest, contract_resource(row), patch)
    check_id_matches_path("id", contract_id, body.id)
    return await _upsert(authorised, contract_id, body, expected)
