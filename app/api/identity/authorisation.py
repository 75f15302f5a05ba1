"""Who may do what. A route that declares no scope keeps the application from starting."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import TypeVar, cast
from uuid import UUID

from fastapi import Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Scope as ASGIScope

from app.api.http.application_state import ApplicationState
from app.api.http.problems.conflict_problems import conflict_problem
from app.api.http.problems.problem_details import Problem, problem_response
from app.domain.errors import Conflict
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import IdempotentRequest, ReplayableResponse
from app.persistence.outbox.webhook_endpoints import Owner as WebhookOwner
from app.persistence.outbox.webhook_endpoints import owner_of as webhook_owner_of
from app.use_cases.administration.administer_clients import GrantableScopes
from app.use_cases.request_context import RequestContext
from app.wording.languages import Language, Sentence

UNAUTHENTICATED = Sentence(
    fr="Clé d’API absente, inconnue, expirée ou révoquée.", en="API key missing, unknown, expired or revoked."
)
NOT_MODIFIED = 304
Result = TypeVar("Result")
AUTHENTICATE_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="inscriptions"'}


class Scope(StrEnum):
    ADVISERS_READ = "advisers:read"
    ADVISERS_WRITE = "advisers:write"
    CONTRACTS_READ = "contracts:read"
    CONTRACTS_WRITE = "contracts:write"
    CATALOGUE_READ = "catalogue:read"
    CATALOGUE_WRITE = "catalogue:write"
    REGISTRATIONS_READ = "registrations:read"
    REGISTRATIONS_WRITE = "registrations:write"
    SESSIONS_WRITE = "sessions:write"
    CERTIFICATIONS_READ = "certifications:read"
    CERTIFICATIONS_WRITE = "certifications:write"
    PERSONAL_DATA_READ = "personal-data:read"
    PERSONAL_DATA_ERASE = "personal-data:erase"
    CARRY_OVERS_WRITE = "carry-overs:write"
    OBLIGATIONS_READ = "obligations:read"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    POLICIES_READ = "policies:read"
    POLICIES_WRITE = "policies:write"
    AUDIT_READ = "audit:read"
    EVENTS_READ = "events:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    STATISTICS_READ = "statistics:read"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"


_SCOPES_OF_EVERY_ROLE = {
    Scope.ADVISERS_READ,
    Scope.CATALOGUE_READ,
    Scope.REGISTRATIONS_READ,
    Scope.REGISTRATIONS_WRITE,
    Scope.CERTIFICATIONS_READ,
    Scope.CERTIFICATIONS_WRITE,
    Scope.EVENTS_READ,
    Scope.STATISTICS_READ,
    Scope.WEBHOOKS_READ,
    Scope.WEBHOOKS_WRITE,
}

SCOPES_BY_ROLE: Mapping[Role, frozenset[Scope]] = {
    Role.PLATFORM: frozenset(
        _SCOPES_OF_EVERY_ROLE
        | {
            Scope.ADVISERS_WRITE,
            Scope.CONTRACTS_READ,
            Scope.CONTRACTS_WRITE,
            Scope.PERSONAL_DATA_READ,
            Scope.PERSONAL_DATA_ERASE,
            Scope.POLICIES_READ,
        }
    ),
    Role.TRAINING_ORGANISATION: frozenset(_SCOPES_OF_EVERY_ROLE | {Scope.SESSIONS_WRITE}),
    Role.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class AuthorisedRequest:
    """One authorised request: all that a route may ask for."""

    service: ApplicationState
    client: Client
    now: datetime
    operation: str
    request_id: UUID
    language: Language
    action: str

    @property
    def database(self) -> Database:
        return self.service.database

    @property
    def owner(self) -> UUID | None:
        """The training organisation whose registrations alone exist for this caller; None for the others."""
        return self.client.training_organisation_id

    @property
    def webhook_owner(self) -> WebhookOwner:
        return webhook_owner_of(self.client)

    @property
    def reader(self) -> Reader:
        """Where a GET reads: the database itself shows a training organisation no more than its own."""
        return self.database.for_tenant(self.client.training_organisation_id)

    def has_scope(self, scope: Scope) -> bool:
        """Whether the caller's role, and the credentials it came with, go that far."""
        return scope in SCOPES_BY_ROLE[self.client.role] and self.client.has_scope(scope)

    @property
    def grantable_scopes(self) -> GrantableScopes:
        """What this caller may grant to others: no more than its own credentials are good for."""
        return GrantableScopes(
            SCOPES_BY_ROLE, {scope for scope in SCOPES_BY_ROLE[self.client.role] if self.client.has_scope(scope)}
        )

    @property
    def audit_entry(self) -> AuditEntry:
        return AuditEntry(self.client.id, self.action, self.request_id, self.now)

    async def audit_read(self, response: Response, *subjects: UUID | str | None) -> Response:
        """Note whom the response is about before it is sent: nobody when None; a 304 shows nothing."""
        persons = [subject for subject in subjects if subject is not None]
        if persons and response.status_code != NOT_MODIFIED:
            await self.service.audit_log.write(self.audit_entry, persons)
        return response

    async def run_heavy_work(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do what takes long, in one of the few places that there are for it. Raise Problem when none comes free."""
        return await self.service.heavy_work.run(self.client.id, work)

    def request_context(
        self, worded: Callable[[Row], ReplayableResponse], key: str | None = None, body: BaseModel | None = None
    ) -> RequestContext:
        """Who asks, when and how to answer; with a key, the same request gets the same answer."""
        return RequestContext(
            self.client,
            self.now,
            worded,
            self._idempotent_request(key, body) if key is not None else None,
            self.audit_entry,
        )

    def _idempotent_request(self, key: str, body: BaseModel | None) -> IdempotentRequest:
        # Fields in the model's order, defaults included: equal requests have equal bytes however they were written.
        content = f"{self.operation}\n{body.model_dump_json() if body else ''}"
        fingerprint = sha256(content.encode()).digest()
        return IdempotentRequest(self.client.id, key, fingerprint, self.now, self.conflict_response)

    def conflict_response(self, conflict: Conflict) -> ReplayableResponse:
        problem = conflict_problem(conflict, self.service.base_url, self.owner)
        return problem_response(problem, self.service.base_url, self.language, self.request_id)


class RequireScope(HTTPBearer):
    """The dependency that lets only holders of `scope` in, and gives the route its `Asking`."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scheme_name="ApiKey", description="Votre clé d’API (`insc_…`).", auto_error=False)
        self.required_scope = scope

    def authorise(self, scope: ASGIScope) -> None:
        """Put the `Asking` in the scope. Raise Problem: 401 without a live key, 403 without the scope."""
        service = cast("ApplicationState", scope["app"].state.service)
        client: Client | None = scope["caller"]
        if client is None:
            raise Problem("unauthenticated", UNAUTHENTICATED, headers=AUTHENTICATE_CHALLENGE)
        if self.required_scope not in SCOPES_BY_ROLE[client.role] or not client.has_scope(self.required_scope):
            raise Problem("forbidden", missing_scope_message(self.required_scope))
        operation, action = f"{scope['method']} {scope['path']}", scope["route"].operation_id
        scope["authorised_request"] = AuthorisedRequest(
            service, client, service.clock(), operation, scope["request_id"], scope["language"], action
        )

    async def __call__(self, request: Request) -> AuthorisedRequest:  # type: ignore[override]  # credentials become who asks
        """Who was admitted before anything of the request was read."""
        return cast("AuthorisedRequest", request.scope["authorised_request"])


def missing_scope_message(scope: Scope) -> Sentence:
    return Sentence(
        fr=f"Cette action demande la portée {scope}, que votre clé n’a pas.",
        en=f"This action needs the scope {scope}, which your key does not have.",
    )


def scope_requirement_of(route: APIRoute) -> RequireScope | None:
    """What a route asks of its callers; None when it declares nothing."""
    declared = [item.call for item in route.dependant.dependencies if isinstance(item.call, RequireScope)]
    return declared[0] if declared else None


def scope_of(route: APIRoute) -> Scope | None:
    """The scope a route declares; None when it declares none."""
    needs = scope_requirement_of(route)
    return needs.required_scope if needs else None
