"""What stops a use case before anything is decided, said as a problem."""

from app.api.http.problems.credential_problems import credential_problem
from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.problems.webhook_problems import webhook_problem
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.idempotency import IdempotencyKeyReused
from app.persistence.engine.transactions.transaction_errors import RequestInFlight
from app.persistence.sessions.seats import SessionChangedMeanwhile
from app.use_cases.errors import (
    ConumIdTaken,
    ForeignSession,
    NoFileNumber,
    PreconditionFailed,
    PreconditionRequired,
    UnknownReference,
)
from app.wording.languages import Sentence

CONUM_ID_TAKEN = Sentence(fr="Un autre conseiller porte cet ID Conum.", en="Another adviser has this Conum ID.")

FOREIGN_SESSION = Sentence(
    fr="Cette session est celle d’un autre organisme de formation.",
    en="This session is another training organisation’s.",
)
SESSION_CHANGES = Sentence(
    fr="La session ne cesse d’être modifiée en ce moment ; rien n’a été écrit.",
    en="The session keeps being changed just now; nothing was written.",
)
NO_FILE_NUMBER = Sentence(
    fr="Doit contenir le numéro du dossier Démarches simplifiées ; null quand il n’y en a pas.",
    en="Must hold the number of the Démarches simplifiées file; null when there is none.",
)


def use_case_problem(error: Exception) -> Problem | None:
    """None when the error is another."""
    match error:
        case UnknownReference():
            return unknown_reference_problem(error)
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
        case NoFileNumber():
            return Problem(
                "validation-error", NO_FILE_NUMBER, [field_error(error.pointer, "invalid-format", NO_FILE_NUMBER)]
            )
        case ForeignSession():
            return Problem("forbidden", FOREIGN_SESSION)
        case SessionChangedMeanwhile():
            return Problem("unavailable", SESSION_CHANGES, headers={"Retry-After": "1"})
        case ConumIdTaken():
            return Problem("conum-id-taken", CONUM_ID_TAKEN)
        case _:
            return credential_problem(error) or webhook_problem(error)


def _precondition_failed(failed: PreconditionFailed) -> Sentence:
    current = Sentence(fr=f"La version actuelle est {failed.version}.", en=f"The current version is {failed.version}.")
    if not failed.weakly:
        return current
    return Sentence(
        fr=f'If-Match : un validateur faible (W/"…") ne désigne aucune version à modifier ; envoyez l’ETag fort, comme '
        f'"{failed.version}", sans W/. {current.fr}',
        en=f'If-Match: a weak validator (W/"…") names no version to change; send the strong ETag, such as '
        f'"{failed.version}", without W/. {current.en}',
    )


def unknown_reference_problem(reference: UnknownReference) -> Problem:
    no_resource = Sentence(fr="Aucune ressource ne porte cet identifiant.", en="No resource has this identifier.")
    pointers = ", ".join(reference.pointers)
    detail = Sentence(fr=f"Référence inconnue : {pointers}.", en=f"Unknown reference: {pointers}.")
    errors = [field_error(pointer, "unknown", no_resource) for pointer in reference.pointers]
    return Problem("unknown-reference", detail, errors)
