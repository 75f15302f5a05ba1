"""Too early, or too late, for the session."""

from app.api.http.problems.problem_details import Problem, field_error
from app.domain.errors import (
    Conflict,
    ReferenceTaken,
    SeatsTaken,
    SeatWaiting,
    SessionCancelled,
    SessionClosed,
    SessionEnded,
    SessionNotStarted,
    SessionStarted,
)
from app.domain.statement_errors import RegularisationNeeded
from app.wording.dates import format_day
from app.wording.languages import Sentence

UNPROCESSABLE = 422
CANCELLED = Sentence(fr="Cette session est annulée.", en="This session is cancelled.")
WAITING = Sentence(
    fr="Cette inscription attend une place : elle n’a rien suivi.",
    en="This registration waits for a seat: it attended nothing.",
)


def session_problem(conflict: Conflict) -> Problem | None:
    """None when it is about something else."""
    match conflict:
        case SessionStarted():
            day = format_day(conflict.first_day)
            detail = Sentence(fr=f"La session a commencé le {day.fr}.", en=f"The session started on {day.en}.")
            return Problem("session-started", detail)
        case SessionEnded():
            day = format_day(conflict.last_day)
            detail = Sentence(fr=f"La session s’est terminée le {day.fr}.", en=f"The session ended on {day.en}.")
            return Problem("session-ended", detail)
        case SessionNotStarted():
            day = format_day(conflict.first_day)
            detail = Sentence(fr=f"La session commence le {day.fr}.", en=f"The session starts on {day.en}.")
            return Problem("session-not-started", detail)
        case RegularisationNeeded():
            detail = _regularisation_needed(conflict)
            errors = [field_error(conflict.pointer, "session-started", detail)]
            return Problem("session-started", detail, errors, other_status=UNPROCESSABLE)
        case _:
            return _published_session_problem(conflict)


def _published_session_problem(conflict: Conflict) -> Problem | None:
    match conflict:
        case SessionCancelled():
            return Problem("session-cancelled", CANCELLED)
        case SessionClosed():
            day = format_day(conflict.last_day)
            detail = Sentence(fr=f"On s’inscrivait jusqu’au {day.fr} inclus.", en=f"One could register until {day.en}.")
            return Problem("session-closed", detail)
        case SeatsTaken():
            detail = Sentence(fr=f"{conflict.taken} places sont prises.", en=f"{conflict.taken} seats are taken.")
            return Problem("seats-taken", detail, [field_error("/seats/maximum", "seats-taken", detail)])
        case SeatWaiting():
            return Problem("seat-waiting", WAITING)
        case ReferenceTaken():
            detail = Sentence(
                fr=f"Une autre de vos sessions porte cette référence : {conflict.session}.",
                en=f"Another of your sessions has this reference: {conflict.session}.",
            )
            return Problem("reference-taken", detail, [field_error("/reference", "taken", detail)])
        case _:
            return None


def _regularisation_needed(conflict: RegularisationNeeded) -> Sentence:
    day = format_day(conflict.first_day)
    return Sentence(
        fr=f'La session a commencé le {day.fr} : pour consigner le passé, envoyez `"regularisation": true`.',
        en=f'The session started on {day.en}: to record the past, send `"regularisation": true`.',
    )
