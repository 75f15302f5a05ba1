"""Who may do what. A route that declares no scope keeps the application from starting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import cast
from uuid import UUID

from fastapi import Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from app.api.conflicts import problem_of_conflict
from app.api.problems import Problem, problem_answer
from app.api.service import Service
from app.domain.errors import Conflict
from app.persistence.attempts import Answer, Attempt
from app.persistence.clients import Client, Role
from app.persistence.database import Database
from app.persistence.driver import Row
from app.use_cases.asked import Asked


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
    CARRY_OVERS_WRITE = "carry-overs:write"


_COMMON = {
    Scope.ADVISERS_READ,
    Scope.CATALOGUE_READ,
    Scope.REGISTRATIONS_READ,
    Scope.REGISTRATIONS_WRITE,
    Scope.CERTIFICATIONS_READ,
    Scope.CERTIFICATIONS_WRITE,
}

SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.PLATFORM: frozenset(_COMMON | {Scope.ADVISERS_WRITE, Scope.CONTRACTS_READ, Scope.CONTRACTS_WRITE}),
    Role.TRAINING_ORGANISATION: frozenset(_COMMON | {Scope.SESSIONS_WRITE}),
    Role.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class Asking:
    """One authorised request: all that a route may ask for."""

    service: Service
    client: Client
    now: datetime
    operation: str

    @property
    def database(self) -> Database:
        return self.service.database

    @property
    def owner(self) -> UUID | None:
        """The training organisation whose registrations alone exist for this caller; None for the others."""
        return self.client.training_organisation_id

    def asked(self, worded: Callable[[Row], Answer], key: str | None = None, body: BaseModel | None = None) -> Asked:
        """Who asks, when and how to answer; with a key, the same request gets the same answer."""
        return Asked(self.client, self.now, worded, self._attempt(key, body) if key is not None else None)

    def _attempt(self, key: str, body: BaseModel | None) -> Attempt:
        # Fields in the model's order, defaults included: equal requests have equal bytes however they were written.
        content = f"{self.operation}\n{body.model_dump_json() if body else ''}"
        fingerprint = sha256(content.encode()).digest()
        return Attempt(self.client.id, key, fingerprint, self.now, self.word_conflict)

    def word_conflict(self, conflict: Conflict) -> Answer:
        return problem_answer(problem_of_conflict(conflict, self.service.base_url), self.service.base_url)


class Needs(HTTPBearer):
    """The dependency that lets only holders of `scope` in, and gives the route its `Asking`."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scheme_name="ApiKey", description="Votre clé d’API (`insc_…`).", auto_error=False)
        self.required = scope

    async def __call__(self, request: Request) -> Asking:  # type: ignore[override]  # credentials become who asks
        """Raise Problem: 401 without a live key, 403 without the scope."""
        service = cast("Service", request.app.state.service)
        now = service.clock()
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        client = await service.client_with(key.strip(), now) if scheme.lower() == "bearer" else None
        if client is None:
            challenge = {"WWW-Authenticate": 'Bearer realm="inscriptions"'}
            raise Problem("unauthenticated", "Clé d’API absente, inconnue, expirée ou révoquée.", headers=challenge)
        if self.required not in SCOPES[client.role]:
            raise Problem("forbidden", f"Cette action demande la portée {self.required}, que n’a pas votre rôle.")
        return Asking(service, client, now, f"{request.method} {request.scope['path']}")


def scope_of(route: APIRoute) -> Scope | None:
    """The scope a route declares; None when it declares none."""
    declared = [item.call for item in route.dependant.dependencies if isinstance(item.call, Needs)]
    return declared[0].required if declared else None
