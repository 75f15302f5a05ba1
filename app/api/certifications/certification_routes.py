"""/v1/certifications and /v1/qualifications: exam results, and the titles they belong to."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypeAliasType, TypedDict

from app.api.advisers.training_record_resources import REPLACEMENT_DESCRIPTION
from app.api.http.bodies.json_responses import json_response, replayable_response, resource_fields, resource_response
from app.api.http.fields import field_types
from app.api.http.fields.field_types import (
    MAX_COUNT,
    CivilDate,
    CodeFilter,
    DisplayText,
    Id,
    ModuleCodeText,
    Name,
    Version,
)
from app.api.http.pagination import Paging, UnversionedPaging, equality_filters
from app.api.http.problems.problem_details import Problem
from app.api.http.request_headers import IdempotencyKey, IfNoneMatch, parse_idempotency_key, to_response
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import AuthorisedRequest, RequireScope, Scope
from app.domain.facts.certification import CertificationOutcome, NextAttemptPayer
from app.domain.record.exam_presentations import Presentation, PresentationStatus
from app.persistence import certifications
from app.persistence.catalogue import QUALIFICATIONS
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.advisers.list_exams_and_obligations import FileScan, exams_to_present
from app.use_cases.civil_date import civil_date
from app.use_cases.record_certification import ExamResult, record_result
from app.wording.languages import Language, Sentence
from app.wording.training_records import replacement_sentence

router = APIRouter(prefix="/v1", tags=["Certifications"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CERTIFICATIONS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CERTIFICATIONS_WRITE))]
CatalogueAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CATALOGUE_READ))]

MAX_PARTS = 50  # of a title; the catalogue has three
HIDDEN_FROM_OTHER_ORGANISATIONS = {"motive": None, "training_organisation_id": None}  # as another one reads them


AbsenceMotive = TypeAliasType("AbsenceMotive", Literal["medical_certificate", "force_majeure", "covid_positive_test"])


class CertificationRequest(field_types.RequestBody):
    """Un résultat d’examen, ou une certification qui dispense de formation initiale."""

    adviser_id: Id
    qualification: Annotated[ModuleCodeText, Field(description="Un code de GET /v1/qualifications.")]
    outcome: CertificationOutcome
    on: CivilDate
    motive: Annotated[AbsenceMotive | None, Field(description="Motif d’une absence justifiée.")] = None
    training_organisation_id: Annotated[
        Id | None, Field(description="Qui a présenté le conseiller ; pour un organisme, le sien par défaut.")
    ] = None


class CertificationResource(TypedDict):
    """`next_attempt_payer` dit qui paie une nouvelle présentation ; null quand il n’y en a pas à prévoir.

    D’un résultat qui n’est pas le sien, un organisme de formation ne lit ni le motif d’une absence ni l’organisme.
    """

    id: UUID
    adviser_id: UUID
    qualification: ModuleCodeText
    outcome: CertificationOutcome
    on: date
    motive: AbsenceMotive | None
    training_organisation_id: UUID | None
    attempt: Annotated[int, Field(ge=1, le=MAX_COUNT, description="La combientième présentation.")]
    next_attempt_payer: NextAttemptPayer | None
    replacement: Annotated[DisplayText | None, Field(description=REPLACEMENT_DESCRIPTION)]
    version: Version
    created_at: datetime
    updated_at: datetime


class DueCertificationResource(TypedDict):
    """Un examen à présenter après la formation initiale, et qui paie la prochaine présentation."""

    adviser_id: UUID
    qualification: ModuleCodeText
    status: PresentationStatus
    due_on: date
    next_attempt_payer: Annotated[NextAttemptPayer | None, Field(description="Null une fois l’examen obtenu.")]


class QualificationResource(TypedDict):
    """Un titre ou certificat : ce qu’il contient, et s’il dispense de formation initiale."""

    code: ModuleCodeText
    title: Name
    contains: Annotated[list[ModuleCodeText], Field(max_length=MAX_PARTS)]
    exempts_from_initial_training: bool
    valid_from: date | None
    valid_until: date | None


def certification_resource(row: Row, language: Language, owner: UUID | None) -> dict[str, Any]:
    """The shape of CertificationResource. A motive may tell of somebody's health: of the training organisations, only
    the `owner` of the result reads it."""
    may_see_motive = owner is None or str(row["training_organisation_id"]) == str(owner)  # a page has it as a text
    obtained = row["outcome"] == CertificationOutcome.OBTAINED
    replacement = replacement_sentence(row["qualification"]) if obtained else None
    return {
        **resource_fields(row, CertificationResource),
        **({} if may_see_motive else HIDDEN_FROM_OTHER_ORGANISATIONS),
        "replacement": replacement.in_language(language) if replacement else None,
    }


def _due_certification_resource(row: Row) -> DueCertificationResource:
    found: Presentation = row["found"]
    return {
        "adviser_id": row["adviser_id"],
        "qualification": found.qualification,
        "status": found.status,
        "due_on": found.due_on,
        "next_attempt_payer": found.next_attempt_payer,
    }


def _recording_organisation(authorised: AuthorisedRequest, requested: UUID | None) -> UUID | None:
    """A training organisation records its own results only. Raise Problem."""
    if authorised.owner is not None and requested not in {None, authorised.owner}:
        detail = Sentence(
            fr="Un organisme de formation n’enregistre que ses propres résultats.",
            en="A training organisation records only its own results.",
        )
        raise Problem("forbidden", detail)
    return authorised.owner or requested


@router.post(
    "/certifications",
    status_code=201,
    operation_id="recordCertification",
    summary="Enregistrer un résultat",
    response_model=CertificationResource,
    responses=problem_responses("unknown-reference", "adviser-anonymised"),
)
async def post_certification(
    body: CertificationRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Un refus que ce résultat lève devient réexaminable, et le conseiller en est prévenu."""

    def render(row: Row) -> ReplayableResponse:
        location = f"{authorised.service.base_url}/v1/certifications/{row['id']}"
        resource = certification_resource(row, authorised.language, authorised.owner)
        return replayable_response(resource, authorised.language, status=201, location=location)

    result = ExamResult(
        body.adviser_id,
        body.qualification,
        body.outcome,
        body.on,
        body.motive,
        _recording_organisation(authorised, body.training_organisation_id),
    )
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    return to_response(await record_result(authorised.database, result, context))


