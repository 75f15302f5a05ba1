"""The words of the timeline of a training record: short, in French."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from app.domain.decisions.in_post import PostOnDay
from app.domain.decisions.refusals import Refusal
from app.domain.facts.contract import Contract
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import CancellationCause, Funding, Payer
from app.domain.record.exam_presentations import PresentationStatus
from app.domain.record.obligations import INITIAL_TRAINING, Excuse, Obligation, ObligationStatus
from app.domain.rights.buckets import Category
from app.wording.dates import format_numeric_day
from app.wording.decision_summaries import STATUS_LABELS

CATEGORY_LABELS = {
    Category.FIRST_YEAR: "régime des entrants : la première année, puis par année civile",
    Category.ANNUAL: "régime annuel : par année civile",
    Category.NONE: "sans droit annuel",
}
OBLIGATION_LABELS = {
    ObligationStatus.MET: "remplie",
    ObligationStatus.DUE: "attendue",
    ObligationStatus.LATE: "en retard",
    ObligationStatus.EXCUSED: "excusée",
}
EXCUSE_LABELS = {
    Excuse.CARRY_OVER: "par un report",
    Excuse.NOT_IN_POST: "hors poste à l’échéance",
    Excuse.JUSTIFICATION: "justification admise",
}
PRESENTATION_LABELS = {
    PresentationStatus.MET: "Présenté",
    PresentationStatus.DUE: "À présenter",
    PresentationStatus.OVERDUE: "En retard",
}
PAYER_LABELS: Mapping[Payer | None, str] = {
    Payer.EMPLOYER: "à la charge de l’employeur",
    Payer.OPCO: "à la charge de l’OPCO",
    Payer.SELF: "à la charge du conseiller",
}
CANCELLATION_LABELS = {
    CancellationCause.NO_SEAT: "faute de place",
    CancellationCause.SESSION_CANCELLED: "la session est annulée",
    CancellationCause.DUPLICATE_REGISTRATION: "déjà inscrit ce jour-là",
}


def period_label(first: date, last: date | None) -> str:
    """Both days included; without end when `last` is None."""
    if last is None:
        return f"depuis le {format_numeric_day(first)}"
    return (
        f"le {format_numeric_day(first)}"
        if first == last
        else f"du {format_numeric_day(first)} au {format_numeric_day(last)}"
    )


def entitlement_label(bucket: str) -> str:
    """Of a bucket, or of the period of an obligation."""
    kind, _, rest = bucket.partition(":")
    match kind:
        case "first_year":
            return "Première année"
        case "civil_year":
            return f"Année {rest}"
        case "supplementary":
            return "Droit supplémentaire"
        case "derogation":
            return "Dérogation"
        case "initial_training":
            return "Formation initiale"
        case _:
            carried = entitlement_label(rest)
            return f"Report : {carried[0].lower()}{carried[1:]}"


def units_label(used: int, units: int) -> str:
    plural = "s" if used > 1 else ""
    return f"{used} utilisé{plural} sur {units}, reste {max(units - used, 0)}"


def held_label(used: int) -> str:
    """Of a right without limit."""
    plural = "s" if used > 1 else ""
    return f"{used} utilisé{plural}"


def followed_label(obligation: Obligation) -> str:
    if obligation.period == INITIAL_TRAINING:
        return "À commencer"
    plural = "s" if obligation.followed > 1 else ""
    return f"{obligation.followed} suivi{plural} sur {obligation.required}"


def obligation_label(obligation: Obligation) -> str:
    """Its status, with what excuses it."""
    status = OBLIGATION_LABELS[obligation.status]
    return f"{status} : {EXCUSE_LABELS[obligation.excused_by]}" if obligation.excused_by else status


def deadline_label(obligation: Obligation) -> str:
    if obligation.due_on is None:
        return f"à commencer, en poste depuis le {format_numeric_day(obligation.begins_on)}"
    verb = "commencer" if obligation.period == INITIAL_TRAINING else "suivre"
    return f"à {verb} au plus tard le {format_numeric_day(obligation.due_on)}"


def funding_label(registration: Registration) -> str:
    """Who funds it; its status when nobody does."""
    match registration.funding:
        case Funding.STATE:
            return "Financée par l’État"
        case Funding.NONE:
            return "Sans prise en charge"
        case None:
            status = STATUS_LABELS[registration.status].fr
            return f"{status[0].upper()}{status[1:]}"


def status_label(registration: Registration) -> str:
    """Its status, with the right that it uses or who pays; empty when `funding_label` says the status."""
    if registration.funding is None:
        return ""
    status, right = STATUS_LABELS[registration.status].fr, registration.entitlement
    if right is not None:
        return f"{status} · {entitlement_label(right)}"
    return f"{status} · {PAYER_LABELS[registration.payer]}" if registration.payer in PAYER_LABELS else status


def session_label(first: date, last: date, *, confirmed: bool, named: Iterable[str | None]) -> str:
    """Its days, whether it is confirmed, and what it is `named` by: its place, its reference."""
    said = (period_label(first, last), "confirmée" if confirmed else None, *named)
    return ", ".join(part for part in said if part)


def queue_label(place: int) -> str:
    """Of a registration that waits for a seat, at this place of the queue."""
    return f"Attend une place ({place}{'er' if place == 1 else 'e'} rang)"


def queued_status_label(registration: Registration) -> str:
    """Of one that waits for a seat: who funds it, with the right that it holds."""
    funding, right = funding_label(registration), registration.entitlement
    lowered = f"{funding[0].lower()}{funding[1:]}"
    return f"{lowered} · {entitlement_label(right)}" if right is not None else lowered


def administrative_file_label(missing: int) -> str:
    """The state of the administrative file, in which so many things are missing."""
    if not missing:
        return "dossier complet"
    return f"dossier à compléter : {missing} motif{'s' if missing > 1 else ''}"


def in_post_label(post: PostOnDay, refusals: Sequence[Refusal]) -> str:
    """Without a contract there is a refusal, unless the caller may not see it."""
    if post.contract is not None:
        return "en poste"
    return "hors poste" if refusals else "poste non communiqué"


def contract_label(contract: Contract) -> str:
    if contract.was_terminated:
        return "Contrat rompu"
    return "Contrat sans terme" if contract.ends_on is None else "Contrat à durée déterminée"
