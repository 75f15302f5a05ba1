"""/v1/api-keys: made, listed and revoked by administrators; a secret is shown once."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.bodies.json_responses import answer_of, picked
from app.api.http.fields import field_types
from app.api.http.fields.field_types import Id, Instant, Name
from app.api.http.pagination import PlainPaging, equalities
from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.request_headers import answered
from app.api.http.routing import Route, listed, problems
from app.api.identity.api_key_secrets import ID_LENGTH, KEY_ID, KEY_LENGTH, KEY_SECRET, PREFIX, make_key
from app.api.identity.authorisation import Asking, Needs, Scope
from app.persistence.administration import clients
from app.persistence.administration.clients import Role
from app.persistence.engine.driver_types import Row
from app.use_cases.administration.administer_clients import Holder, KeyWish, Newcomer, issue_key, revoke_key
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/api-keys", tags=["Administration"], route_class=Route)

Reading = Annotated[Asking, Depends(Needs(Scope.KEYS_READ))]
Writing = Annotated[Asking, Depends(Needs(Scope.KEYS_WRITE))]
KeyId = Annotated[
    str, Path(pattern=KEY_ID, max_length=ID_LENGTH, description="L’identifiant de la clé : le milieu de son préfixe.")
]

REQUIRED = Sentence(
    fr="Requis pour un nouveau client ; pour un client connu, donnez client_id.",
    en="Required for a new client; for a known client, give client_id.",
)


class ApiKeyRequest(field_types.Body):
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

    id: Annotated[str, Field(pattern=KEY_ID, max_length=ID_LENGTH)]
    client_id: UUID
    name: Name
    role: Role
    training_organisation_id: UUID | None
    prefix: Annotated[
        str,
        Field(
            pattern=f"^{PREFIX}_[0-9A-Za-z]{{{ID_LENGTH}}}$",
            max_length=len(PREFIX) + 1 + ID_LENGTH,
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
        Field(pattern=KEY_SECRET, max_length=KEY_LENGTH, description="À envoyer après `Authorization: Bearer`."),
    ]


def api_key_resource(row: Row) -> dict[str, Any]:
    """The shape of ApiKeyResource."""
    return picked(row, ApiKeyResource) | {"prefix": f"{PREFIX}_{row['id']}"}


def _holder(body: ApiKeyRequest) -> Holder | Newcomer:
    """Raise Problem."""
    if body.client_id is not None:
        return Holder(body.client_id, body.name, body.role, body.training_organisation_id)
    if body.name is None or body.role is None:
        missing = [name for name in ("name", "role") if getattr(body, name) is None]
        raise Problem("validation-error", REQUIRED, [field_error(f"/{name}", "missing", REQUIRED) for name in missing])
    return Newcomer(body.name, body.role, body.training_organisation_id)


@router.get(
    "",
    operation_id="listApiKeys",
    summary="Lister les clés",
    response_model=listed(ApiKeyResource),
)
async def list_api_keys(
    asking: Reading,
    paging: PlainPaging,
    client_id: Annotated[Id | None, Query(description="L’identifiant du client.")] = None,
) -> Response:
    """Toutes, révoquées comprises, de la plus ancienne à la plus récente, sans leur secret."""
    filters = equalities(client_id=client_id)
    return await paging.answered(asking, clients.list_page_of_keys, filters, api_key_resource)


@router.post(
    "",
    status_code=201,
    operation_id="createApiKey",
    summary="Créer une clé",
    response_model=NewApiKeyResource,
    responses=problems("too-many-keys", "unknown-reference"),
)
async def create_api_key(body: ApiKeyRequest, asking: Writing) -> Response:
    """Une clé permet au plus ce que permet la vôtre. Un client a au plus deux clés actives : créez la nouvelle,
    déployez-la, révoquez l’ancienne.

    Le secret n’est montré qu’une fois et n’est gardé nulle part, pas même pour une répétition de la demande : une
    réponse perdue se remplace en révoquant sa clé.
    """
    key = make_key()
    digest = asking.service.pepper.digest(key.secret)
    wish = KeyWish(_holder(body), key.id, digest, body.scopes, body.expires_at)
    row = await issue_key(asking.database, wish, asking.powers, asking.now, asking.trace)
    resource = api_key_resource(row) | {"secret": key.secret}
    answer = answer_of(resource, asking.language, status=201)
    return answered(answer)


@router.delete(
    "/{key_id}",
    status_code=204,
    operation_id="revokeApiKey",
    summary="Révoquer une clé",
    response_class=Response,
)
async def delete_api_key(key_id: KeyId, asking: Writing) -> Response:
    """Aussitôt, partout. Révoquer une clé révoquée ne change rien."""
    await revoke_key(asking.database, key_id, asking.now, asking.trace)
    asking.service.recognised.forget()
    return Response(status_code=204)
