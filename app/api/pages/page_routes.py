"""The pages a person opens: documentation, guide, problems, personal links. No CDN, no inline script."""

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
    privacy_page,
    problem_pages,
    statistics_page,
)

STATIC_DIRECTORY = str(files("app.api.pages") / "static")


async def _icon(_: Request) -> Response:
    """What a browser asks for by itself, wherever it is."""
    return FileResponse(f"{STATIC_DIRECTORY}/favicon.svg")


async def _robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def routes() -> list[BaseRoute]:
    """Public pages, which show nothing of anybody; those of personal links, whose address is a secret; the mailbox."""
    return [
        *documentation_page.routes(),
        *guide_page.routes(),
        *problem_pages.routes(),
        *answer_page.routes(),
        *mailbox_pages.routes(),
        *privacy_page.routes(),
        *statistics_page.routes(),
        Mount("/assets", StaticFiles(directory=STATIC_DIRECTORY)),
        Route("/favicon.ico", _icon),
        Route("/robots.txt", _robots),
    ]
