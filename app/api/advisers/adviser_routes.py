"""/v1/advisers: who may be registered, and what the rules see of them."""

from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from starlette.responses import Response

from app.api.advisers.adviser_schemas import (
    AdviserRequest,
    AdviserResource,
    CarryOverRequest,
    CarryOverResource,
    adviser_resource,
    carry_over_resource,
)
from app.api.advisers.training_record_resources import RecordViewer, TrainingRecordResource, training_record_resource
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, replayable_response, resource_response, to_response
from app.api.http.bodies.merge_patch import patched_body
from app.api.http.bodies.path_id_checks import check_id_matches_path, check_no_id
from app.api.http.fields import validation_messages
from app.api.http.fields.field_checks import CIVIL_DATE_PATTERN, EARLIEST_DATE, LATEST_DATE
from app.api.http.fields.field_types import DayText, Id
from app.api.http.fields.filter_types import EmailFilter
from app.api.http.pagination import Paging, parse_integers
from app.api.http.problems.problem_details import Problem, invalid_parameter
from app.api.http.request_headers import IdempotencyKey, IfMatch, IfNoneMatch, parse_idempotency_key, parse_if_match
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence.advisers import advisers, carry_overs
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.advisers.grant_carry_over import CarryOverGrant, grant_carry_over
from app.use_cases.advisers.show_training_record import show_training_record
from app.use_cases.advisers.upsert_adviser import add_adviser, upsert_adviser
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
DayParameter = Annotated[
    DayText | None,
    Query(description="Jour AAAA-MM-JJ ; aujourd’hui par défaut.", json_schema_extra={"format": "date"}),
]
CarryOverAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CARRY_OVERS_WRITE))]

NOT_FOUND = Sentence(
    fr="Aucun conseiller de votre périmètre n’a cet identifiant.",
    en="No adviser that you may see has this identifier.",
)
FILTER_NOT_ALLOWED = Sentence(
    fr="Ce filtre n’est pas ouvert aux organismes de formation.",
    en="This filter is not open to training organisations.",
)


def _adviser_as_seen(authorised: AuthorisedRequest, row: Row) -> AdviserResource:
    return adviser_resource(row, with_contact=authorised.owner is None)


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

    def render(row: Row) -> ReplayableResponse:
        location = f"{authorised.service.base_url}/v1/advisers/{row['id']}"
        return replayable_response(
            _adviser_as_seen(authorised, row), authorised.language, status=201, location=location
        )

    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    return to_response(await add_adviser(authorised.database, body.columns(), context))


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
    row, is_new = await upsert_adviser(
        authorised.database,
        adviser_id,
        body.columns(),
        parse_if_match(if_match),
        authorised.request_context(partial(replayable_response, language=authorised.language)),
    )
    location = f"{authorised.service.base_url}/v1/advisers/{adviser_id}" if is_new else None
    return to_response(
        replayable_response(
            _adviser_as_seen(authorised, row), authorised.language, status=201 if is_new else 200, location=location
        )
    )


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
    return await paging.respond(
        authorised, read, filters, lambda row: _adviser_as_seen(authorised, row), subject_column="id"
    )


@router.get(
    "/{adviser_id}",
    operation_id="getAdviser",
    summary="Lire un conseiller",
    response_model=AdviserResource,
)
async def get_adviser(adviser_id: Id, authorised: ReadAccess, if_none_match: IfNoneMatch = None) -> Response:
    """Un organisme de formation ne lit que les conseillers inscrits chez lui, sans leur adresse."""
    row = await advisers.read(authorised.reader, adviser_id, owner=authorised.owner)
    if row is None:
        raise Problem("not-found", NOT_FOUND)
    return await authorised.audit_read(
        resource_response(_adviser_as_seen(authorised, row), authorised.language, if_none_match), adviser_id
    )


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
    row = await advisers.read(authorised.reader, adviser_id, owner=authorised.owner)
    if row is None:
        raise Problem("not-found", NOT_FOUND)
    version = parse_if_match(if_match).narrowed(row["version"])
    body = patched_body(AdviserRequest, adviser_resource(row, with_contact=True), patch)
    check_id_matches_path("id", adviser_id, body.id)
    changed, _ = await upsert_adviser(
        authorised.database,
        adviser_id,
        body.columns(),
        version,
        authorised.request_context(partial(replayable_response, language=authorised.language)),
    )
    return to_response(replayable_response(_adviser_as_seen(authorised, changed), authorised.language))


@router.get(
    "/{adviser_id}/training-record",
    operation_id="getTrainingRecord",
    summary="Lire le dossier de formation",
    response_model=TrainingRecordResource,
)
async def get_training_record(
    adviser_id: Id,
    authorised: ReadAccess,
    on: DayParameter = None,
    history: Annotated[bool, Query(description="Avec les droits expirés.")] = False,  # noqa: FBT002  # a query flag
) -> Response:
    """Catégorie, poste, droits ouverts ou à venir dans l’année, obligations et examens, au jour demandé.

    Avec les absences non justifiées et ce qu’elles coûtent, et les reports de droits.
    """
    record, registrations = await show_training_record(
        authorised.database,
        adviser_id,
        on=parse_day_parameter(on),
        history=history,
        context=authorised.request_context(partial(replayable_response, language=authorised.language)),
    )
    visible_ids = frozenset(item.id for item in registrations)
    viewer = RecordViewer(visible_ids, authorised.owner, authorised.language, authorised.service.base_url)
    carry_over_rows = await carry_overs.read_all(authorised.database, adviser_id)
    resource = training_record_resource(adviser_id, record, carry_over_rows, viewer)
    return await authorised.audit_read(json_response(resource, authorised.language), adviser_id)


def parse_day_parameter(value: str | None, name: str = "on") -> date | None:
    """Of the parameter of this name. Raise Problem."""
    if value is None:
        return None
    try:
        day = date.fromisoformat(value) if CIVIL_DATE_PATTERN.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None or not EARLIEST_DATE <= day <= LATEST_DATE:
        raise invalid_parameter(name, validation_messages.DATE_PARAMETER)
    return day


@router.post(
    "/{adviser_id}/carry-overs",
    status_code=201,
    operation_id="carryOver",
    summary="Reporter un droit",
    response_model=CarryOverResource,
    responses=problem_responses("nothing-to-carry-over", "adviser-anonymised"),
)
async def post_carry_over(
    adviser_id: Id, body: CarryOverRequest, authorised: CarryOverAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Sur décision du support, après justification : ce que le droit a encore passe à l’année suivante."""
    report = CarryOverGrant(body.bucket, body.units, body.motive, body.decided_on)

    def render(row: Row) -> ReplayableResponse:
        return replayable_response(carry_over_resource(row), authorised.language, status=201)

    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    return to_response(await grant_carry_over(authorised.database, adviser_id, report, context))
