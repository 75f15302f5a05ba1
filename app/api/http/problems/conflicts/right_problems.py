"""What a person may not decide about rights, or not any more."""

from app.api.http.problems.problem_details import Problem
from app.domain.errors import (
    Conflict,
    NoRightLeft,
    NothingToCarryOver,
    OutsideScheme,
    ReasonsRemain,
    TooLateToCarryOver,
    TooLateToCorrect,
)
from app.wording.dates import format_day
from app.wording.languages import Sentence

OUTSIDE_SCHEME = Sentence(
    fr="Ce médiateur est hors du dispositif : il n’a aucun droit à reporter.",
    en="This mediator is outside the scheme and has no right to carry over.",
)


def right_problem(conflict: Conflict) -> Problem | None:
    """None when it is about something else."""
    match conflict:
        case NoRightLeft():
            day = format_day(conflict.first_day)
            detail = Sentence(
                fr=f"Aucun droit du {day.fr} n’est plus libre : l’assiduité reste telle qu’elle est enregistrée.",
                en=f"No right of {day.en} is free any more: attendance stays as it was recorded.",
            )
            return Problem("no-right-left", detail)
        case TooLateToCorrect():
            day = format_day(conflict.last_day)
            detail = Sentence(
                fr=f"Vous pouviez corriger jusqu’au {day.fr} inclus.", en=f"You could correct it until {day.en}."
            )
            return Problem("too-late-to-correct", detail)
        case ReasonsRemain():
            codes = ", ".join(conflict.reasons)
            detail = Sentence(
                fr=f"Motifs qui demeurent et que la dérogation n’écarte pas : {codes}.",
                en=f"Reasons that stand and that the derogation does not set aside: {codes}.",
            )
            return Problem("reasons-remain", detail)
        case OutsideScheme():
            return Problem("outside-scheme", OUTSIDE_SCHEME)
        case TooLateToCarryOver():
            day = format_day(conflict.last_day)
            detail = Sentence(
                fr=f"Le droit reporté n’aurait servi que jusqu’au {day.fr}.",
                en=f"The carried right could be used until {day.en} only.",
            )
            return Problem("too-late-to-carry-over", detail)
        case NothingToCarryOver():
            detail = Sentence(
                fr=f"Il reste {conflict.left} unité(s) à reporter de {conflict.bucket}.",
                en=f"There are {conflict.left} unit(s) left to carry over from {conflict.bucket}.",
            )
            return Problem("nothing-to-carry-over", detail)
        case _:
            return None
