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
from app.api.advisers.training_record_resources import Seen, TrainingRecordResource, training_record_resource
from app.api.http.bodies.json_responses import answer_of, said, shown
from app.api.http.bodies.merge_patch import patched
from app.api.http.bodies.path_id_checks import check_identity, check_no_identity
from app.api.http.fields import validation_messages
from app.api.http.fields.field_types import CIVIL_DATE, EARLIEST, LATEST, DayText, Id
from app.api.http.fields.filter_types import EmailAsked
from app.api.http.pagination import Paging, integers, invalid_parameter
from app.api.http.problems.problem_details import Problem
from app.api.http.request_headers import IdempotencyKey, IfMatch, IfNoneMatch, answered, checked_key, expected
from app.api.http.routing import Route, listed, problems
from app.api.identity.authorisation import Asking, Needs, Scope
from app.persistence.advisers import advisers, carry_overs
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter
from app.persistence.engine.transactions.idempotency import Answer
from app.use_cases.advisers.grant_carry_over import Report, carry_over
from app.use_cases.advisers.show_training_record import show_training_record
from app.use_cases.advisers.upsert_adviser import add_adviser, keep_adviser
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/advisers", tags=["Conseillers"], route_class=Route)

Reading = Annotated[Asking, Depends(Needs(Scope.ADVISERS_READ))]
Writing = Annotated[Asking, Depends(Needs(Scope.ADVISERS_WRITE))]
ConumIds = Annotated[
    str | None,
    Query(
        max_length=10_000,
        description="ID Conum séparés par des virgules.",
        json_schema_extra={"pattern": "^ *[0-9]{1,18} *(, *[0-9]{1,18} *)*$"},
    ),
]
On = Annotated[
    DayText | None,
    Query(description="Jour AAAA-MM-JJ ; aujourd’hui par défaut.", json_schema_extra={"format": "date"}),
]
CarryingOver = Annotated[Asking, Depends(Needs(Scope.CARRY_OVERS_WRITE))]

NOT_FOUND = Sentence(
    fr="Aucun conseiller de votre périmètre n’a cet identifiant.",
    en="No adviser that you may see has this identifier.",
)
NOT_OPEN = Sentence(
    fr="Ce filtre n’est pas ouvert aux organismes de formation.",
    en="This filter is not open to training organisations.",
)


def _resource(asking: Asking, row: Row) -> AdviserResource:
    return adviser_resource(row, with_contact=asking.owner is None)


@router.post(
    "",
    status_code=201,
    operation_id="addAdviser",
    summary="Ajouter un conseiller",
    response_model=AdviserResource,
    responses=problems("conum-id-taken"),
)
async def post_adviser(body: AdviserRequest, asking: Writing, idempotency_key: IdempotencyKey = None) -> Response:
    """L’identifiant est attribué ici ; pour choisir le vôtre, utilisez PUT."""
    check_no_identity(body.id, "PUT /v1/advisers/{id}")

    def worded(row: Row) -> Answer:
        location = f"{asking.service.base_url}/v1/advisers/{row['id']}"
        return answer_of(_resource(asking, row), asking.language, status=201, location=location)

    asked = asking.asked(worded, checked_key(idempotency_key), body)
    return answered(await add_adviser(asking.database, body.columns(), asked))


@router.put(
    "/{adviser_id}",
    operation_id="putAdviser",
    summary="Créer ou remplacer un conseiller",
    response_model=AdviserResource,
    responses=problems("conum-id-taken", "adviser-anonymised")
    | {201: {"description": "Créé", "model": AdviserResource}},
)
async def put_adviser(adviser_id: Id, body: AdviserRequest, asking: Writing, if_match: IfMatch = None) -> Response:
    """L’identifiant est choisi par l’appelant, comme celui de La Coop. `If-Match: *` : la dernière écriture gagne."""
    check_identity("id", adviser_id, body.id)
    row, is_new = await keep_adviser(
        asking.database,
        adviser_id,
        body.columns(),
        expected(if_match),
        asking.asked(partial(answer_of, language=asking.language)),
    )
    location = f"{asking.service.base_url}/v1/advisers/{adviser_id}" if is_new else None
    return answered(
        answer_of(_resource(asking, row), asking.language, status=201 if is_new else 200, location=location)
    )


