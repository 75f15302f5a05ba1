"""/v1/api-keys: administrators create, list and revoke keys; a secret is shown once."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import replayable_response, resource_fields, to_response
from app.api.http.fields import field_types
from app.api.http.fields.field_types import Id, Instant, Name
from app.api.http.pagination import UnversionedPaging, equality_filters
from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.api_key_secrets import (
    KEY_ID_LENGTH,
    KEY_ID_PATTERN,
    KEY_LENGTH,
    KEY_PATTERN,
    KEY_PREFIX,
    Pepper,
    generate_key,
)
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import SCOPES_BY_ROLE, Scope
from app.persistence.administration import api_keys
from app.persistence.administration.client_role import Role
from app.persistence.engine.driver_types import Row
from app.use_cases.administration.administer_api_keys import ExistingClient, KeyRequest, issue_key, revoke_key
from app.use_cases.administration.administer_clients import NewClient
from app.use_cases.administration.grantable_scopes import GrantableScopes
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/api-keys", tags=["Administration"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.KEYS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.KEYS_WRITE))]
KeyId = Annotated[
    str,
    Path(
        pattern=KEY_ID_PATTERN,
        max_length=KEY_ID_LENGTH,
        description="L’identifiant de la clé : le milieu de son préfixe.",
    ),
]

REQUIRED_FOR_NEW_CLIENT = Sentence(
    fr="Requis pour un nouveau client ; pour un client connu, donnez client_id.",
    en="Required for a new client; for a known client, give client_id.",
)


class ApiKeyRequest(field_types.RequestBody):
    """Une clé d’un nouveau client (`name`, `role`), ou la seconde clé d’un client (`client_id`), pour la rotation."""

    name: Name | None = None
    role: Role | None = None
    training_organisation_id: Annotated[
        Id | None, Field(description="Pour le rôle `training_organisation`, et pour lui seul.")
    ] = None
    client_id: Id | None = None
    scopes: Annotated[
        list[Scope] | None,
        Field(min_length=1, max_length=len(Scope), description="Une partie de celles du rôle ; toutes par défaut."),
    ] = None
    expires_at: Annotated[Instant | None, Field(description="Dans douze mois au plus, et par défaut.")] = None


class ApiKeyResource(TypedDict):
    """`scopes` null : toutes celles du rôle. `last_used_at` est tenu à la minute."""

    id: Annotated[str, Field(pattern=KEY_ID_PATTERN, max_length=KEY_ID_LENGTH)]
    client_id: UUID
    name: Name
    role: Role
    training_organisation_id: UUID | None
    prefix: Annotated[
        str,
        Field(
            pattern=f"^{KEY_PREFIX}_[0-9A-Za-z]{{{KEY_ID_LENGTH}}}$",
            max_length=len(KEY_PREFIX) + 1 + KEY_ID_LENGTH,
            description="Le début de la clé.",
        ),
    ]
    scopes: Annotated[list[Scope], Field(max_length=len(Scope))] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewApiKeyResource(ApiKeyResource):
    """La clé, et `secret`, qui n’est montré qu’ici."""

    secret: Annotated[
        str,
        Field(pattern=KEY_PATTERN, max_length=KEY_LENGTH, description="À envoyer après `Authorization: Bearer`."),
    ]


def api_key_resource(row: Row) -> dict[str, Any]:
    """The shape of ApiKeyResource."""
    return resource_fields(row, ApiKeyResource) | {"prefix": f"{KEY_PREFIX}_{row['id']}"}


def _key_holder(body: ApiKeyRequest) -> ExistingClient | NewClient:
    """Raise Problem."""
    if body.client_id is not None:
        return ExistingClient(body.client_id, body.name, body.role, body.training_organisation_id)
    if body.name is None or body.role is None:
        missing = [name for name in ("name", "role") if getattr(body, name) is None]
        raise Problem(
            "validation-error",
            REQUIRED_FOR_NEW_CLIENT,
            [field_error(f"/{name}", "missing", REQUIRED_FOR_NEW_CLIENT) for name in missing],
        )
    return NewClient(body.name, body.role, body.training_organisation_id)


@router.get(
    "",
    operation_id="listApiKeys",
    summary="Lister les clés",
    response_model=page_model(ApiKeyResource),
)
async def list_api_keys(
    authorised: ReadAccess,
    paging: UnversionedPaging,
    client_id: Annotated[Id | None, Query(description="L’identifiant du client.")] = None,
) -> Response:
    """Toutes, révoquées comprises, de la plus ancienne à la plus récente, sans leur secret."""
    filters = equality_filters(client_id=client_id)
    return await paging.respond(authorised, api_keys.list_page_of_keys, filters, api_key_resource)


@router.post(
    "",
    status_code=201,
    operation_id="createApiKey",
    summary="Créer une clé",
    response_model=NewApiKeyResource,
    responses=problem_responses("too-many-keys", "unknown-reference"),
)
async def create_api_key(body: ApiKeyRequest, authorised: WriteAccess) -> Response:
    """Une clé permet au plus ce que permet la vôtre. Un client a au plus deux clés actives : créez la nouvelle,
    déployez-la, révoquez l’ancienne.

    Le secret n’est montré qu’une fois et n’est gardé nulle part, pas même pour une répétition de la demande : une
    réponse perdue se remplace en révoquant sa clé.
    """
    key = generate_key()
    digest = Pepper(authorised.service.secrets).digest(key.secret)
    key_request = KeyRequest(_key_holder(body), key.id, digest, body.scopes, body.expires_at)
    grantable = GrantableScopes(SCOPES_BY_ROLE, authorised.scopes)
    row = await issue_key(authorised.database, key_request, grantable, authorised.now, authorised.audit_entry)
    resource = api_key_resource(row) | {"secret": key.secret}
    return to_response(replayable_response(resource, authorised.language, status=201))


@router.delete(
    "/{key_id}",
    status_code=204,
    operation_id="revokeApiKey",
    summary="Révoquer une clé",
    response_class=Response,
)
async def delete_api_key(key_id: KeyId, authorised: WriteAccess) -> Response:
    """Aussitôt, partout. Révoquer une clé révoquée ne change rien."""
    await revoke_key(authorised.database, key_id, authorised.now, authorised.audit_entry)
    authorised.service.authenticator.forget_clients()
    return Response(status_code=204)
