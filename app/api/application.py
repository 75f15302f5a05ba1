"""The ASGI application: routers, errors said once, and a refusal to start with an undeclared route."""

import logging
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api import (
    advisers,
    catalogue,
    certifications,
    contracts,
    health,
    pages_for_people,
    registration_actions,
    registrations,
)
from app.api.access import scope_of
from app.api.conflicts import problem_of, problem_of_conflict
from app.api.headers import answered
from app.api.problems import MEDIA_TYPE, Problem, ProblemResource, code_of_status, problem_answer
from app.api.service import Service
from app.api.validation import request_problem
from app.domain.errors import Conflict
from app.persistence.attempts import AlreadyAnswered, ConflictAnswered, KeyReused
from app.persistence.database import AttemptInFlight
from app.persistence.failures import UNREACHABLE, violated_constraint
from app.persistence.locks import Missing
from app.use_cases.errors import ConumIdTaken, PreconditionMissing, Stale, UnknownReference

DESCRIPTION = """Décide, enregistre et annonce les inscriptions en formation des conseillers numériques.

Chaque demande est décidée aussitôt selon les règles publiées ; un refus donne **tous** ses motifs, avec ce qu’il faut
faire et qui doit agir. Cliquez sur *Authorize* et collez votre clé d’API.
"""
TAGS = [
    {"name": "Inscriptions", "description": "Demander, suivre, répondre, déplacer, annuler, enregistrer l’assiduité."},
    {"name": "Conseillers", "description": "Les personnes, leur dossier de formation et leurs reports de droits."},
    {"name": "Contrats", "description": "Les contrats de travail et le dossier administratif de l’employeur."},
    {"name": "Certifications", "description": "Les résultats d’examen et les titres."},
    {"name": "Catalogue", "description": "Les modules et les organismes de formation."},
]

# What a use case raises before deciding, or instead of it.
STOPS = (UnknownReference, Missing, KeyReused, AttemptInFlight, Stale, PreconditionMissing, ConumIdTaken)

HANDLED: tuple[type[Exception], ...] = (
    AlreadyAnswered,
    ConflictAnswered,
    Problem,
    Conflict,
    RequestValidationError,
    HTTPException,
    *STOPS,
    *UNREACHABLE,
    Exception,
)
METHOD_NOT_ALLOWED = 405

_LOG = logging.getLogger("app.api")


class UndeclaredRouteError(Exception):
    """A route declares no scope: the application does not start."""


def _declared(routes: Iterable[Any]) -> None:
    """Raise UndeclaredRouteError."""
    for route in routes:
        if not isinstance(route, APIRoute) or scope_of(route) is None:
            raise UndeclaredRouteError(f"{getattr(route, 'path', route)} declares no scope")


def _problem_of_failure(failure: Exception) -> Problem:
    """The problem that says a failure nobody meant, without its internals."""
    if isinstance(failure, UNREACHABLE):
        return Problem("unavailable", "La base de données ne répond pas.", headers={"Retry-After": "1"})
    constraint = violated_constraint(failure)
    if constraint == "uq_adviser_conum_id":
        return Problem("conum-id-taken", "Un autre conseiller porte cet ID Conum.")
    if constraint is not None:
        detail = "Une écriture simultanée a été plus rapide."
        return Problem("unavailable", detail, headers={"Retry-After": "1"})
    return Problem("internal-error", "L’erreur est enregistrée ; rien n’a été écrit.")


def _routers() -> tuple[APIRouter, ...]:
    nouns = (registrations, registration_actions, advisers, contracts, certifications, catalogue)
    return tuple(noun.router for noun in nouns)


def _methods_of(path: str) -> str:
    """Every method that some route takes at this path: the framework names those of the first route only."""
    routes = [route for router in _routers() for route in router.routes if isinstance(route, APIRoute)]
    found = {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}
    return ", ".join(sorted(found))


def _problem_of_framework(error: HTTPException, path: str) -> Problem:
    headers = dict(error.headers or {})
    if error.status_code == METHOD_NOT_ALLOWED and (methods := _methods_of(path)):
        headers["Allow"] = methods
    return Problem(code_of_status(error.status_code), str(error.detail), headers=headers)


def _said(request: Request, error: Exception) -> Response:
    base_url = request.app.state.service.base_url
    match error:
        case AlreadyAnswered() | ConflictAnswered():
            return answered(error.answer)
        case Problem():
            problem = error
        case Conflict():
            problem = problem_of_conflict(error, base_url)
        case RequestValidationError():
            problem = request_problem(error.errors())
        case HTTPException():
            problem = _problem_of_framework(error, request.url.path)
        case _:
            problem = problem_of(error) or _problem_of_failure(error)
            if problem.code in {"internal-error", "unavailable"}:
                _LOG.error("%s", problem.code, exc_info=error)
    return answered(problem_answer(problem, base_url))


async def _handle(request: Request, error: Exception) -> Response:
    return _said(request, error)


class Application(FastAPI):
    """FastAPI, but for what it would announce of errors that are never answered so."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            contract = super().openapi()
            schemas = contract["components"]["schemas"]
            problem = TypeAdapter(ProblemResource).json_schema(ref_template="#/components/schemas/{model}")
            schemas.update({**problem.pop("$defs"), "ProblemResource": problem})
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for operation in (item for path in contract["paths"].values() for item in path.values()):
                if MEDIA_TYPE not in operation["responses"].get("422", {}).get("content", {MEDIA_TYPE: None}):
                    del operation["responses"]["422"]
        return super().openapi()


def create_application(service: Service) -> FastAPI:
    """Raise UndeclaredRouteError when a route declares no scope."""
    app = Application(
        title="Inscriptions en formation des conseillers numériques",
        version="1.0.0",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        telemetry=None,
        generate_unique_id_function=lambda route: route.operation_id or route.name,
    )
    app.state.service = service
    for kind in HANDLED:
        app.add_exception_handler(kind, _handle)
    for router in _routers():
        _declared(router.routes)
        app.include_router(router)
    app.router.routes.extend((*pages_for_people.routes(), *health.routes()))
    return app
