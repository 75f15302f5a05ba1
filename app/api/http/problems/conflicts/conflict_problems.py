"""The conflicts of the domain, said as problems."""

from dataclasses import replace
from uuid import UUID

from app.api.http.problems.conflicts.right_problems import right_problem
from app.api.http.problems.conflicts.session_problems import session_problem
from app.api.http.problems.conflicts.statement_problems import statement_problem
from app.api.http.problems.conflicts.transition_messages import TRANSITION_MESSAGES, TRANSITION_STATUS_LABELS
from app.api.http.problems.problem_details import Problem
from app.domain.errors import (
    AdviserAnonymised,
    AlreadyAnnulled,
    Conflict,
    DuplicateRegistration,
    EffectRefused,
    InvalidTransition,
    PolicyExists,
    ResultExists,
)
from app.wording.dates import format_day
from app.wording.languages import Sentence

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
        case DuplicateRegistration():
            return _duplicate_registration(conflict, base_url, owner)
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
        case EffectRefused():
            return _effect_refused(conflict, base_url, owner)
        case _:
            worded = session_problem(conflict) or statement_problem(conflict) or right_problem(conflict)
    if worded is None:
        raise conflict
    return worded


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
