"""The ASGI application: routers, errors said once, and a refusal to start with an undeclared route."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
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
from app.api.problems import Problem, ProblemResource, code_of_status, problem_answer
from app.api.service import Service
from app.api.validation import request_problem
from app.domain.errors import Conflict
from app.persistence.attempts import AlreadyAnswered, KeyReused
from app.persistence.database import AttemptInFlight
from app.persistence.failures import UNREACHABLE, violated_constraint
from app.persistence.locks import Missing
from app.use_cases.errors import ConumIdTaken, NotAllowed, PreconditionMissing, Stale, UnknownReference

BODY_LIMIT = 256 * 1024

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
STOPS = (UnknownReference, Missing, KeyReused, AttemptInFlight, Stale, PreconditionMissing, ConumIdTaken, NotAllowed)

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


def _said(app: FastAPI, error: Exception) -> Response:
    base_url = app.state.service.base_url
    match error:
        case AlreadyAnswered():
            return answered(error.answer)
        case Problem():
            problem = error
        case Conflict():
            problem = problem_of_conflict(error, base_url)
        case RequestValidationError():
            problem = request_problem(error.errors())
        case HTTPException():
            problem = Problem(code_of_status(error.status_code), str(error.detail), headers=error.headers or {})
        case _:
            problem = problem_of(error) or _problem_of_failure(error)
            if problem.code in {"internal-error", "unavailable"}:
                _LOG.error("%s", problem.code, exc_info=error)
    return answered(problem_answer(problem, base_url))


def create_application(service: Service) -> FastAPI:
    """Raise UndeclaredRouteError when a route declares no scope."""
    app = FastAPI(
        title="Inscriptions en formation des conseillers numériques",
        version="1.0.0",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        telemetry=None,
        max_body_size=BODY_LIMIT,
        responses={422: {"model": ProblemResource}},
        generate_unique_id_function=lambda route: route.operation_id or route.name,
    )
    app.state.service = service

    def handler() -> Callable[[Request, Exception], Awaitable[Response]]:
        async def handle(_: Request, error: Exception) -> Response:
            return _said(app, error)

        return handle

    for kind in (
        AlreadyAnswered,
        Problem,
        Conflict,
        RequestValidationError,
        HTTPException,
        *STOPS,
        *UNREACHABLE,
        Exception,
    ):
        app.add_exception_handler(kind, handler())
    for router in (
        registrations.router,
        registration_actions.router,
        advisers.router,
        contracts.router,
        certifications.router,
        catalogue.router,
    ):
        _declared(router.routes)
        app.include_router(router)
    app.router.routes.extend((*pages_for_people.routes(), *health.routes()))
    return app
