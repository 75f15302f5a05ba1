"""/livez and /readyz: whether the process lives, and whether it can serve."""

from fastapi import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.api.problems import Problem
from app.api.service import Service
from app.persistence.health import is_usable


async def live(_: Request) -> Response:
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """Raise Problem while the database does not answer, or lacks its schema or its policy."""
    service: Service = request.app.state.service
    if not await is_usable(service.database):
        raise Problem("unavailable", "La base de données n’est pas prête.", headers={"Retry-After": "1"})
    return JSONResponse({"status": "ready"})


def routes() -> list[BaseRoute]:
    return [Route("/livez", live), Route("/readyz", ready)]
