"""Who may call, changed from the machine itself: the rules are those of the API."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

from app.api.http.problems.use_case_problems import use_case_problem
from app.cli.database import with_database
from app.domain.facts.calendar import PARIS
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.settings import SettingsError

Result = TypeVar("Result")

OPTIONS = {
    "/name": "NOM",
    "/role": "RÔLE",
    "/training_organisation_id": "--training-organisation-id",
    "/client_id": "--client",
    "/scopes": "--scope",
    "/expires_at": "--expires",
}


def permitted(act: Callable[[Database], Coroutine[Any, Any, Result]]) -> Result:
    """Do it on the database of the environment. Raise SettingsError, which names the option, when the rules are against
    it."""
    try:
        return with_database(act)
    except NotFound:
        raise SettingsError("Rien ni personne n’a cet identifiant") from None
    except Exception as stop:
        problem = use_case_problem(stop)
        if problem is None:
            raise
        named = " ".join(OPTIONS.get(error.pointer, error.pointer) for error in problem.errors)
        raise SettingsError(f"{named} : {problem.detail.fr}" if named else problem.detail.fr) from None


def trace(action: str, now: datetime) -> AuditEntry:
    """The command line is nobody's client; whoever may use it is on the machine."""
    return AuditEntry(None, action, None, now)


def end_of(day: datetime | None) -> datetime | None:
    """The midnight in Paris at which that day is over."""
    if day is None:
        return None
    return datetime.combine(day.date() + timedelta(days=1), time(), PARIS).astimezone(UTC)
