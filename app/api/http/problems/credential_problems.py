"""What stops a client or an API key from being created, said as a problem."""

from app.api.http.problems.problem_details import Problem, field_error
from app.use_cases.errors import (
    ExpiryOutOfRange,
    IssuerClientIdTaken,
    MismatchedFields,
    ScopesBeyondGrantor,
    ScopesBeyondRole,
    TooManyKeys,
)
from app.wording.languages import Sentence

MISMATCH = Sentence(
    fr="Ne s’accorde pas avec le reste de la demande, ou avec ce qui est enregistré.",
    en="Does not agree with the rest of the request, or with what is stored.",
)
ISSUER_CLIENT_ID_TAKEN = Sentence(
    fr="Un autre client porte déjà ce nom chez l’émetteur.", en="Another client already has this name at the issuer."
)


def credential_problem(error: Exception) -> Problem | None:
    """None when the error is another."""
    match error:
        case TooManyKeys():
            live = ", ".join(error.live)
            return Problem("too-many-keys", Sentence(fr=f"Clés actives : {live}.", en=f"Live keys: {live}."))
        case IssuerClientIdTaken():
            return Problem("issuer-client-id-taken", ISSUER_CLIENT_ID_TAKEN)
        case MismatchedFields():
            errors = [field_error(pointer, "mismatch", MISMATCH) for pointer in error.pointers]
            return Problem("validation-error", MISMATCH, errors)
        case ExpiryOutOfRange():
            latest = f"{error.latest:%Y-%m-%dT%H:%M:%SZ}"
            said = Sentence(
                fr=f"À venir, et au plus tard {latest}.", en=f"In the future, and by {latest} at the latest."
            )
            return Problem("validation-error", said, [field_error("/expires_at", "expiry-range", said)])
        case ScopesBeyondRole():
            possible = ", ".join(error.possible)
            said = Sentence(fr=f"Portées de ce rôle : {possible}.", en=f"Scopes of this role: {possible}.")
            return Problem("validation-error", said, [field_error("/scopes", "beyond-role", said)])
        case ScopesBeyondGrantor():
            missing = ", ".join(error.missing)
            said = Sentence(
                fr=f"Une clé n’accorde que ce qu’elle permet ; la vôtre n’a pas : {missing}.",
                en=f"A key grants only what it allows; yours does not have: {missing}.",
            )
            return Problem("forbidden", said)
        case _:
            return None
