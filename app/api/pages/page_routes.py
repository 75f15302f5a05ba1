"""The routes of all pages. They load nothing from elsewhere, and run no inline script."""

from importlib.resources import files

from fastapi import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app.api.pages import (
    answer_page,
    documentation_page,
    guide_page,
    mailbox_pages,
    personal_link_pages,
    privacy_page,
    problem_pages,
)
from app.api.pages.statistics import statistics_page
from app.api.pages.support import support_page

STATIC_DIRECTORY = str(files("app.api.pages") / "static")


async def _icon(_: Request) -> Response:
    """Browsers ask for it on their own."""
    return FileResponse(f"{STATIC_DIRECTORY}/favicon.svg")


async def _robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def routes() -> list[BaseRoute]:
    """Public pages show nothing of any person, the URL of a personal link is a secret, statistics ask for a key."""
    return [
        *documentation_page.routes(),
        *guide_page.routes(),
        *problem_pages.routes(),
        *answer_page.routes(),
        *support_page.routes(),
        *personal_link_pages.routes(),
        *mailbox_pages.routes(),
        *privacy_page.routes(),
        *statistics_page.routes(),
        Mount("/assets", StaticFiles(directory=STATIC_DIRECTORY)),
        Route("/favicon.ico", _icon),
        Route("/robots.txt", _robots),
    ]
