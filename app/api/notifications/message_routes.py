"""/v1/messages: e-mails, read and sent again by administrators."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, resource_fields, to_response
from app.api.http.bodies.resource_responses import found, resource_renderer
from app.api.http.fields.field_types import Count, Id
from app.api.http.pagination import UnversionedPaging, equality_filters
from app.api.http.request_headers import IdempotencyKey, parse_idempotency_key
from app.api.http.routing import StrictRoute, page_model
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.notifications.webhook_schemas import AttemptResource, attempt_resources
from app.domain.events import Recipient as EventRecipient
from app.persistence.engine.driver_types import Row
from app.persistence.outbox import messages
from app.persistence.outbox.deliveries import MAX_ATTEMPTS_SHOWN, Channel, DeliveryState
from app.persistence.outbox.messages import ENDPOINT_OWNER_RECIPIENT
from app.use_cases.notifications.resend_email import resend

router = APIRouter(prefix="/v1/messages", tags=["Messages"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.MESSAGES_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.MESSAGES_WRITE))]


RegistrationFilter = Annotated[Id | None, Query(description="L’inscription dont ils parlent.")]
StateFilter = Annotated[
    DeliveryState | None, Query(description="Où en est l’envoi ; `dead` : refusé, sans adresse, ou abandonné.")
]


class Recipient(StrEnum):
    """Who is written to of what happened to a registration."""

    ADVISER = "adviser"
    EMPLOYER = "employer"
    TRAINING_ORGANISATION = "training_organisation"


class MessageResource(TypedDict):
    """Un courriel : à qui, sur quoi, et où il en est ; son texte et son adresse ne sont lus qu’à l’envoi. `dead` :
    refusé, sans adresse, ou abandonné après dix essais ; `replay` compte les fois où il a été redemandé. Celui qui
    avertit le propriétaire d’un point de réception, ou qui rend compte à un organisme d’une session entière, n’a pas
    d’`adviser_id` ; l’administration, prévenue d’un retour (`adviser.returned`), est dite `endpoint_owner`."""

    id: UUID
    adviser_id: UUID | None
    registration_id: UUID | None
    event_id: UUID
    template: Annotated[str, Field(max_length=60, pattern="^[a-z_]+[.][a-z_]+$")]
    recipient_kind: Recipient | Literal["endpoint_owner"]
    state: DeliveryState
    replay: Count
    attempts: Annotated[list[AttemptResource], Field(max_length=MAX_ATTEMPTS_SHOWN)]
    next_attempt_at: datetime | None
    created_at: datetime


def _message_resource(row: Row) -> dict[str, Any]:
    kind = row["recipient_kind"]
    shown = ENDPOINT_OWNER_RECIPIENT if kind == EventRecipient.SUPPORT else kind  # the released contract knows no other
    return resource_fields(row, MessageResource) | {"recipient_kind": shown, "attempts": attempt_resources(row)}


@router.get(
    "",
    operation_id="listMessages",
    summary="Lister les courriels",
    response_model=page_model(MessageResource),
)
async def list_messages(
    authorised: ReadAccess,
    paging: UnversionedPaging,
    adviser_id: Id | None = None,
    registration_id: RegistrationFilter = None,
    status: StateFilter = None,
) -> Response:
    """Du plus récent au plus ancien, pendant 90 jours. `status=dead` : ceux que personne n’a reçus, à renvoyer une fois
    l’adresse corrigée."""
    filters = equality_filters(
        channel=Channel.EMAIL, adviser_id=adviser_id, registration_id=registration_id, state=status
    )
    return await paging.respond(authorised, messages.list_page, filters, _message_resource, subject_column="adviser_id")


@router.get(
    "/{message_id}", operation_id="getMessage", summary="Lire où en est un courriel", response_model=MessageResource
)
async def get_message(message_id: UUID, authorised: ReadAccess) -> Response:
    """Chacun de ses essais."""
    row = found(await messages.read_message(authorised.reader, message_id))
    response = json_response(_message_resource(row), authorised.language)
    return await authorised.audit_read(response, row["adviser_id"], message_id)


@router.post(
    "/{message_id}/resend",
    operation_id="resendMessage",
    summary="Envoyer de nouveau un courriel",
    response_model=MessageResource,
)
async def resend_message(message_id: UUID, authorised: WriteAccess, idempotency_key: IdempotencyKey = None) -> Response:
    """Aussitôt, à l’adresse connue à présent, quoi qu’il en soit advenu. Un envoi en cours suit son cours."""
    render = resource_renderer(authorised, _message_resource)
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key))
    return to_response(await resend(authorised.database, message_id, context))