@router.get(
    "",
    operation_id="listAdvisers",
    summary="Lister les conseillers",
    response_model=listed(AdviserResource),
)
async def list_advisers(
    asking: Reading,
    paging: Paging,
    conum_id: ConumIds = None,
    email: Annotated[EmailAsked | None, Query(description="L’adresse exacte, sans la casse.")] = None,
) -> Response:
    """Un organisme de formation ne voit que les conseillers inscrits chez lui, sans leur adresse."""
    filters = advisers.visible_to(asking.owner)
    if conum_id is not None:
        filters.append(Filter("{t}.conum_id = ANY({})", integers("conum_id", conum_id)))
    if email is not None:
        if asking.owner is not None:
            raise invalid_parameter("email", NOT_OPEN)
        filters.append(Filter("lower({t}.email) = lower({})", email))
    read = advisers.list_page if asking.owner is None else advisers.list_page_for_an_organisation
    return await paging.answered(asking, read, filters, lambda row: _resource(asking, row), whose="id")


@router.get(
    "/{adviser_id}",
    operation_id="getAdviser",
    summary="Lire un conseiller",
    response_model=AdviserResource,
)
async def get_adviser(adviser_id: Id, asking: Reading, if_none_match: IfNoneMatch = None) -> Response:
    """Un organisme de formation ne lit que les conseillers inscrits chez lui, sans leur adresse."""
    row = await advisers.read(asking.reader, adviser_id, owner=asking.owner)
    if row is None:
        raise Problem("not-found", NOT_FOUND)
    return await asking.showing(shown(_resource(asking, row), asking.language, if_none_match), adviser_id)


@router.patch(
    "/{adviser_id}",
    operation_id="patchAdviser",
    summary="Modifier un conseiller",
    response_model=AdviserResource,
    responses=problems("conum-id-taken", "adviser-anonymised"),
)
async def patch_adviser(
    adviser_id: Id,
    patch: Annotated[dict[str, Any], Body(examples=[{"department": "35"}])],
    asking: Writing,
    if_match: IfMatch = None,
) -> Response:
    """Fusion JSON (RFC 7396) : null efface, les autres champs restent."""
    row = await advisers.read(asking.reader, adviser_id, owner=asking.owner)
    if row is None:
        raise Problem("not-found", NOT_FOUND)
    version = expected(if_match).narrowed(row["version"])
    body = patched(AdviserRequest, adviser_resource(row, with_contact=True), patch)
    check_identity("id", adviser_id, body.id)
    changed, _ = await keep_adviser(
        asking.database, adviser_id, body.columns(), version, asking.asked(partial(answer_of, language=asking.language))
    )
    return answered(answer_of(_resource(asking, changed), asking.language))


@router.get(
    "/{adviser_id}/training-record",
    operation_id="getTrainingRecord",
    summary="Lire le dossier de formation",
    response_model=TrainingRecordResource,
)
async def get_training_record(
    adviser_id: Id,
    asking: Reading,
    on: On = None,
    history: Annotated[bool, Query(description="Avec les droits expirés.")] = False,  # noqa: FBT002  # a query flag
) -> Response:
    """Catégorie, poste, droits ouverts ou à venir dans l’année, obligations et examens, au jour demandé.

    Avec les absences non justifiées et ce qu’elles coûtent, et les reports de droits.
    """
    record, registrations = await show_training_record(
        asking.database,
        adviser_id,
        on=civil_day(on),
        history=history,
        asked=asking.asked(partial(answer_of, language=asking.language)),
    )
    visible = frozenset(item.id for item in registrations)
    seen = Seen(visible, asking.owner, asking.language, asking.service.base_url)
    carried = await carry_overs.read_all(asking.database, adviser_id)
    resource = training_record_resource(adviser_id, record, carried, seen)
    return await asking.showing(said(resource, asking.language), adviser_id)


def civil_day(value: str | None, name: str = "on") -> date | None:
    """Of the parameter of this name. Raise Problem."""
    if value is None:
        return None
    try:
        day = date.fromisoformat(value) if CIVIL_DATE.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= LATEST:
        raise invalid_parameter(name, validation_messages.DAY)
    return day


@router.post(
    "/{adviser_id}/carry-overs",
    status_code=201,
    operation_id="carryOver",
    summary="Reporter un droit",
    response_model=CarryOverResource,
    responses=problems("nothing-to-carry-over", "adviser-anonymised"),
)
async def post_carry_over(
    adviser_id: Id, body: CarryOverRequest, asking: CarryingOver, idempotency_key: IdempotencyKey = None
) -> Response:
    """Sur décision du support, après justification : ce que le droit a encore passe à l’année suivante."""
    report = Report(body.bucket, body.units, body.motive, body.decided_on)

    def worded(row: Row) -> Answer:
        return answer_of(carry_over_resource(row), asking.language, status=201)

    asked = asking.asked(worded, checked_key(idempotency_key), body)
    return answered(await carry_over(asking.database, adviser_id, report, asked))
