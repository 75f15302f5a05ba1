"""/v1/certifications and /v1/qualifications: exam results, and the titles they belong to."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypeAliasType, TypedDict

from app.api.advisers.training_record_resources import REPLACEMENT
from app.api.http.bodies.json_responses import answer_of, picked, said, shown
from app.api.http.fields import field_types
from app.api.http.fields.field_types import (
    LARGEST_COUNT,
    CivilDate,
    CodeFilter,
    Id,
    ModuleCodeText,
    Name,
    Said,
    Version,
)
from app.api.http.pagination import Paging, PlainPaging, equalities
from app.api.http.problems.problem_details import Problem
from app.api.http.request_headers import IdempotencyKey, IfNoneMatch, answered, checked_key
from app.api.http.routing import Route, listed, problems
from app.api.identity.authorisation import Asking, Needs, Scope
from app.domain.facts.certification import CertificationOutcome, NextAttemptPayer
from app.domain.record.exam_presentations import Presentation, PresentationStatus
from app.persistence import certifications
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Page, Slice
from app.persistence.engine.transactions.idempotency import Answer
from app.persistence.engine.upsert import QUALIFICATIONS
from app.use_cases.advisers.list_exams_and_obligations import Survey, exams_to_present
from app.use_cases.civil_date import civil_date
from app.use_cases.record_certification import Result, certify
from app.wording.languages import Language, Sentence
from app.wording.training_records import replacement_said

router = APIRouter(prefix="/v1", tags=["Certifications"], route_class=Route)

Reading = Annotated[Asking, Depends(Needs(Scope.CERTIFICATIONS_READ))]
Writing = Annotated[Asking, Depends(Needs(Scope.CERTIFICATIONS_WRITE))]
ReadingCatalogue = Annotated[Asking, Depends(Needs(Scope.CATALOGUE_READ))]

MOST_PARTS = 50  # of a title; the catalogue has three
OF_ITS_ORGANISATION = {"motive": None, "training_organisation_id": None}  # as another one reads them


AbsenceMotive = TypeAliasType("AbsenceMotive", Literal["medical_certificate", "force_majeure", "covid_positive_test"])


class CertificationRequest(field_types.Body):
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
    attempt: Annotated[int, Field(ge=1, le=LARGEST_COUNT, description="La combientième présentation.")]
    next_attempt_payer: NextAttemptPayer | None
    replacement: Annotated[Said | None, Field(description=REPLACEMENT)]
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
    contains: Annotated[list[ModuleCodeText], Field(max_length=MOST_PARTS)]
    exempts_from_initial_training: bool
    valid_from: date | None
    valid_until: date | None


def certification_resource(row: Row, language: Language, owner: UUID | None) -> dict[str, Any]:
    """The shape of CertificationResource. A motive may tell of somebody's health: of the training organisations, only
    the `owner` of the result reads it."""
    is_told = owner is None or str(row["training_organisation_id"]) == str(owner)  # a page has it as a text
    obtained = row["outcome"] == CertificationOutcome.OBTAINED
    replacement = replacement_said(row["qualification"]) if obtained else None
    return {
        **picked(row, CertificationResource),
        **({} if is_told else OF_ITS_ORGANISATION),
        "replacement": replacement.said_in(language) if replacement else None,
    }


def _due_resource(row: Row) -> DueCertificationResource:
    found: Presentation = row["found"]
    return {
        "adviser_id": row["adviser_id"],
        "qualification": found.qualification,
        "status": found.status,
        "due_on": found.due_on,
        "next_attempt_payer": found.next_attempt_payer,
    }


def _organisation(asking: Asking, asked: UUID | None) -> UUID | None:
    """A training organisation records its own results only. Raise Problem."""
    if asking.owner is not None and asked not in {None, asking.owner}:
        detail = Sentence(
            fr="Un organisme de formation n’enregistre que ses propres résultats.",
            en="A training organisation records only its own results.",
        )
        raise Problem("forbidden", detail)
    return asking.owner or asked


@router.post(
    "/certifications",
    status_code=201,
    operation_id="recordCertification",
    summary="Enregistrer un résultat",
    response_model=CertificationResource,
    responses=problems("unknown-reference", "adviser-anonymised"),
)
async def post_certification(
    body: CertificationRequest, asking: Writing, idempotency_key: IdempotencyKey = None
) -> Response:
    """Un refus que ce résultat lève devient réexaminable, et le conseiller en est prévenu."""

    def worded(row: Row) -> Answer:
        location = f"{asking.service.base_url}/v1/certifications/{row['id']}"
        resource = certification_resource(row, asking.language, asking.owner)
        return answer_of(resource, asking.language, status=201, location=location)

    result = Result(
        body.adviser_id,
        body.qualification,
        body.outcome,
        body.on,
        body.motive,
        _organisation(asking, body.training_organisation_id),
    )
    asked = asking.asked(worded, checked_key(idempotency_key), body)
    return answered(await certify(asking.database, result, asked))


@router.get(
    "/certifications",
    operation_id="listCertifications",
    summary="Lister les résultats",
    response_model=listed(CertificationResource),
)
async def list_certifications(
    asking: Reading,
    paging: Paging,
    adviser_id: Id | None = None,
    qualification: CodeFilter | None = None,
    outcome: CertificationOutcome | None = None,
) -> Response:
    """Dans l’ordre de leur enregistrement ; par date de modification avec `updated_since`."""
    filters = certifications.visible_to(asking.owner)
    filters += equalities(adviser_id=adviser_id, qualification=qualification, outcome=outcome)
    worded = partial(certification_resource, language=asking.language, owner=asking.owner)
    return await paging.answered(asking, certifications.list_page, filters, worded, whose="adviser_id")


@router.get(
    "/certifications/due",
    operation_id="listDueCertifications",
    summary="Lister les examens à présenter",
    response_model=listed(DueCertificationResource),
)
async def list_due_certifications(
    asking: Reading,
    paging: PlainPaging,
    status: Annotated[PresentationStatus | None, Query(description="Attendu, en retard ou présenté.")] = None,
) -> Response:
    """Aujourd’hui, par conseiller ; un organisme de formation ne voit que les siens. Un dispensé ne doit rien.

    Les règles lisent chaque dossier, un nombre limité par page : une page courte, ou vide, peut avoir une suite.
    """

    async def read(reader: Reader, page: Page) -> Slice:
        survey = Survey(asking.database, reader, asking.owner)
        return await exams_to_present(survey, page, status, civil_date(asking.now))

    return await asking.heavy(lambda: paging.answered(asking, read, [], _due_resource, whose="adviser_id"))


@router.get(
    "/certifications/{certification_id}",
    operation_id="getCertification",
    summary="Lire un résultat",
    response_model=CertificationResource,
)
async def get_certification(certification_id: Id, asking: Reading, if_none_match: IfNoneMatch = None) -> Response:
    """Avec le numéro de la présentation et qui paierait la suivante."""
    row = await certifications.read(asking.reader, certification_id, owner=asking.owner)
    if row is None:
        detail = Sentence(
            fr="Aucun résultat de votre périmètre n’a cet identifiant.",
            en="No result that you may see has this identifier.",
        )
        raise Problem("not-found", detail)
    response = shown(certification_resource(row, asking.language, asking.owner), asking.language, if_none_match)
    return await asking.showing(response, row["adviser_id"], certification_id)


@router.get(
    "/qualifications",
    operation_id="listQualifications",
    summary="Lister les titres et certificats",
    response_model=listed(QualificationResource),
)
async def list_qualifications(asking: ReadingCatalogue) -> Response:
    """Le catalogue entier, en une page."""
    rows = await QUALIFICATIONS.read_all(asking.reader)
    data = [picked(row, QualificationResource) for row in rows]
    return said({"data": data, "pagination": {"next": None}}, asking.language)
