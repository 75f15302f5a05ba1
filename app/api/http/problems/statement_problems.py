"""What a request states and cannot be so: a date, a past that is not said to be one, a correction without a motive,
a title obtained when it was not delivered."""

from app.api.http.problems.problem_details import Problem, field_error
from app.domain.errors import (
    AbsenceNotInSession,
    ImplausibleDate,
    MotiveMissing,
    RegularisationNeeded,
    TitleNotDelivered,
)
from app.wording.dates import format_day
from app.wording.languages import Sentence

UNPROCESSABLE = 422
MOTIVE_MISSING = Sentence(fr="Une correction donne son motif.", en="A correction gives its motive.")


def statement_problem(
    conflict: ImplausibleDate | RegularisationNeeded | MotiveMissing | AbsenceNotInSession | TitleNotDelivered,
) -> Problem:
    match conflict:
        case ImplausibleDate():
            return _implausible_date(conflict)
        case RegularisationNeeded():
            detail = _regularisation_needed(conflict)
            errors = [field_error(conflict.pointer, "session-started", detail)]
            return Problem("session-started", detail, errors, other_status=UNPROCESSABLE)
        case TitleNotDelivered():
            detail = _title_not_delivered(conflict)
            return Problem("validation-error", detail, [field_error("/on", "title-not-delivered", detail)])
        case AbsenceNotInSession():
            return _absence_not_in_session(conflict)
        case MotiveMissing():  # pragma: no branch  # the last one
            return Problem("validation-error", MOTIVE_MISSING, [field_error("/motive", "missing", MOTIVE_MISSING)])


def _implausible_date(conflict: ImplausibleDate) -> Problem:
    latest = format_day(conflict.latest)
    if conflict.is_fact:
        code, detail = (
            "date-in-future",
            Sentence(
                fr=f"Un fait ne peut être à venir : au plus tard aujourd’hui, le {latest.fr}.",
                en=f"A fact cannot lie in the future: today at the latest, {latest.en}.",
            ),
        )
    else:
        code, detail = (
            "date-too-far",
            Sentence(fr=f"Une session commence au plus tard le {latest.fr}.", en=f"A session starts by {latest.en}."),
        )
    return Problem("validation-error", detail, [field_error(conflict.pointer, code, detail)])


def _title_not_delivered(conflict: TitleNotDelivered) -> Sentence:
    """It may have an end without a beginning, and a beginning without an end."""
    days = [format_day(day) for day in (conflict.valid_from, conflict.valid_until) if day is not None]
    first, last = days[0], days[-1]
    if conflict.valid_from is None:
        return Sentence(fr=f"Ce titre s’obtient jusqu’au {last.fr}.", en=f"This title is obtained until {last.en}.")
    if conflict.valid_until is None:
        return Sentence(fr=f"Ce titre s’obtient depuis le {first.fr}.", en=f"This title is obtained since {first.en}.")
    return Sentence(
        fr=f"Ce titre s’obtient du {first.fr} au {last.fr}.",
        en=f"This title is obtained from {first.en} to {last.en}.",
    )


def _regularisation_needed(conflict: RegularisationNeeded) -> Sentence:
    day = format_day(conflict.first_day)
    return Sentence(
        fr=f'La session a commencé le {day.fr} : pour consigner le passé, envoyez `"regularisation": true`.',
        en=f'The session started on {day.en}: to record the past, send `"regularisation": true`.',
    )


def _absence_not_in_session(conflict: AbsenceNotInSession) -> Problem:
    first, last = format_day(conflict.first_day), format_day(conflict.last_day)
    detail = Sentence(
        fr=f"D’une session suivie, les jours manqués vont du {first.fr} au {last.fr}, chacun une seule fois.",
        en=f"Of a completed session, the days missed are from {first.en} to {last.en}, each listed once.",
    )
    pointer = f"/absences/{conflict.place}/on"
    return Problem("validation-error", detail, [field_error(pointer, "not-in-session", detail)])
