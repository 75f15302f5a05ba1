"""/v1/support-requests: what a person is asked to look at, the queue, and the answers."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.administration.support_request_bodies import SupportAnswerRequest, SupportRequestRequest
from app.api.administration.support_request_resources import SupportRequestResource, support_request_resource
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import resource_response, to_response
from app.api.http.bodies.resource_responses import ToResource, found, resource_renderer
from app.api.http.fields.field_types import Id
from app.api.http.pagination import Paging, equality_filters
from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.request_headers import IdempotencyKey, IfNoneMatch, parse_idempotency_key
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.domain.facts.support_request import Requester, SupportRequestKind, SupportRequestStatus
from app.persistence import support_requests
from app.use_cases.support.answer_support_request import answer_support_request
from app.use_cases.support.open_support_request import open_support_request
from app.use_cases.support.withdraw_support_request import withdraw_support_request
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/support-requests", tags=["Support"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.SUPPORT_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.SUPPORT_WRITE))]
AnswerAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.SUPPORT_ANSWER))]

NOT_FOUND = Sentence(
    fr="Aucune demande de votre périmètre n’a cet identifiant.",
    en="No support request that you may see has this identifier.",
)
OWN_MATTER_REQUIRED = Sentence(
    fr="Un organisme de formation nomme une de ses inscriptions, ou un de ses résultats.",
    en="A training organisation names one of its registrations, or of its results.",
)
# What an answer may do has the problems of the deed.
EFFECT_PROBLEMS = (
    "unknown-reference", "reasons-remain", "nothing-to-carry-over", "too-late-to-carry-over", "outside-scheme",
    "no-right-left", "session-not-started", "duplicate-registration",
)  # fmt: skip


def _to_resource(authorised: AuthorisedRequest) -> ToResource:
    return partial(support_request_resource, owner=authorised.owner)


@router.post(
    "",
    status_code=201,
    operation_id="openSupportRequest",
    summary="Demander qu’une personne examine",
    response_model=SupportRequestResource,
    responses=problem_responses("unknown-reference", "adviser-anonymised"),
)
async def post_support_request(
    body: SupportRequestRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Contester une décision, ou justifier une absence, des modules non suivis, une formation initiale non commencée.

    Le conseiller le fait lui-même par le lien personnel de ses messages. Le texte peut parler de santé : seuls vous,
    lui et l’administration le lisez. Un organisme de formation nomme une de ses inscriptions, ou un de ses résultats.
    """
    if authorised.owner is not None and body.registration_id is None and body.certification_id is None:
        error = field_error("/registration_id", "missing", OWN_MATTER_REQUIRED)
        raise Problem("validation-error", OWN_MATTER_REQUIRED, [error])
    render = resource_renderer(authorised, _to_resource(authorised), status=201, location="/v1/support-requests/{id}")
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    opener = Requester(authorised.client.role)
    return to_response(await open_support_request(authorised.database, body.to_new_request(), opener, context))


@router.get(
    "",
    operation_id="listSupportRequests",
    summary="Lister les demandes au support",
    response_model=page_model(SupportRequestResource),
)
async def list_support_requests(
    authorised: ReadAccess,
    paging: Paging,
    status: Annotated[SupportRequestStatus | None, Query(description="Où en est la demande.")] = None,
    kind: Annotated[SupportRequestKind | None, Query(description="Contestation ou justification.")] = None,
    adviser_id: Id | None = None,
) -> Response:
    """La plus ancienne d’abord, avec son délai ; par date de modification avec `updated_since`.

    L’administration les voit toutes ; les autres, celles qu’ils ont ouvertes.
    """
    filters = support_requests.visible_to(authorised.client)
    filters += equality_filters(status=status, kind=kind, adviser_id=adviser_id)
    return await paging.respond(
        authorised, support_requests.list_page, filters, _to_resource(authorised), subject_column="adviser_id"
    )


@router.get(
    "/{support_request_id}",
    operation_id="getSupportRequest",
    summary="Lire une demande au support",
    response_model=SupportRequestResource,
)
async def get_support_request(
    support_request_id: Id, authorised: ReadAccess, if_none_match: IfNoneMatch = None
) -> Response:
    """Avec son délai et la réponse qu’elle a reçue. Vous voyez celles que vous avez ouvertes ; l’administration,
    toutes."""
    row = found(await support_requests.read(authorised.reader, support_request_id, authorised.client), NOT_FOUND)
    response = resource_response(_to_resource(authorised)(row), authorised.language, if_none_match)
    return await authorised.audit_read(response, row["adviser_id"], support_request_id)


@router.post(
    "/{support_request_id}/answer",
    operation_id="answerSupportRequest",
    summary="Répondre à une demande au support",
    response_model=SupportRequestResource,
    responses=problem_responses("invalid-transition", "adviser-anonymised", *EFFECT_PROBLEMS),
)
async def post_answer(
    support_request_id: Id,
    body: SupportAnswerRequest,
    authorised: AnswerAccess,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Une seule fois, avec un motif. Accepter peut avoir un effet, dans la même transaction : une dérogation, un report
    de droits, une assiduité rectifiée, un résultat annulé. Un effet impossible laisse la demande ouverte.

    Accepter la justification de la période `initial_training` excuse de la formation initiale.
    """
    render = resource_renderer(authorised, _to_resource(authorised))
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    answer = body.to_answer()
    return to_response(await answer_support_request(authorised.database, support_request_id, answer, context))


@router.post(
    "/{support_request_id}/withdrawal",
    operation_id="withdrawSupportRequest",
    summary="Retirer une demande au support",
    response_model=SupportRequestResource,
    responses=problem_responses("invalid-transition", "adviser-anonymised"),
)
async def post_withdrawal(
    support_request_id: Id, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Tant que personne n’a répondu : qui l’a ouverte, ou l’administration à sa demande."""
    render = resource_renderer(authorised, _to_resource(authorised))
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key))
    return to_response(await withdraw_support_request(authorised.database, support_request_id, context))
