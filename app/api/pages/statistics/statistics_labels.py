"""What the page of statistics calls groups, in French."""

from collections.abc import Mapping

from app.domain.decisions.refusals import Actor, Reason, Refusal
from app.persistence.administration.statistics import AfterQuota, Grouping, Measure
from app.persistence.catalogue import MODULES, TRAINING_ORGANISATIONS
from app.persistence.engine.database import Reader
from app.wording.refusal_labels import refusal_label

Labels = Mapping[str | None, tuple[str, str]]

ACTOR_LABELS = {
    Actor.EMPLOYER: "La structure employeuse",
    Actor.ADVISER: "Le conseiller",
    Actor.TRAINING_ORGANISATION: "L’organisme de formation",
    Actor.NOBODY: "Personne",
}
AFTER_QUOTA_LABELS: Labels = {
    str(AfterQuota.WAITING): ("Attendent une réponse", ""),
    str(AfterQuota.KEPT): ("Conservées sans prise en charge", ""),
    str(AfterQuota.CANCELLED): ("Annulées", ""),
    str(AfterQuota.FUNDED): ("Financées ensuite, un droit s’étant libéré", ""),
    str(AfterQuota.REFUSED): ("Refusées ensuite", ""),
    str(AfterQuota.RELEASED): ("Droit rendu après une absence", ""),
}
TABLE_HEADINGS = {
    Grouping.TRAINING_ORGANISATION: "Organisme de formation",
    Grouping.MODULE: "Module",
    Grouping.DEPARTMENT: "Département",
    Grouping.REASON: "Motif",
    Grouping.MONTH: "Mois",
}
# Counted beside the rest: what a person decided or put right.
APART_HEADINGS = {Measure.DEROGATED: "Par dérogation", Measure.CORRECTED: "Présence corrigée"}


async def group_labels(reader: Reader) -> Labels:
    """The label and the note of each id, code and reason: the note of a reason says who can put it right."""
    organisations = {str(row["id"]): (row["name"], "") for row in await TRAINING_ORGANISATIONS.read_all(reader)}
    modules = {row["code"]: (row["title"], "") for row in await MODULES.read_all(reader)}
    reasons = {str(reason): (refusal_label(Refusal(reason)).fr, ACTOR_LABELS[reason.who_acts]) for reason in Reason}
    return {**organisations, **modules, **reasons, "None": ("Non renseigné", "")}
