"""Support requests in words: their status, and the periods that they justify."""

from app.domain.facts.support_request import SupportRequestStatus
from app.wording.languages import Sentence

SUPPORT_STATUS_LABELS = {
    SupportRequestStatus.OPEN: Sentence(fr="ouverte", en="open"),
    SupportRequestStatus.GRANTED: Sentence(fr="acceptée", en="granted"),
    SupportRequestStatus.REJECTED: Sentence(fr="rejetée", en="rejected"),
    SupportRequestStatus.WITHDRAWN: Sentence(fr="retirée", en="withdrawn"),
}


def period_label(period: str) -> Sentence:
    """The obligation of this period: `first_year`, `civil_year:2026` or `initial_training`."""
    kind, _, year = period.partition(":")
    match kind:
        case "first_year":
            return Sentence(fr="les deux modules de la première année", en="the two modules of the first year")
        case "initial_training":
            return Sentence(fr="la formation initiale", en="the initial training")
        case _:
            return Sentence(fr=f"le module de l’année {year}", en=f"the module of the year {year}")
