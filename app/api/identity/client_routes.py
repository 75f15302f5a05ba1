"""/v1/clients: who may call, whichever credentials they use."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import replayable_response, resource_fields, to_response
from app.api.http.fields import field_types, validation_messages
from app.api.http.fields.field_checks import with_message
from app.api.http.fields.field_types import Id, Name
from app.api.http.pagination import UnversionedPaging
from app.api.http.request_headers import IdempotencyKey, parse_idempotency_key
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import SCOPES_BY_ROLE, Scope
from app.persistence.administration import clients
from app.persistence.administration.client_role import Role
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.administration.administer_clients import NewClient, create_client, revoke_client
from app.use_cases.administration.grantable_scopes import GrantableScopes

router = APIRouter(prefix="/v1/clients", tags=["Administration"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.KEYS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.KEYS_WRITE))]

IssuerClientId = Annotated[
    str,
    StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$", max_length=200, strict=True),
    with_message(validation_messages.ISSUER_CLIENT_ID),
    Field(description="Le `client_id` de ses jetons d’accès, chez l’émetteur."),
]


class ClientRequest(field_types.RequestBody):
    """Un client à venir. Sans clé ni `issuer_client_id`, il n’entre pas encore."""

    name: Name
    role: Role
    training_organisation_id: Annotated[Id | None, Field(description="Pour ce rôle, et pour lui seul.")] = None
    issuer_client_id: IssuerClientId | None = None


class ClientResource(TypedDict):
    """Qui peut appeler. `revoked_at` : plus rien ne l’identifie, ni clé ni jeton."""

    id: UUID
    name: Name
    role: Role
    training_organisation_id: UUID | None
    issuer_client_id: IssuerClientId | None
    created_at: datetime
    revoked_at: datetime | None


def client_resource(row: Row) -> dict[str, Any]:
    """The shape of ClientResource."""
    return resource_fields(row, ClientResource)


@router.get(
    "",
    operation_id="listClients",
    summary="Lister les clients",
    response_model=page_model(ClientResource),
)
async def list_clients(authorised: ReadAccess, paging: UnversionedPaging) -> Response:
    """Tous, révoqués compris, dans l’ordre des identifiants."""
    return await paging.respond(authorised, clients.list_page_of_clients, [], client_resource)


@router.post(
    "",
    status_code=201,
    operation_id="addClient",
    summary="Ajouter un client",
    response_model=ClientResource,
    responses=problem_responses("issuer-client-id-taken", "unknown-reference"),
)
async def add_client(body: ClientRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None) -> Response:
    """Il entre ensuite avec une clé (POST /v1/api-keys) ou, s’il a un `issuer_client_id`, avec les jetons de là-bas."""

    def render(row: Row) -> ReplayableResponse:
        return replayable_response(client_resource(row), authorised.language, status=201)

    new_client = NewClient(body.name, body.role, body.training_organisation_id, body.issuer_client_id)
    grantable = GrantableScopes(SCOPES_BY_ROLE, authorised.scopes)
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    return to_response(await create_client(authorised.database, new_client, grantable, context))


@router.delete(
    "/{client_id}",
    status_code=204,
    operation_id="revokeClient",
    summary="Révoquer un client",
    response_class=Response,
)
async def delete_client(client_id: Id, authorised: WriteAccess) -> Response:
    """Aussitôt et pour toujours, avec toutes ses clés et tous ses jetons."""
    await revoke_client(authorised.database, client_id, authorised.now, authorised.audit_entry)
    authorised.service.authenticator.forget_clients()
    return Response(status_code=204)