@router.get(
    "/certifications",
    operation_id="listCertifications",
    summary="Lister les résultats",
    response_model=page_model(CertificationResource),
)
async def list_certifications(
    authorised: ReadAccess,
    paging: Paging,
    adviser_id: Id | None = None,
    qualification: CodeFilter | None = None,
    outcome: CertificationOutcome | None = None,
) -> Response:
    """Dans l’ordre de leur enregistrement ; par date de modification avec `updated_since`."""
    filters = certifications.visible_to(authorised.owner)
    filters += equality_filters(adviser_id=adviser_id, qualification=qualification, outcome=outcome)
    to_resource = partial(certification_resource, language=authorised.language, owner=authorised.owner)
    return await paging.respond(authorised, certifications.list_page, filters, to_resource, subject_column="adviser_id")


@router.get(
    "/certifications/due",
    operation_id="listDueCertifications",
    summary="Lister les examens à présenter",
    response_model=page_model(DueCertificationResource),
)
async def list_due_certifications(
    authorised: ReadAccess,
    paging: UnversionedPaging,
    status: Annotated[PresentationStatus | None, Query(description="Attendu, en retard ou présenté.")] = None,
) -> Response:
    """Aujourd’hui, par conseiller ; un organisme de formation ne voit que les siens. Un dispensé ne doit rien.

    Les règles lisent chaque dossier, un nombre limité par page : une page courte, ou vide, peut avoir une suite.
    """

    async def read(reader: Reader, page: PageQuery) -> PageRows:
        survey = FileScan(authorised.database, reader, authorised.owner)
        return await exams_to_present(survey, page, status, civil_date(authorised.now))

    return await authorised.run_heavy_work(
        lambda: paging.respond(authorised, read, [], _due_certification_resource, subject_column="adviser_id")
    )


@router.get(
    "/certifications/{certification_id}",
    operation_id="getCertification",
    summary="Lire un résultat",
    response_model=CertificationResource,
)
async def get_certification(
    certification_id: Id, authorised: ReadAccess, if_none_match: IfNoneMatch = None
) -> Response:
    """Avec le numéro de la présentation et qui paierait la suivante."""
    row = await certifications.read(authorised.reader, certification_id, owner=authorised.owner)
    if row is None:
        detail = Sentence(
            fr="Aucun résultat de votre périmètre n’a cet identifiant.",
            en="No result that you may see has this identifier.",
        )
        raise Problem("not-found", detail)
    response = resource_response(
        certification_resource(row, authorised.language, authorised.owner), authorised.language, if_none_match
    )
    return await authorised.audit_read(response, row["adviser_id"], certification_id)


@router.get(
    "/qualifications",
    operation_id="listQualifications",
    summary="Lister les titres et certificats",
    response_model=page_model(QualificationResource),
)
async def list_qualifications(authorised: CatalogueAccess) -> Response:
    """Le catalogue entier, en une page."""
    rows = await QUALIFICATIONS.read_all(authorised.reader)
    data = [resource_fields(row, QualificationResource) for row in rows]
    return json_response({"data": data, "pagination": {"next": None}}, authorised.language)
