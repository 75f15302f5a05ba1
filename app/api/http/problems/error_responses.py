"""Every exception that ends a request, as the response that it becomes, for all routes."""

from uuid import UUID

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from app.api.http.application_state import ApplicationState
from app.api.http.problems.catalogue.problem_types import PROBLEM_TYPES
from app.api.http.problems.conflicts.conflict_problems import conflict_problem
from app.api.http.problems.database_unavailable_messages import DATABASE_UNAVAILABLE_MESSAGES
from app.api.http.problems.problem_details import Problem, code_for_status, problem_response
from app.api.http.problems.use_case_problems import CONUM_ID_TAKEN, use_case_problem
from app.api.http.problems.validation_problems import request_problem
from app.domain.errors import Conflict
from app.persistence.administration.clients import Client
from app.persistence.engine.database_errors import LOG_MESSAGES, InstantTooOld, trouble_of, violated_constraint
from app.persistence.engine.secrets.secret_box import SealedByAnotherKeyError
from app.persistence.engine.transactions.idempotency import AlreadyCompleted, ConflictStored, ReplayableResponse
from app.persistence.engine.transactions.transaction_errors import CommitLost, CommitOutcomeUnknown
from app.wording.languages import Sentence

METHOD_NOT_ALLOWED = 405
RETRY_AFTER = {"Retry-After": "1"}

COMMIT_OUTCOME_UNKNOWN = Sentence(
    fr="La base de données n’a pas dit si l’écriture a eu lieu ; la même demande, avec la même clé, le dira.",
    en="The database did not say whether the write took place; the same request with the same key will tell.",
)
DATABASE_INTERRUPTED = Sentence(
    fr="La base de données s’est interrompue et n’a rien écrit.", en="The database was interrupted and wrote nothing."
)
TIMED_OUT = Sentence(
    fr="La demande a pris trop de temps ; répétée avec la même clé, elle ne sera pas faite deux fois.",
    en="The request took too long; repeated with the same key, it is not carried out twice.",
)
DECRYPTION_FAILED = Sentence(
    fr="Ce service n’ouvre plus ce qu’il a chiffré : un secret de configuration lui manque.",
    en="This service no longer opens what it encrypted: it lacks a secret of its configuration.",
)
CONCURRENT_WRITE = Sentence(fr="Une écriture simultanée a été plus rapide.", en="A simultaneous write was quicker.")
INTERNAL_ERROR = Sentence(
    fr="L’erreur est enregistrée ; rien n’a été écrit.", en="The error is recorded; nothing was written."
)

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.api")


class RequestTimedOut(Exception):  # noqa: N818  # not an error of the program
    """The time limit of the request is over."""


def error_response(error: Exception, scope: Scope) -> ReplayableResponse:
    """The response to `error`; one that no code raised on purpose is logged."""
    service: ApplicationState = scope["app"].state.service
    if isinstance(error, AlreadyCompleted | ConflictStored):
        return error.response
    problem = _problem(error, scope, service.base_url)
    return problem_response(problem, service.base_url, scope["language"], scope["request_id"])


def _problem(error: Exception, scope: Scope, base_url: str) -> Problem:
    match error:
        case Problem():
            return error
        case Conflict():
            return conflict_problem(error, base_url, _training_organisation(scope))
        case RequestValidationError():
            return request_problem(error.errors())
        case HTTPException():
            return _problem_of_http_exception(error, scope)
        case _:
            if (problem := use_case_problem(error)) is not None:
                return problem
            problem, trouble = _problem_of_unexpected(error), trouble_of(error)
            details = {"trouble": LOG_MESSAGES[trouble]} if trouble else {}
            _LOG.error("failure", code=problem.code, request_id=str(scope["request_id"]), exc_info=error, **details)
            return problem


def _training_organisation(scope: Scope) -> UUID | None:
    """The training organisation that the client is; None when it is another."""
    caller: Client | None = scope.get("caller")
    return caller.training_organisation_id if caller else None


def _problem_of_unexpected(failure: Exception) -> Problem:
    """The problem of an unexpected failure; it shows no internals."""
    if isinstance(failure, CommitOutcomeUnknown):
        return Problem("outcome-unknown", COMMIT_OUTCOME_UNKNOWN, headers=RETRY_AFTER)
    if isinstance(failure, CommitLost):
        return Problem("unavailable", DATABASE_INTERRUPTED, headers=RETRY_AFTER)
    if isinstance(failure, RequestTimedOut | InstantTooOld):
        return Problem("unavailable", TIMED_OUT, headers=RETRY_AFTER)
    if (trouble := trouble_of(failure)) is not None:
        return Problem("unavailable", DATABASE_UNAVAILABLE_MESSAGES[trouble], headers=RETRY_AFTER)
    if isinstance(failure, SealedByAnotherKeyError):
        return Problem("unavailable", DECRYPTION_FAILED, headers=RETRY_AFTER)
    constraint = violated_constraint(failure)
    if constraint == "uq_adviser_conum_id":
        return Problem("conum-id-taken", CONUM_ID_TAKEN)
    if constraint is not None:
        return Problem("unavailable", CONCURRENT_WRITE, headers=RETRY_AFTER)
    return Problem("internal-error", INTERNAL_ERROR)


def _problem_of_http_exception(error: HTTPException, scope: Scope) -> Problem:
    headers = dict(error.headers or {})
    if error.status_code == METHOD_NOT_ALLOWED and (methods := _allowed_methods(scope)):
        headers["Allow"] = methods
    code = code_for_status(error.status_code)
    return Problem(code, PROBLEM_TYPES[code].advice, headers=headers)


def _allowed_methods(scope: Scope) -> str:
    """The methods of every route at this path: the framework names those of the first one only."""
    operations = scope["app"].state.operations
    found = {method for route in operations if route.path_regex.match(scope["path"]) for method in route.methods}
    return ", ".join(sorted(found | ({"HEAD"} if "GET" in found else set())))
