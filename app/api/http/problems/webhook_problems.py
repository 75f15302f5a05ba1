"""What stops a change to a webhook endpoint, said as a problem."""

from collections.abc import Mapping

from app.api.http.problems.problem_details import Problem, field_error
from app.use_cases.errors import EndpointDisabled, TooManyEndpoints
from app.use_cases.notifications.administer_webhook_endpoints import MAX_ENDPOINTS
from app.use_cases.notifications.egress_policy import EgressRefusal, EgressRefused
from app.wording.languages import Sentence

URL_REFUSED_MESSAGES: Mapping[EgressRefusal, Sentence] = {
    EgressRefusal.MALFORMED: Sentence(fr="N’est pas une adresse que l’on peut joindre.", en="Is no address to reach."),
    EgressRefusal.SCHEME: Sentence(
        fr="https:// est requis ; en développement, WEBHOOK_ALLOW_PRIVATE_ADDRESSES permet http.",
        en="https:// is required; in development, WEBHOOK_ALLOW_PRIVATE_ADDRESSES allows http.",
    ),
    EgressRefusal.PORT: Sentence(
        fr="Seuls les ports 443 et 8443 sont joints.", en="Only ports 443 and 8443 are reached."
    ),
    EgressRefusal.CREDENTIALS: Sentence(
        fr="Ne doit pas contenir d’identifiants : la signature suffit à vous assurer de qui appelle.",
        en="Must not contain credentials: the signature suffices to know who calls.",
    ),
    EgressRefusal.ADDRESS: Sentence(
        fr="Doit être une adresse publique ; en développement, WEBHOOK_ALLOW_PRIVATE_ADDRESSES permet les autres.",
        en="Must be a public address; in development, WEBHOOK_ALLOW_PRIVATE_ADDRESSES allows the others.",
    ),
    EgressRefusal.HOST: Sentence(
        fr="Chaque partie du nom d’hôte, entre deux points, compte de 1 à 63 caractères, et le nom au plus 253.",
        en="Each part of the host name, between two dots, has from 1 to 63 characters, and the name at most 253.",
    ),
}
TOO_MANY_ENDPOINTS = Sentence(
    fr=f"Vous avez déjà {MAX_ENDPOINTS} points de terminaison, le plus que l’on puisse avoir.",
    en=f"You have {MAX_ENDPOINTS} endpoints already, which is the most one may have.",
)
ENDPOINT_DISABLED = Sentence(
    fr="Ce point de terminaison est désactivé : rien n’y est livré.",
    en="This endpoint is disabled: nothing is delivered to it.",
)


def webhook_problem(error: Exception) -> Problem | None:
    """None when the error is another."""
    match error:
        case EgressRefused():
            said = URL_REFUSED_MESSAGES[error.reason]
            return Problem("validation-error", said, [field_error("/url", f"url-{error.reason}", said)])
        case TooManyEndpoints():
            return Problem("too-many-endpoints", TOO_MANY_ENDPOINTS)
        case EndpointDisabled():
            return Problem("endpoint-disabled", ENDPOINT_DISABLED)
        case _:
            return None
