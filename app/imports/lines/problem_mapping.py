"""What the API would answer with a problem, as the faults of a line."""

from app.api.http.problems.conflicts.conflict_problems import conflict_problem
from app.api.http.problems.problem_details import FieldProblem, Problem
from app.api.http.problems.use_case_problems import use_case_problem
from app.domain.errors import Conflict
from app.imports.lines.line_parsing import Fault, LineRejected


def faults_of(error: Exception) -> tuple[Fault, ...] | None:
    """None for an error that is no answer to a client."""
    if isinstance(error, LineRejected):
        return error.faults
    problem = _problem(error)
    if problem is None:
        return None
    return tuple(map(_fault, problem.errors)) or (Fault(problem.detail.fr),)


def _fault(error: FieldProblem) -> Fault:
    return Fault(error.detail.fr, error.pointer.removeprefix("/").replace("/", ".") or None)


def _problem(error: Exception) -> Problem | None:
    if isinstance(error, Problem):
        return error
    return conflict_problem(error, "") if isinstance(error, Conflict) else use_case_problem(error)
