"""The ASGI application: its routes and its middleware. It does not start with a route that declares no scope."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from app.api import health
from app.api.administration import (
    audit_log_routes,
    import_routes,
    policy_routes,
    session_statistics_routes,
    statistics_routes,
    support_request_routes,
)
from app.api.advisers import (
    adviser_routes,
    carry_over_routes,
    obligation_routes,
    personal_data_routes,
    training_record_routes,
    training_record_svg,
)
from app.api.certifications import certification_routes, result_recording_routes
from app.api.contracts import contract_routes
from app.api.http.application_state import ApplicationState
from app.api.http.middleware.head_requests import HeadRequestMiddleware
from app.api.http.middleware.request_middleware import RequestMiddleware
from app.api.identity import api_key_routes, client_routes
from app.api.identity.authorisation import scope_of
from app.api.modules import catalogue_routes
from app.api.notifications import (
    delivery_routes,
    endpoint_delivery_routes,
    event_routes,
    message_routes,
    webhook_endpoint_routes,
)
from app.api.pages import page_routes
from app.api.registrations import (
    attendance_routes,
    registering_routes,
    registration_action_routes,
    registration_routes,
)
from app.api.sessions import calendar_routes, roster_routes, session_deed_routes, session_routes

DESCRIPTION = """Décide, enregistre et annonce les inscriptions en formation des conseillers numériques.

Chaque demande est décidée aussitôt selon les règles publiées ; un refus donne **tous** ses motifs, avec ce qu’il faut
faire et qui doit agir. Cliquez sur *Authorize* et collez votre clé d’API.
"""
TAGS = [
    {"name": "Inscriptions", "description": "Demander, suivre, répondre, déplacer, annuler, enregistrer l’assiduité."},
    {"name": "Sessions", "description": "Ce qui sera tenu, les places, et ce qui concerne toutes leurs inscriptions."},
    {"name": "Conseillers", "description": "Les personnes, leur dossier de formation et leurs reports de droits."},
    {"name": "Contrats", "description": "Les contrats de travail et le dossier administratif de l’employeur."},
    {"name": "Certifications", "description": "Les résultats d’examen et les titres."},
    {"name": "Support", "description": "Ce qu’une personne doit examiner : contestations et justifications."},
    {"name": "Flux", "description": "Les événements, dans l’ordre, sans jamais rien manquer."},
    {"name": "Administration", "description": "Les clés d’API, et le journal de qui a fait ou lu quoi."},
    {"name": "Catalogue", "description": "Les modules et les organismes de formation."},
    {"name": "Imports", "description": "Les tableurs des systèmes voisins, ligne par ligne, avec les motifs de rejet."},
    {"name": "Politique", "description": "Les nombres et les dates des règles, versionnés par date d’effet."},
    {"name": "Messages", "description": "Les courriels envoyés aux conseillers, aux employeurs et aux organismes."},
    {"name": "Webhooks", "description": "Ce qui est livré chez vous, signé, quand il se passe quelque chose."},
]


class UndeclaredRouteError(Exception):
    """A route declares no scope: the application does not start."""


def _check_scopes_declared(routes: Iterable[Any]) -> None:
    """Raise UndeclaredRouteError."""
    for route in routes:
        if not isinstance(route, APIRoute) or scope_of(route) is None:
            raise UndeclaredRouteError(f"{getattr(route, 'path', route)} declares no scope")


def _routers() -> tuple[APIRouter, ...]:
    modules = (
        registering_routes,
        registration_routes,
        registration_action_routes,
        attendance_routes,
        session_routes,
        session_deed_routes,
        calendar_routes,
        roster_routes,
        adviser_routes,
        training_record_routes,
        carry_over_routes,
        personal_data_routes,
        training_record_svg,
        contract_routes,
        certification_routes,
        result_recording_routes,
        support_request_routes,
        obligation_routes,
        catalogue_routes,
        event_routes,
        webhook_endpoint_routes,
        endpoint_delivery_routes,
        delivery_routes,
        message_routes,
        import_routes,
        statistics_routes,
        session_statistics_routes,
        policy_routes,
        client_routes,
        api_key_routes,
        audit_log_routes,
    )
    return tuple(module.router for module in modules)


class Application(FastAPI):
    """FastAPI, whose OpenAPI document says more than the routes do, and whose requests meet our middleware only."""

    def build_middleware_stack(self) -> ASGIApp:
        """Without the framework's own: RequestMiddleware answers every exception, and a route closes what it opens."""
        return HeadRequestMiddleware(RequestMiddleware(self.router, self.state.service))

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            from app.api.openapi import openapi_document  # noqa: PLC0415  # of no use until somebody reads it

            self.openapi_schema = openapi_document.complete_document(super().openapi(), self.state.operations)
        return self.openapi_schema


def create_application(service: ApplicationState) -> FastAPI:
    """Raise UndeclaredRouteError when a route declares no scope."""
    app = Application(
        title="Inscriptions en formation des conseillers numériques",
        version="1.2.0",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        contact={"name": "Le support des conseillers numériques"},
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # else it looks for them at each request
        redirect_slashes=False,  # the framework would redirect to whatever Host says
        generate_unique_id_function=lambda route: route.operation_id or route.name,
    )
    app.state.service = service
    app.state.operations = [route for router in _routers() for route in router.routes]
    _check_scopes_declared(app.state.operations)
    # As they are: to include their routers would have the framework make each of them again at the first request.
    app.router.routes.extend((*app.state.operations, *page_routes.routes(), *health.routes()))
    return app
