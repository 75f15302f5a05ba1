"""What the templates name of reasons of refusal: those that refuse, and those that a derogation sets aside."""

from collections.abc import Iterable
from typing import Any

from app.domain.decisions.refusals import Refusal
from app.domain.events import Recipient
from app.persistence.engine.driver_types import Row
from app.wording.emails.email_labels import ACTOR_LABELS
from app.wording.emails.email_remedies import remedy
from app.wording.emails.email_rules import REFUSALS_ADAPTER, waived_refusals
from app.wording.official_sites import site_to_fix
from app.wording.refusal_labels import refusal_label


def refusal_contexts(row: Row, recipient: Recipient) -> list[dict[str, Any]]:
    """Only the adviser is told when a contract ended: another reader may not know of that contract. Only the employer
    is given the address of its own file."""
    refusals = REFUSALS_ADAPTER.validate_json(row["reasons"] or "[]")
    if recipient is not Recipient.ADVISER:
        refusals = tuple(refusal.without_last_day() for refusal in refusals)
    return _contexts(refusals, recipient, row["ds_file_number"] if recipient is Recipient.EMPLOYER else None)


def waived_contexts(data: dict[str, Any], recipient: Recipient) -> list[dict[str, Any]]:
    return _contexts(waived_refusals(data), recipient, None)


def _contexts(refusals: Iterable[Refusal], recipient: Recipient, ds_file_number: str | None) -> list[dict[str, Any]]:
    return [
        {
            "code": refusal.code.value,
            "label": refusal_label(refusal).fr,
            "fix": remedy(refusal.code, recipient),
            "site": site_to_fix(refusal.code, ds_file_number),
            "actor": refusal.code.who_acts.value,
            "who": ACTOR_LABELS[recipient].get(refusal.code.who_acts, "personne, ce motif ne peut pas être levé"),
            "is_regularisable": refusal.code.is_regularisable,
        }
        for refusal in refusals
    ]
