"""The conflicts of the domain, said as problems."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.problems.right_problems import right_problem
from app.api.http.problems.statement_problems import statement_problem
from app.domain.errors import (
    AbsenceNotInSession,
    AdviserAnonymised,
    AlreadyAnnulled,
    Conflict,
    DuplicateRegistration,
    EffectRefused,
    HoursNotOffered,
    ImplausibleDate,
    InvalidTransition,
    MotiveMissing,
    MotiveNotValid,
    NoRightLeft,
    NothingToCarryOver,
    NotInitialTraining,
    OutsideScheme,
    PayerNotOffered,
    PolicyExists,
    ReasonsRemain,
    RegularisationNeeded,
    ResultExists,
    SessionEnded,
    SessionNotStarted,
    SessionStarted,
    TitleNotDelivered,
    TooLateToCarryOver,
    TooLateToCorrect,
)
from app.wording.dates import format_day
from app.wording.decision_summaries import STATUS_LABELS
from app.wording.languages import Sentence
from app.wording.support_labels import SUPPORT_STATUS_LABELS

TRANSITION_MESSAGES = {
    "choice": Sentence(
        fr="Le choix du conseiller n’est attendu que d’une inscription en attente de choix",
        en="The adviser’s choice is expected only for a registration that awaits it",
    ),
    "cancellation": Sentence(
        fr="Seule une inscription acceptée ou en attente de choix s’annule",
        en="Only a registration that is accepted or awaiting the adviser’s choice can be cancelled",
    ),
    "attendance": Sentence(
        fr="L’assiduité ne s’enregistre que sur une inscription acceptée",
        en="Attendance is recorded only on an accepted registration",
    ),
    "derogation": Sentence(
        fr="Une dérogation ne s’accorde que sur une inscription refusée ou en attente de choix",
        en="A derogation is granted only on a registration that is refused or awaiting the adviser’s choice",
    ),
    "reschedule": Sentence(
        fr="Seule la session d’une inscription acceptée, refusée ou en attente de choix se déplace",
        en="Only the session of a registration that is accepted, refused or awaiting the adviser’s choice can be moved",
    ),
    "re-examination": Sentence(
        fr="Seule une inscription refusée se réexamine", en="Only a refused registration can be re-examined"
    ),
    "positioning-test": Sentence(
        fr="Le test de positionnement ne s’enregistre que sur une inscription acceptée ou suivie",
        en="The positioning test is recorded only on a registration that is accepted or completed",
    ),
    "answer": Sentence(
        fr="Seule une demande au support ouverte reçoit une réponse", en="Only an open support request is answered"
    ),
    "withdrawal": Sentence(
        fr="Seule une demande au support ouverte se retire", en="Only an open support request can be withdrawn"
    ),
}
# Of a registration or of a support request: no two statuses have the same name.
TRANSITION_STATUS_LABELS: Mapping[str, Sentence] = {
    str(status): label for status, label in (*STATUS_LABELS.items(), *SUPPORT_STATUS_LABELS.items())
}

ANONYMISED = Sentence(
    fr="Ce conseiller a été anonymisé : rien de ce qui le concerne ne change plus.",
    en="This adviser was anonymised: nothing about that person changes any more.",
)
DUPLICATE_ELSEWHERE = Sentence(
    fr="Ce conseiller a déjà une inscription active à ce module et à cette date.",
    en="This adviser already has an active registration for this module and this date.",
)


def conflict_problem(conflict: Conflict, base_url: str, owner: UUID | None = None) -> Problem:
    """`owner` is the training organisation that asks, None for other clients: the registration of another organisation
    is not named to it. Raise `conflict` when it has no problem."""
    match conflict:
        case AdviserAnonymised():
            return Problem("adviser-anonymised", ANONYMISED)
        case InvalidTransition():
            return Problem("invalid-transition", _invalid_transition(conflict))
        case SessionStarted():
            day = format_day(conflict.first_day)
            detail = Sentence(fr=f"La session a commencé le {day.fr}.", en=f"The session started on {day.en}.")
            return Problem("session-started", detail)
        case RegularisationNeeded() | ImplausibleDate() | MotiveMissing() | AbsenceNotInSession() | TitleNotDelivered():
            return statement_problem(conflict)
        case SessionEnded():
            day = format_day(conflict.last_day)
            detail = Sentence(fr=f"La session s’est terminée le {day.fr}.", en=f"The session ended on {day.en}.")
            return Problem("session-ended", detail)
        case NoRightLeft() | TooLateToCorrect() | ReasonsRemain() | OutsideScheme() | TooLateToCarryOver():
            return right_problem(conflict)
        case SessionNotStarted():
            day = format_day(conflict.first_day)
            detail = Sentence(fr=f"La session commence le {day.fr}.", en=f"The session starts on {day.en}.")
            return Problem("session-not-started", detail)
        case DuplicateRegistration():
            return _duplicate_registration(conflict, base_url, owner)
        case NothingToCarryOver():
            detail = Sentence(
                fr=f"Il reste {conflict.left} unité(s) à reporter de {conflict.bucket}.",
                en=f"There are {conflict.left} unit(s) left to carry over from {conflict.bucket}.",
            )
            return Problem("nothing-to-carry-over", detail)
        case ResultExists():
            day = format_day(conflict.on)
            detail = Sentence(
                fr=f"Ce conseiller a déjà un résultat du {day.fr} à ce titre.",
                en=f"This adviser already has a result of {day.en} for this title.",
            )
            return Problem("result-exists", detail)
        case AlreadyAnnulled():
            day = format_day(conflict.annulled_on)
            detail = Sentence(
                fr=f"Un résultat s’annule une fois ; celui-ci est « annulé » (annulled) depuis le {day.fr}.",
                en=f"A result is annulled once; this one has been “annulled” since {day.en}.",
            )
            return Problem("invalid-transition", detail)
        case PolicyExists():
            detail = Sentence(
                fr=f"Une version entre déjà en vigueur le {conflict.version} ; elle ne change plus.",
                en=f"A version takes effect on {conflict.version} already; it changes no more.",
            )
            return Problem("policy-exists", detail)
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
        case EffectRefused():
            return _effect_refused(conflict, base_url, owner)
        case _:
            raise conflict


def _effect_refused(conflict: EffectRefused, base_url: str, owner: UUID | None) -> Problem:
    """The problem of what was refused, its fields where the answer holds them."""
    problem = conflict_problem(conflict.refusal, base_url, owner)
    place = f"/effect/{conflict.effect}"
    return replace(problem, errors=[replace(error, pointer=f"{place}{error.pointer}") for error in problem.errors])


def _invalid_transition(conflict: InvalidTransition) -> Sentence:
    transition, status = TRANSITION_MESSAGES[conflict.move], TRANSITION_STATUS_LABELS[conflict.status]
    return Sentence(
        fr=f"{transition.fr} ; celle-ci est « {status.fr} » ({conflict.status}).",
        en=f"{transition.en}; this one is “{status.en}” ({conflict.status}).",
    )


def _duplicate_registration(conflict: DuplicateRegistration, base_url: str, owner: UUID | None) -> Problem:
    if owner not in {None, conflict.organisation}:
        return Problem("duplicate-registration", DUPLICATE_ELSEWHERE)
    link = f'<{base_url}/v1/registrations/{conflict.first}>; rel="duplicate"'
    detail = Sentence(
        fr=f"Ce conseiller a déjà une inscription active à ce module et à cette date : {conflict.first}.",
        en=f"This adviser already has an active registration for this module and this date: {conflict.first}.",
    )
    return Problem("duplicate-registration", detail, headers={"Link": link})


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
