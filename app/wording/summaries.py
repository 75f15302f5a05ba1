"""A decision in one French sentence."""

from app.domain.admission import Outcome
from app.domain.registration import Funding, Status


def _right(bucket: str) -> str:
    """The bucket as a person would name it."""
    kind, _, rest = bucket.partition(":")
    match kind:
        case "first_year":
            return "des deux modules de la première année"
        case "civil_year":
            return f"du droit de l’année {rest}"
        case "supplementary":
            return "du droit supplémentaire attaché à ce module"
        case _:
            return f"du report {_right(rest)}"


def summary_of_decision(outcome: Outcome, funding: Funding | None, entitlement: str | None, reasons: int) -> str:
    match outcome:
        case Outcome.REFUSED:
            plural = "s" if reasons > 1 else ""
            return f"Inscription refusée pour {reasons} motif{plural} ; chacun dit comment le lever et qui doit agir."
        case Outcome.OVER_QUOTA:
            return (
                "Quota dépassé : le conseiller choisit de conserver l’inscription sans prise en charge ou de l’annuler."
            )
        case Outcome.ACCEPTED if entitlement is not None:
            return f"Inscription acceptée et financée par l’État au titre {_right(entitlement)}."
        case Outcome.ACCEPTED if funding is Funding.STATE:
            return "Inscription acceptée et financée par l’État."
        case Outcome.ACCEPTED:
            return "Inscription acceptée, sans prise en charge par l’État."


STATUS_IN_FRENCH = {
    Status.ACCEPTED: "acceptée",
    Status.REFUSED: "refusée",
    Status.AWAITING_CHOICE: "en attente du choix du conseiller",
    Status.CANCELLED: "annulée",
    Status.COMPLETED: "suivie",
    Status.ABSENT_JUSTIFIED: "absence justifiée",
    Status.ABSENT_UNJUSTIFIED: "absence non justifiée",
}
