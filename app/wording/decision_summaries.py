"""A decision in one sentence."""

from app.domain.decisions.admission import Outcome
from app.domain.facts.registration_terms import Funding, Status
from app.wording.languages import Sentence


def entitlement_phrase(bucket: str) -> Sentence:
    """The entitlement of this bucket, to follow « au titre » in French and “under” in English."""
    kind, _, rest = bucket.partition(":")
    match kind:
        case "first_year":
            return Sentence(fr="des deux modules de la première année", en="the two modules of the first year")
        case "civil_year":
            return Sentence(fr=f"du droit de l’année {rest}", en=f"the entitlement of the year {rest}")
        case "supplementary":
            return Sentence(
                fr="du droit supplémentaire attaché à ce module",
                en="the supplementary entitlement attached to this module",
            )
        case "derogation":
            return Sentence(fr="d’une dérogation", en="a derogation")
        case _:
            carried = entitlement_phrase(rest)
            return Sentence(fr=f"du report {carried.fr}", en=f"the carry-over of {carried.en}")


def decision_summary(outcome: Outcome, funding: Funding | None, entitlement: str | None, reasons: int) -> Sentence:
    match outcome:
        case Outcome.REFUSED if reasons > 1:
            return Sentence(
                fr=f"Inscription refusée pour {reasons} motifs ; chacun dit comment le lever et qui doit agir.",
                en=f"Registration refused for {reasons} reasons; each says how to put it right and who must act.",
            )
        case Outcome.REFUSED:
            return Sentence(
                fr=f"Inscription refusée pour {reasons} motif ; chacun dit comment le lever et qui doit agir.",
                en=f"Registration refused for {reasons} reason; it says how to put it right and who must act.",
            )
        case Outcome.OVER_QUOTA:
            return Sentence(
                fr="Quota dépassé : le conseiller choisit de conserver l’inscription sans prise en charge ou de "
                "l’annuler.",
                en="Quota exceeded: the adviser chooses to keep the registration without funding or to cancel it.",
            )
        case Outcome.ACCEPTED if entitlement is not None:
            right = entitlement_phrase(entitlement)
            return Sentence(
                fr=f"Inscription acceptée et financée par l’État au titre {right.fr}.",
                en=f"Registration accepted and funded by the State under {right.en}.",
            )
        case Outcome.ACCEPTED if funding is Funding.STATE:
            return Sentence(
                fr="Inscription acceptée et financée par l’État.", en="Registration accepted and funded by the State."
            )
        case Outcome.ACCEPTED:
            return Sentence(
                fr="Inscription acceptée, sans prise en charge par l’État.",
                en="Registration accepted, without State funding.",
            )


STATUS_LABELS = {
    Status.ACCEPTED: Sentence(fr="acceptée", en="accepted"),
    Status.REFUSED: Sentence(fr="refusée", en="refused"),
    Status.AWAITING_CHOICE: Sentence(fr="en attente du choix du conseiller", en="awaiting the adviser’s choice"),
    Status.CANCELLED: Sentence(fr="annulée", en="cancelled"),
    Status.COMPLETED: Sentence(fr="suivie", en="completed"),
    Status.ABSENT_JUSTIFIED: Sentence(fr="absence justifiée", en="justified absence"),
    Status.ABSENT_UNJUSTIFIED: Sentence(fr="absence non justifiée", en="unjustified absence"),
}
