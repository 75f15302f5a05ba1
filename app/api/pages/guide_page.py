"""The guide: prose from templates, and programs that the tests run."""

from datetime import timedelta
from functools import cache
from pathlib import Path

from fastapi import Request
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import find_lexer_class_for_filename  # pyright: ignore[reportUnknownVariableType]  # untyped
from pygments.lexers.special import TextLexer  # pyright: ignore[reportMissingTypeStubs]
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.api.http.problems.catalogue.problem_types import PROBLEM_TYPES
from app.api.http.problems.problem_details import Problem
from app.api.identity.scopes import SCOPES_BY_ROLE, Scope
from app.api.pages.page_rendering import TEMPLATES, render_page
from app.api.pages.page_requests import service_of
from app.persistence.schema.retention_periods import RESPONSES_RETENTION
from app.wording.languages import Sentence

PROJECT_ROOT = Path(__file__).parents[3]
SAMPLES = {
    file.name: file.read_text()
    for pattern in ("app/api/pages/samples/*.*", "openapi/receivers/receiver.*")
    for file in PROJECT_ROOT.glob(pattern)
}
HTML_FORMATTER: "HtmlFormatter[str]" = HtmlFormatter(nowrap=True)


@cache
def _highlighted_sample(name: str) -> Markup:
    """A program in colour, under its name, which links to the file."""
    lexer = find_lexer_class_for_filename(name) or TextLexer
    code = Markup(highlight(SAMPLES[name], lexer(), HTML_FORMATTER))  # noqa: S704  # it escapes too
    return Markup(TEMPLATES.get_template("sample.html").render(name=name, code=code))  # noqa: S704  # it escapes


def _problem_link(code: str) -> Markup:
    """The status of a problem, and a link to its page. Raise KeyError when no problem has this code."""
    return Markup('{} <a href="/problems/{}"><code>{}</code></a>').format(PROBLEM_TYPES[code].status, code, code)


async def _guide_page(request: Request) -> Response:
    service = service_of(request)
    return render_page(
        "guide.html",
        sample=_highlighted_sample,
        problem=_problem_link,
        base_url=service.base_url,
        idempotency_hours=RESPONSES_RETENTION // timedelta(hours=1),
        per_minute=service.rate_limiter.per_minute,
        catalogue=PROBLEM_TYPES,
        scopes=[*Scope],
        roles=SCOPES_BY_ROLE,
    )


async def _sample_file(request: Request) -> Response:
    """A program to download. Raise Problem when none has this name."""
    text = SAMPLES.get(request.path_params["name"])
    if text is None:
        raise Problem("not-found", Sentence(fr="Aucun exemple n’a ce nom.", en="No sample has this name."))
    return PlainTextResponse(text)


def routes() -> list[BaseRoute]:
    return [Route("/guide", _guide_page), Route("/guide/samples/{name}", _sample_file)]
