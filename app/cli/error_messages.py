"""What stops a command, in one line of French for whoever typed it."""

from app.api.http.problems.database_unavailable_messages import DATABASE_UNAVAILABLE_MESSAGES
from app.embedded.cluster_error import ClusterError
from app.persistence.engine.database_errors import DatabaseTrouble, MigrationFailed, SessionRefused, trouble_of
from app.settings import SettingsError


def message_of(problem: Exception) -> str | None:
    """None for a fault of the program, which shows whole."""
    if isinstance(problem, SettingsError | ClusterError):
        return str(problem)
    trouble = trouble_of(problem)
    return f"DATABASE_URL : {_said(problem, trouble)}" if trouble is not None else None


def _said(problem: Exception, trouble: DatabaseTrouble) -> str:
    if trouble is DatabaseTrouble.SCHEMA:
        return "cette base n’a pas encore son schéma ; lancez `python -m app migrate`"
    if trouble is not DatabaseTrouble.AWAY:
        return DATABASE_UNAVAILABLE_MESSAGES[trouble].fr
    if isinstance(problem.__cause__, ValueError):
        return f"n’est pas comprise ({problem.__cause__})"
    if isinstance(problem, SessionRefused):
        return f"le serveur a refusé la session ({problem.__cause__})"
    failure = problem.__cause__ if isinstance(problem, MigrationFailed) else problem
    return f"la base de données ne répond pas ({type(failure).__name__})"
