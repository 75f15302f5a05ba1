"""What a route declares of its callers, and what it is given of a request once its caller is authorised."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Scope

from app.api.http.application_state import ApplicationState
from app.api.http.problems.conflicts.conflict_problems import conflict_problem
from app.api.http.problems.problem_details import problem_response
from app.domain.errors import Conflict
from app.persistence.administration.clients import Client
from app.persistence.engine.database import Database, LookupReader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import IdempotentRequest, ReplayableResponse
from app.persistence.outbox.webhook_endpoints import Owner as WebhookOwner
from app.persistence.outbox.webhook_endpoints import owner_of as webhook_owner_of
from app.use_cases.request_context import RequestContext
from app.wording.languages import Language

NOT_MODIFIED = 304
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class AuthorisedRequest:
    """One authorised request: all that a route may ask for. `scopes` are those of the caller's role that its
    credentials have too; `operation` is the method and the path, `action` the operationId."""

    service: ApplicationState
    client: Client
    scopes: frozenset[str]
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
    def reader(self) -> LookupReader:
        """Where a GET reads: the database itself shows a training organisation no more than its own."""
        return self.database.for_tenant(self.client.training_organisation_id)

    def has_scope(self, scope: str) -> bool:
        """Whether the caller's role has it, and the credentials it came with."""
        return scope in self.scopes

    @property
    def audit_entry(self) -> AuditEntry:
        return AuditEntry(self.client.id, self.action, self.request_id, self.now)

    async def audit_read(self, response: Response, *subjects: UUID | str | None) -> Response:
        """The response, once the audit log says whom it is about: nobody when None; a 304 shows nothing."""
        persons = [subject for subject in subjects if subject is not None]
        if persons and response.status_code != NOT_MODIFIED:
            await self.service.audit_log.write(self.audit_entry, persons)
        return response

    async def run_heavy_work(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do what takes long, a few at a time (ConcurrencyLimit). Raise Problem when its turn does not come."""
        return await self.service.heavy_work.run(self.client.id, work)

    def request_context(
        self, render: Callable[[Row], ReplayableResponse], key: str | None = None, body: BaseModel | None = None
    ) -> RequestContext:
        """What a use case is told of the request. With a key, the same request gets the same response again."""
        idempotency = self._idempotent_request(key, body) if key is not None else None
        return RequestContext(self.client, self.now, render, idempotency, self.audit_entry)

    def _idempotent_request(self, key: str, body: BaseModel | None) -> IdempotentRequest:
        # Fields in the model's order, defaults included: equal requests have equal bytes however they were written.
        content = f"{self.operation}\n{body.model_dump_json() if body else ''}"
        fingerprint = sha256(content.encode()).digest()
        return IdempotentRequest(self.client.id, key, fingerprint, self.now, self.conflict_response)

    def conflict_response(self, conflict: Conflict) -> ReplayableResponse:
        problem = conflict_problem(conflict, self.service.base_url, self.owner)
        return problem_response(problem, self.service.base_url, self.language, self.request_id)


class AccessRequirement(ABC):
    """A dependency that a route declares, and that is asked before anything of the request is read."""

    @abstractmethod
    def authorise(self, scope: Scope) -> None:
        """Put an AuthorisedRequest in the scope, as `authorised_request`. Raise Problem when the caller may not."""

    @abstractmethod
    async def __call__(self, request: Request) -> AuthorisedRequest:
        """What `authorise` has put there, for the route."""


def access_requirement_of(route: APIRoute) -> AccessRequirement | None:
    """None when the route declares none: the application does not start with it."""
    declared = (item.call for item in route.dependant.dependencies)
    return next((call for call in declared if isinstance(call, AccessRequirement)), None)
