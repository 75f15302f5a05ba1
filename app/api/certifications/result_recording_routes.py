"""/v1/certifications: results recorded, one by one or a jury's together, and annulled."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.certifications.certification_schemas import (
    OTHER_ORGANISATION,
    AnnulmentRequest,
    CertificationRequest,
    CertificationResource,
    JuryResultsRequest,
    JuryResultsResource,
    resource_as_seen,
)
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import replayable_response, to_response
from app.api.http.bodies.line_problems import line_problem
from app.api.http.bodies.resource_responses import resource_renderer
from app.api.http.fields.field_types import Id
from app.api.http.problems.problem_details import Problem
from app.api.http.request_headers import IdempotencyKey, parse_idempotency_key
from app.api.http.routing import StrictRoute, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence.administration.client_role import Role
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.certifications.annul_certification import annul_certification
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.record_jury_results import LineOutcome, record_jury_results
from app.use_cases.certifications.result_ledger import ExamResult
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/certifications", tags=["Certifications"], route_class=StrictRoute)

WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CERTIFICATIONS_WRITE))]

NOT_FOR_THE_PLATFORM = Sentence(
    fr="Un résultat est annulé par l’organisme de formation qui l’a enregistré, ou par un administrateur.",
    en="A result is annulled by the training organisation that recorded it, or by an administrator.",
)


def _recording_organisation(authorised: AuthorisedRequest, requested: UUID | None) -> UUID | None:
    """In whose name the result is recorded: a training organisation records its own only. Raise Problem."""
    if authorised.owner is not None and requested not in {None, authorised.owner}:
        raise Problem("forbidden", OTHER_ORGANISATION)
    return authorised.owner or requested


def _exam_result(authorised: AuthorisedRequest, body: CertificationRequest) -> ExamResult:
    """Raise Problem."""
    organisation = _recording_organisation(authorised, body.training_organisation_id)
    return ExamResult(body.adviser_id, body.qualification, body.outcome, body.on, body.motive, organisation)


@router.post(
    "",
    status_code=201,
    operation_id="recordCertification",
    summary="Enregistrer un résultat",
    response_model=CertificationResource,
    responses=problem_responses("unknown-reference", "adviser-anonymised", "result-exists"),
)
async def post_certification(
    body: CertificationRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Un refus que ce résultat lève devient réexaminable, et le conseiller en est prévenu.

    Un titre s’obtient dans ses dates de délivrance, une absence justifiée dit son motif, et un résultat par titre et
    par jour compte : annulez d’abord celui qui est faux.
    """
    result = _exam_result(authorised, body)
    location = "/v1/certifications/{id}"
    render = resource_renderer(authorised, resource_as_seen(authorised), status=201, location=location)
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    return to_response(await record_result(authorised.database, result, context))


@router.post(
    "/batch",
    operation_id="recordJuryResults",
    summary="Enregistrer les résultats d’un jury",
    response_model=JuryResultsResource,
)
async def post_jury_results(
    body: JuryResultsRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Chaque ligne est enregistrée entière ou refusée, et reçoit sa réponse ; les autres n’en dépendent pas.

    Un corps mal formé (un champ inconnu, une date illisible) est refusé en entier, comme partout.
    """
    results = [_exam_result(authorised, line) for line in body.data]

    def render(row: Row) -> ReplayableResponse:
        lines: list[LineOutcome] = row["lines"]
        data = [_line(authorised, index, line) for index, line in enumerate(lines)]
        return replayable_response({"data": data}, authorised.language)

    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    recorded = await authorised.run_heavy_work(lambda: record_jury_results(authorised.database, results, context))
    return to_response(recorded)


def _line(authorised: AuthorisedRequest, index: int, line: LineOutcome) -> dict[str, object]:
    """The shape of JuryLineResource."""
    return {
        "index": index,
        "certification": resource_as_seen(authorised)(line.row) if line.row is not None else None,
        "problem": line_problem(authorised, index, line.refusal) if line.refusal is not None else None,
    }


@router.post(
    "/{certification_id}/annulment",
    operation_id="annulCertification",
    summary="Annuler un résultat",
    response_model=CertificationResource,
    responses=problem_responses("invalid-transition", "too-late-to-correct", "adviser-anonymised"),
)
async def post_annulment(
    certification_id: Id, body: AnnulmentRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Le résultat reste dans l’historique et ne compte plus, ni pour les règles ni pour les présentations suivantes.

    Un organisme de formation annule les siens, dans le délai de la politique (`attendance.correction_days`) après leur
    enregistrement ; un administrateur, à tout moment ; la plateforme n’annule pas. Ce qui a commencé reste acquis.
    """
    if authorised.client.role is Role.PLATFORM:
        raise Problem("forbidden", NOT_FOR_THE_PLATFORM)
    render = resource_renderer(authorised, resource_as_seen(authorised))
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    return to_response(await annul_certification(authorised.database, certification_id, body.motive, context))
