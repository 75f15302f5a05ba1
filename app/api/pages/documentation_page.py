"""The interactive documentation: Swagger UI, served from here and started by our own script."""

from importlib.resources import files

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app.api.pages.page_rendering import render_page

# Swagger UI draws its icons from data: addresses and sets styles from its script, which needs no 'unsafe-inline'.
DOCUMENTATION_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def _documentation_page(_: Request) -> Response:
    return render_page("documentation.html", csp=DOCUMENTATION_CSP)


async def _redirect_to_documentation(_: Request) -> Response:
    return RedirectResponse("/docs", 307)


def routes() -> list[BaseRoute]:
    return [
        Route("/", _redirect_to_documentation),
        Route("/docs", _documentation_page),
        Mount("/docs/assets", StaticFiles(directory=str(files("fastapi_offline") / "static"))),
    ]
