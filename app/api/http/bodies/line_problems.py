"""Why one line of a request of many is refused: what the same line alone would be answered."""

from dataclasses import replace
from typing import Any

import orjson

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.problems.conflicts.conflict_problems import conflict_problem
from app.api.http.problems.problem_details import problem_response
from app.api.http.problems.use_case_problems import use_case_problem
from app.domain.errors import Conflict


def line_problem(authorised: AuthorisedRequest, index: int, refusal: Exception) -> dict[str, Any]:
    """A problem whose pointers are those of the line `index`, from 0, of `data`. Raise `refusal` when it has none."""
    base_url = authorised.service.base_url
    if isinstance(refusal, Conflict):
        problem = conflict_problem(refusal, base_url, authorised.owner)
    elif (worded := use_case_problem(refusal)) is not None:
        problem = worded
    else:
        raise refusal
    errors = [replace(error, pointer=f"/data/{index}{error.pointer}") for error in problem.errors]
    response = problem_response(replace(problem, errors=errors), base_url, authorised.language, authorised.request_id)
    body: dict[str, Any] = orjson.loads(response.body)
    return body
