"""/v1/certifications and /v1/qualifications: exam results as they are read, and the titles they belong to."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.certifications.certification_schemas import (
    CertificationResource,
    DueCertificationResource,
    QualificationResource,
    due_certification_resource,
    resource_as_seen,
)
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, resource_fields, resource_response
from app.api.http.bodies.resource_responses import found
from app.api.http.fields.field_types import CodeFilter, Id
from app.api.http.pagination import Paging, UnversionedPaging, equality_filters
from app.api.http.request_headers import IfNoneMatch
from app.api.http.routing import StrictRoute, page_model
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.domain.facts.calendar import civil_date
from app.domain.facts.certification import CertificationOutcome
from app.domain.record.exam_presentations import PresentationStatus
from app.persistence import certifications
from app.persistence.catalogue import QUALIFICATIONS
from app.persistence.engine.database import Reader
from app.persistence.engine.pagination import PageQuery, PageRows
from app.use_cases.advisers.list_exams_and_obligations import FileScan, exams_to_present
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1", tags=["Certifications"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CERTIFICATIONS_READ))]
CatalogueAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CATALOGUE_READ))]

NOT_FOUND = Sentence(
    fr="Aucun résultat de votre périmètre n’a cet identifiant.",
    en="No result that you may see has this identifier.",
)


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
    """Dans l’ordre de leur enregistrement ; par date de modification avec `updated_since`.

    Ceux qui sont annulés y restent : `annulled` le dit, et plus aucune règle ne les lit.
    """
    filters = certifications.visible_to(authorised.owner)
    filters += equality_filters(adviser_id=adviser_id, qualification=qualification, outcome=outcome)
    to_resource = resource_as_seen(authorised)
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
        scan = FileScan(authorised.database, reader, authorised.owner)
        return await exams_to_present(scan, page, status, civil_date(authorised.now))

    return await authorised.run_heavy_work(
        lambda: paging.respond(authorised, read, [], due_certification_resource, subject_column="adviser_id")
    )


@router.get(
    "/certifications/{certification_id:uuid}",  # `batch` is no result
    operation_id="getCertification",
    summary="Lire un résultat",
    response_model=CertificationResource,
)
async def get_certification(
    certification_id: Id, authorised: ReadAccess, if_none_match: IfNoneMatch = None
) -> Response:
    """Avec le numéro de la présentation et qui paierait la suivante."""
    row = found(await certifications.read(authorised.reader, certification_id, owner=authorised.owner), NOT_FOUND)
    response = resource_response(resource_as_seen(authorised)(row), authorised.language, if_none_match)
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
