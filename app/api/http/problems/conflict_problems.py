"""What stops a use case, said as a problem."""

from uuid import UUID

from app.api.http.problems.credential_problems import credential_problem
from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.problems.webhook_problems import webhook_problem
from app.domain.errors import (
    AdviserAnonymised,
    Conflict,
    DuplicateRegistration,
    HoursNotOffered,
    InvalidTransition,
    MotiveNotValid,
    NothingToCarryOver,
    NotInitialTraining,
    PayerNotOffered,
    PolicyExists,
    SessionNotStarted,
    SessionStarted,
)
from app.domain.facts.registration import Status
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.idempotency import IdempotencyKeyReused
from app.persistence.engine.transactions.transaction_errors import RequestInFlight
from app.use_cases.errors import ConumIdTaken, PreconditionFailed, PreconditionRequired, UnknownReference
from app.wording.dates import format_day
from app.wording.decision_summaries import STATUS_LABELS
from app.wording.languages import Sentence

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
}

ANONYMISED = Sentence(
    fr="Ce conseiller a été anonymisé : rien de ce qui le concerne ne change plus.",
    en="This adviser was anonymised: nothing about that person changes any more.",
)
DUPLICATE_ELSEWHERE = Sentence(
    fr="Ce conseiller a déjà une inscription active à ce module et à cette date.",
    en="This adviser already has an active registration for this module and this date.",
)
CONUM_ID_TAKEN = Sentence(fr="Un autre conseiller porte cet ID Conum.", en="Another adviser has this Conum ID.")


def conflict_problem(conflict: Conflict, base_url: str, owner: UUID | None = None) -> Problem:
    """`owner` is the training organisation that asks, which another's registration is not named to."""
    match conflict:
        case AdviserAnonymised():
            return Problem("adviser-anonymised", ANONYMISED)
        case InvalidTransition():
            return Problem("invalid-transition", _invalid_transition(conflict))
        case SessionStarted():
            day = format_day(conflict.first_day)
            detail = Sentence(fr=f"La session a commencé le {day.fr}.", en=f"The session started on {day.en}.")
            return Problem("session-started", detail)
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
        case _:
            raise conflict


def _invalid_transition(conflict: InvalidTransition) -> Sentence:
    move, status = TRANSITION_MESSAGES[conflict.move], STATUS_LABELS[Status(conflict.status)]
    return Sentence(
        fr=f"{move.fr} ; celle-ci est « {status.fr} » ({conflict.status}).",
        en=f"{move.en}; this one is “{status.en}” ({conflict.status}).",
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


def use_case_problem(error: Exception) -> Problem | None:
    """The problem that says what stopped a use case before anything was decided; None for anything else."""
    match error:
        case UnknownReference():
            return _unknown_reference(error)
        case NotFound():
            detail = Sentence(
                fr="Aucune ressource de votre périmètre n’a cet identifiant.",
                en="No resource that you may see has this identifier.",
            )
            return Problem("not-found", detail)
        case IdempotencyKeyReused():
            detail = Sentence(
                fr="Cette clé a déjà servi à une autre demande.",
                en="This key has already been used for another request.",
            )
            return Problem("idempotency-key-reused", detail)
        case RequestInFlight():
            detail = Sentence(
                fr="La même demande est en cours de traitement.", en="The same request is being processed."
            )
            return Problem("idempotency-in-flight", detail, headers={"Retry-After": "1"})
        case PreconditionFailed():
            return Problem("precondition-failed", _precondition_failed(error), version=error.version)
        case PreconditionRequired():
            detail = Sentence(
                fr="Cette ressource existe : dites quelle version vous modifiez.",
                en="This resource exists: say which version you are changing.",
            )
            return Problem("precondition-required", detail)
        case ConumIdTaken():
            return Problem("conum-id-taken", CONUM_ID_TAKEN)
        case _:
            return credential_problem(error) or webhook_problem(error)


def _precondition_failed(stale: PreconditionFailed) -> Sentence:
    present = Sentence(fr=f"La version actuelle est {stale.version}.", en=f"The current version is {stale.version}.")
    if not stale.weakly:
        return present
    return Sentence(
        fr=f'If-Match : un validateur faible (W/"…") ne désigne aucune version à modifier ; envoyez l’ETag fort, comme '
        f'"{stale.version}", sans W/. {present.fr}',
        en=f'If-Match: a weak validator (W/"…") names no version to change; send the strong ETag, such as '
        f'"{stale.version}", without W/. {present.en}',
    )


def _unknown_reference(reference: UnknownReference) -> Problem:
    nothing = Sentence(fr="Aucune ressource ne porte cet identifiant.", en="No resource has this identifier.")
    pointers = ", ".join(reference.pointers)
    detail = Sentence(fr=f"Référence inconnue : {pointers}.", en=f"Unknown reference: {pointers}.")
    errors = [field_error(pointer, "unknown", nothing) for pointer in reference.pointers]
    return Problem("unknown-reference", detail, errors)
