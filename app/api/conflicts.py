"""What stops a use case, said as a problem."""

from app.api.problems import Problem, field_error
from app.domain.errors import (
    Conflict,
    DuplicateRegistration,
    HoursNotOffered,
    InvalidTransition,
    MotiveNotValid,
    NothingToCarryOver,
    NotInitialTraining,
    PayerNotOffered,
    SessionNotStarted,
    SessionStarted,
)
from app.domain.registration import Status
from app.persistence.attempts import KeyReused
from app.persistence.database import AttemptInFlight
from app.persistence.locks import Missing
from app.use_cases.errors import ConumIdTaken, PreconditionMissing, Stale, UnknownReference
from app.wording.refusals import french_date
from app.wording.summaries import STATUS_IN_FRENCH

MOVES = {
    "choice": "Le choix du conseiller n’est attendu que d’une inscription en attente de choix",
    "cancellation": "Seule une inscription acceptée ou en attente de choix s’annule",
    "attendance": "L’assiduité ne s’enregistre que sur une inscription acceptée",
    "reschedule": "Seule la session d’une inscription acceptée, refusée ou en attente de choix se déplace",
    "re-examination": "Seule une inscription refusée se réexamine",
    "positioning-test": "Le test de positionnement ne s’enregistre que sur une inscription acceptée ou suivie",
}


def problem_of_conflict(conflict: Conflict, base_url: str) -> Problem:
    match conflict:
        case InvalidTransition():
            present = f"« {STATUS_IN_FRENCH[Status(conflict.status)]} » ({conflict.status})"
            return Problem("invalid-transition", f"{MOVES[conflict.move]} ; celle-ci est {present}.")
        case SessionStarted():
            return Problem("session-started", f"La session a commencé le {french_date(conflict.first_day)}.")
        case SessionNotStarted():
            return Problem("session-not-started", f"La session commence le {french_date(conflict.first_day)}.")
        case DuplicateRegistration():
            first = f"{base_url}/v1/registrations/{conflict.first}"
            detail = f"Ce conseiller a déjà une inscription active à ce module et à cette date : {conflict.first}."
            return Problem("duplicate-registration", detail, headers={"Link": f'<{first}>; rel="duplicate"'})
        case NothingToCarryOver():
            return Problem(
                "nothing-to-carry-over", f"Il reste {conflict.left} unité(s) à reporter de {conflict.bucket}."
            )
        case PayerNotOffered():
            return _invalid("/payer", "payer-not-offered", f"Payeurs proposés : {', '.join(conflict.offered)}.")
        case HoursNotOffered():
            offered = ", ".join(str(hours) for hours in conflict.offered)
            return _invalid("/hours", "hours-not-offered", f"Durées de parcours à cette date : {offered} heures.")
        case MotiveNotValid():
            detail = f"Motifs valables à cette date, pour une absence justifiée : {', '.join(conflict.valid)}."
            return _invalid("/motive", "motive-not-valid", detail)
        case NotInitialTraining():
            return _invalid("", "not-initial-training", "Seule une formation initiale a un test de positionnement.")
        case _:
            raise conflict


def _invalid(pointer: str, code: str, detail: str) -> Problem:
    return Problem("validation-error", detail, [field_error(pointer, code, detail)])


def problem_of(stop: Exception) -> Problem | None:
    """The problem that says what stopped a use case before anything was decided; None for anything else."""
    match stop:
        case UnknownReference():
            errors = [
                field_error(pointer, "unknown", "Aucune ressource ne porte cet identifiant.")
                for pointer in stop.pointers
            ]
            return Problem("unknown-reference", f"Référence inconnue : {', '.join(stop.pointers)}.", errors)
        case Missing():
            return Problem("not-found", "Aucune ressource de votre périmètre n’a cet identifiant.")
        case KeyReused():
            return Problem("idempotency-key-reused", "Cette clé a déjà servi à une autre demande.")
        case AttemptInFlight():
            detail = "La même demande est en cours de traitement."
            return Problem("idempotency-in-flight", detail, headers={"Retry-After": "1"})
        case Stale():
            detail = f"La version actuelle est {stop.version}."
            return Problem("precondition-failed", detail, headers={"ETag": f'"{stop.version}"'})
        case PreconditionMissing():
            return Problem("precondition-required", "Cette ressource existe : dites quelle version vous modifiez.")
        case ConumIdTaken():
            return Problem("conum-id-taken", "Un autre conseiller porte cet ID Conum.")
        case _:
            return None
