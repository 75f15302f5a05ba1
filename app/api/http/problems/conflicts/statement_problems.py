"""What a request states and cannot be so: a date, a motive, a payer, hours, a title that was not delivered."""

from app.api.http.problems.problem_details import Problem, field_error
from app.domain.errors import Conflict
from app.domain.statement_errors import (
    AbsenceNotInSession,
    FormatNotOffered,
    HoursNotOffered,
    ImplausibleDate,
    MotiveMissing,
    MotiveNotValid,
    NotInitialTraining,
    PayerNotOffered,
    TitleNotDelivered,
)
from app.wording.dates import format_day
from app.wording.languages import Sentence

MOTIVE_MISSING = Sentence(fr="Une correction donne son motif.", en="A correction gives its motive.")


def statement_problem(conflict: Conflict) -> Problem | None:
    """None when it is about something else."""
    match conflict:
        case ImplausibleDate():
            return _implausible_date(conflict)
        case TitleNotDelivered():
            detail = _title_not_delivered(conflict)
            return _invalid_field("/on", "title-not-delivered", detail)
        case AbsenceNotInSession():
            return _absence_not_in_session(conflict)
        case FormatNotOffered():
            offered = ", ".join(conflict.offered)
            detail = Sentence(fr=f"Formats de ce module : {offered}.", en=f"Formats of this module: {offered}.")
            return _invalid_field("/format", "format-not-offered", detail)
        case MotiveMissing():
            return _invalid_field("/motive", "missing", MOTIVE_MISSING)
        case PayerNotOffered():
            offered = ", ".join(conflict.offered)
            detail = Sentence(fr=f"Payeurs proposés : {offered}.", en=f"Payers offered: {offered}.")
            return _invalid_field("/payer", "payer-not-offered", detail)
        case HoursNotOffered():
            return _invalid_field("/hours", "hours-not-offered", _hours_not_offered(conflict))
        case MotiveNotValid():
            return _invalid_field("/motive", "motive-not-valid", _motive_not_valid(conflict))
        case NotInitialTraining():
            detail = Sentence(
                fr="Seule une formation initiale a un test de positionnement.",
                en="Only an initial training has a positioning test.",
            )
            return _invalid_field("/hours", "not-initial-training", detail)
        case _:
            return None


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
    return _invalid_field(conflict.pointer, code, detail)


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


def _absence_not_in_session(conflict: AbsenceNotInSession) -> Problem:
    first, last = format_day(conflict.first_day), format_day(conflict.last_day)
    detail = Sentence(
        fr=f"D’une session suivie, les jours manqués vont du {first.fr} au {last.fr}, chacun une seule fois.",
        en=f"Of a completed session, the days missed are from {first.en} to {last.en}, each listed once.",
    )
    pointer = f"/absences/{conflict.place}/on"
    return _invalid_field(pointer, "not-in-session", detail)


def _hours_not_offered(conflict: HoursNotOffered) -> Sentence:
    offered = ", ".join(str(hours) for hours in conflict.offered)
    return Sentence(
        fr=f"Durées de parcours à cette date : {offered} heures.",
        en=f"Durations of the training on that date: {offered} hours.",
    )


def _motive_not_valid(conflict: MotiveNotValid) -> Sentence:
    valid = ", ".join(conflict.valid)
    return Sentence(
        fr=f"Motifs valables à cette date, pour une absence justifiée : {valid}.",
        en=f"Motives that are valid on that date, for a justified absence: {valid}.",
    )


def _invalid_field(pointer: str, code: str, detail: Sentence) -> Problem:
    return Problem("validation-error", detail, [field_error(pointer, code, detail)])
