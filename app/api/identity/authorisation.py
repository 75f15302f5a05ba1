"""Who may call a route: whoever has its scope. A route that declares none keeps the application from starting."""

from typing import cast

from fastapi import Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.types import Scope as ASGIScope

from app.api.http.application_state import ApplicationState
from app.api.http.authorised_request import AccessRequirement, AuthorisedRequest, access_requirement_of
from app.api.http.problems.problem_details import Problem
from app.api.identity.scopes import SCOPES_BY_ROLE, Scope
from app.persistence.administration.clients import Client
from app.wording.languages import Sentence

UNAUTHENTICATED = Sentence(
    fr="Clé d’API absente, inconnue, expirée ou révoquée.", en="API key missing, unknown, expired or revoked."
)
AUTHENTICATE_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="inscriptions"'}


class RequireScope(HTTPBearer, AccessRequirement):
    """The dependency that lets only clients with `required_scope` in, and gives the route its AuthorisedRequest."""

    def __init__(self, required_scope: Scope) -> None:
        super().__init__(scheme_name="ApiKey", description="Votre clé d’API (`insc_…`).", auto_error=False)
        self.required_scope = required_scope

    def authorise(self, scope: ASGIScope) -> None:
        """Raise Problem: 401 without a live key or token, 403 without the required scope."""
        service = cast("ApplicationState", scope["app"].state.service)
        client: Client | None = scope["caller"]
        if client is None:
            raise Problem("unauthenticated", UNAUTHENTICATED, headers=AUTHENTICATE_CHALLENGE)
        scopes = scopes_of(client)
        if self.required_scope not in scopes:
            raise Problem("forbidden", missing_scope_message(self.required_scope))
        operation, action = f"{scope['method']} {scope['path']}", scope["route"].operation_id
        scope["authorised_request"] = AuthorisedRequest(
            service, client, scopes, service.clock(), operation, scope["request_id"], scope["language"], action
        )

    async def __call__(self, request: Request) -> AuthorisedRequest:  # type: ignore[override]  # not the credentials
        """What `authorise` has put there before anything of the request was read."""
        return cast("AuthorisedRequest", request.scope["authorised_request"])


def scopes_of(client: Client) -> frozenset[str]:
    """Those of its role that its credentials have too."""
    of_role = SCOPES_BY_ROLE[client.role]
    return of_role if client.scopes is None else of_role & client.scopes


def missing_scope_message(scope: Scope) -> Sentence:
    return Sentence(
        fr=f"Cette action demande la portée {scope}, que votre clé n’a pas.",
        en=f"This action needs the scope {scope}, which your key does not have.",
    )


def scope_of(route: APIRoute) -> Scope | None:
    """The scope a route declares; None when it declares none."""
    requirement = access_requirement_of(route)
    return requirement.required_scope if isinstance(requirement, RequireScope) else None
