"""The pages a person opens: documentation, guide, problems, personal links. No CDN, no inline script."""

from importlib.resources import files

from fastapi import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app.api.reading import answers, documentation, guide, mailbox, privacy, problem_pages, statistics

STATIC = str(files("app.api.reading") / "static")


async def _icon(_: Request) -> Response:
    """What a browser asks for by itself, wherever it is."""
    return FileResponse(f"{STATIC}/favicon.svg")


async def _robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def routes() -> list[BaseRoute]:
    """Public pages, which show nothing of anybody; those of personal links, whose address is a secret; the mailbox."""
    return [
        *documentation.routes(),
        *guide.routes(),
        *problem_pages.routes(),
        *answers.routes(),
        *mailbox.routes(),
        *privacy.routes(),
        *statistics.routes(),
        Mount("/assets", StaticFiles(directory=STATIC)),
        Route("/favicon.ico", _icon),
        Route("/robots.txt", _robots),
    ]
