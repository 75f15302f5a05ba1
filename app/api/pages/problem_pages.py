"""The page that the `type` of a problem links to, and the list of all problems."""

from fastapi import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.api.http.problems.catalogue.problem_types import PROBLEM_TYPES
from app.api.http.problems.problem_details import Problem
from app.api.pages.page_rendering import render_page
from app.wording.languages import Sentence


async def _problem_page(request: Request) -> Response:
    """Raise Problem when no problem has this code."""
    code = request.path_params["code"]
    if code not in PROBLEM_TYPES:
        raise Problem("not-found", Sentence(fr="Aucun problème n’a ce code.", en="No problem has this code."))
    return render_page("problem.html", request.scope["language"], code=code, kind=PROBLEM_TYPES[code])


async def _problem_list_page(request: Request) -> Response:
    return render_page("problems.html", request.scope["language"], catalogue=PROBLEM_TYPES)


def routes() -> list[BaseRoute]:
    return [Route("/problems", _problem_list_page), Route("/problems/{code}", _problem_page)]
