"""/v1/contracts: employment, and the employer's administrative file."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query
from pydantic import Field, model_validator
from starlette.responses import Response
from typing_extensions import TypedDict
from uuid_utils.compat import uuid7

from app.api.http.bodies.json_responses import replayable_response, resource_fields, resource_response
from app.api.http.bodies.merge_patch import patched_body
from app.api.http.bodies.path_id_checks import check_id_matches_path, check_no_id
from app.api.http.fields import field_types
from app.api.http.fields.field_types import (
    CivilDate,
    Department,
    Email,
    Id,
    Motive,
    Name,
    Reference,
    Siret,
    Version,
    check_date_order,
    validation_error,
)
from app.api.http.fields.filter_types import SiretFilter
from app.api.http.pagination import Paging, equality_filters
from app.api.http.problems.problem_details import Problem
from app.api.http.request_headers import (
    IdempotencyKey,
    IfMatch,
    IfNoneMatch,
    parse_idempotency_key,
    parse_if_match,
    to_response,
)
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import AuthorisedRequest, RequireScope, Scope
from app.domain.facts.contract import ContractType, LegalForm
from app.persistence import contracts
from app.persistence.contracts import CONTRACTS
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.preconditions import Precondition
from app.use_cases.upsert_contract import upsert_contract
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/contracts", tags=["Contrats"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CONTRACTS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CONTRACTS_WRITE))]

NOT_FOUND = Sentence(fr="Aucun contrat n’a cet identifiant.", en="No contract has this identifier.")

END_DATE_MISMATCH = Sentence(
    fr="Un CDI n’a pas de ends_on, les autres contrats en ont un.",
    en="A CDI has no ends_on, the other contracts have one.",
)


class EmployerBody(field_types.RequestBody):
    """La structure employeuse. `private` ouvre la prise en charge par l’OPCO au-delà du quota."""

    siret: Annotated[Siret, Field(description="SIRET, ou RIDET de Nouvelle-Calédonie.")]
    name: Name
    legal_form: LegalForm
    department: Department | None = None
    contact_email: Email | None = None
    aidants_connect_accredited: Annotated[bool, Field(strict=True)] = False


class AdministrativeFileBody(field_types.RequestBody):
    """Ce que l’employeur a fait ; null, ce qui reste à faire."""

    ds_file_number: Reference | None = None
    contract_uploaded_on: CivilDate | None = None
    validated_on: CivilDate | None = None


class ContractRequest(field_types.RequestBody):
    """Un contrat de travail : un CDI n’a pas de fin, les autres en ont une."""

    id: Annotated[Id | None, Field(description="Inutile : l’adresse le dit déjà.")] = None
    adviser_id: Id
    type: ContractType
    starts_on: CivilDate
    ends_on: CivilDate | None = None
    terminated_on: CivilDate | None = None
    termination_motive: Motive | None = None
    renews_contract_id: Id | None = None
    employer: EmployerBody
    administrative_file: AdministrativeFileBody = AdministrativeFileBody()

    @model_validator(mode="after")
    def _dates_agree(self) -> "ContractRequest":
        if (self.type is ContractType.CDI) != (self.ends_on is None):
            raise validation_error("term", END_DATE_MISMATCH, "ends_on")
        check_date_order("starts_on", "ends_on", self.starts_on, self.ends_on)
        check_date_order("starts_on", "terminated_on", self.starts_on, self.terminated_on)
        return self

    def columns(self) -> dict[str, Any]:
        employer = {f"employer_{name}": value for name, value in self.employer.model_dump().items()}
        own = self.model_dump(exclude={"id", "employer", "administrative_file"})
        return own | employer | self.administrative_file.model_dump()


class EmployerResource(TypedDict):
    """La structure employeuse."""

    siret: Annotated[str, Field(max_length=14, pattern="^[0-9]{7,14}$", description="Sans espaces.")]
    name: Name
    legal_form: LegalForm
    department: Department | None
    contact_email: Email | None
    aidants_connect_accredited: bool


class AdministrativeFileResource(TypedDict):
    """Ce que l’employeur a fait ; null, ce qui reste à faire."""

    ds_file_number: Reference | None
    contract_uploaded_on: date | None
    validated_on: date | None


class ContractResource(TypedDict):
    """Un contrat de travail et le dossier administratif de l’employeur."""

    id: UUID
    adviser_id: UUID
    type: ContractType
    starts_on: date
    ends_on: date | None
    terminated_on: date | None
    termination_motive: Motive | None
    renews_contract_id: UUID | None
    employer: EmployerResource
    administrative_file: AdministrativeFileResource
    version: Version
    created_at: datetime
    updated_at: datetime


def contract_resource(row: Row) -> dict[str, Any]:
    """The shape of ContractResource."""
    nested = {
        "employer": {name: row[f"employer_{name}"] for name in EmployerResource.__annotations__},
        "administrative_file": resource_fields(row, AdministrativeFileResource),
    }
    return resource_fields(row, ContractResource) | nested


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

    def render(row: Row) -> ReplayableResponse:
        location = f"{authorised.service.base_url}/v1/contracts/{row['id']}"
        return replayable_response(contract_resource(row), authorised.language, status=201, location=location)

    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    row, _ = await upsert_contract(authorised.database, uuid7(), body.columns(), Precondition(), context)
    return to_response(render(row))


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
    row, is_new = await upsert_contract(
        authorised.database,
        contract_id,
        body.columns(),
        parse_if_match(if_match),
        authorised.request_context(partial(replayable_response, language=authorised.language)),
    )
    location = f"{authorised.service.base_url}/v1/contracts/{contract_id}" if is_new else None
    return to_response(
        replayable_response(
            contract_resource(row), authorised.language, status=201 if is_new else 200, location=location
        )
    )


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
    row = await _read_or_not_found(authorised, contract_id)
    response = resource_response(contract_resource(row), authorised.language, if_none_match)
    return await authorised.audit_read(response, row["adviser_id"], contract_id)


async def _read_or_not_found(authorised: AuthorisedRequest, contract: UUID) -> Row:
    row = await CONTRACTS.read(authorised.reader, contract)
    if row is None:
        raise Problem("not-found", NOT_FOUND)
    return row


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
    row = await _read_or_not_found(authorised, contract_id)
    version = parse_if_match(if_match).narrowed(row["version"])
    body = patched_body(ContractRequest, contract_resource(row), patch)
    check_id_matches_path("id", contract_id, body.id)
    changed, _ = await upsert_contract(
        authorised.database,
        contract_id,
        body.columns(),
        version,
        authorised.request_context(partial(replayable_response, language=authorised.language)),
    )
    return to_response(replayable_response(contract_resource(changed), authorised.language))
