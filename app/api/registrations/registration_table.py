"""Registrations as a table, in French: what their resources say, no more.

Headings and words are those that an import of past registrations recognises.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from app.api.http.bodies.tables.table import Cell, Column, Table, day, paris_time, yes_or_no
from app.api.registrations.decision_words import put_words_in
from app.domain.facts.calendar import civil_date
from app.domain.facts.registration_terms import Funding, Payer
from app.persistence.engine.pagination import PageRows, PageTexts
from app.wording.calendars.session_calendars import FORMAT_WORDS
from app.wording.decision_summaries import STATUS_LABELS
from app.wording.languages import Language
from app.wording.timeline_labels import entitlement_label

Resource = Mapping[str, Any]

STATUS_WORDS: Mapping[str, str] = {status: label.fr for status, label in STATUS_LABELS.items()}
FUNDING_WORDS: Mapping[str | None, str | None] = {
    Funding.STATE: "financée",
    Funding.NONE: "non financée",
    None: None,
}
PAYER_WORDS: Mapping[str | None, str | None] = {
    Payer.STATE: "État",
    Payer.EMPLOYER: "employeur",
    Payer.OPCO: "OPCO",
    Payer.SELF: "conseiller",
    None: None,
}


def _entitlement(resource: Resource) -> Cell:
    return entitlement_label(resource["entitlement"]) if resource["entitlement"] is not None else None


def _said_of_reasons(resource: Resource, field: str) -> Cell:
    return " ".join(str(reason[field]) for reason in resource["decision"]["reasons"])


def _positioning_test(resource: Resource, field: str) -> Any:
    test = resource["positioning_test"]
    return test[field] if test is not None else None


COLUMNS = (
    Column("Inscription", lambda item: item["id"]),
    Column("Conseiller", lambda item: item["adviser_id"]),
    Column("Module", lambda item: item["module_code"]),
    Column("Organisme de formation", lambda item: item["training_organisation_id"]),
    Column("Date de début", lambda item: day(item["session"]["starts_on"])),
    Column("Date de fin", lambda item: day(item["session"]["ends_on"])),
    Column("Modalité", lambda item: FORMAT_WORDS[item["session"]["format"]]),
    Column("Lieu", lambda item: item["session"]["place"]),
    Column("Référence de session", lambda item: item["session"]["reference"]),
    Column("Demandée le", lambda item: day(item["requested_on"])),
    Column("Accord de l’employeur", lambda item: yes_or_no(item["employer_agreement"])),
    Column("Statut", lambda item: STATUS_WORDS[item["status"]]),
    Column("Prise en charge", lambda item: FUNDING_WORDS[item["funding"]]),
    Column("Payeur", lambda item: PAYER_WORDS[item["payer"]]),
    Column("Droit utilisé", _entitlement),
    Column("Décidée le", lambda item: paris_time(item["decision"]["decided_at"])),
    Column("Motifs", lambda item: _said_of_reasons(item, "label")),
    Column("Codes des motifs", lambda item: _said_of_reasons(item, "code")),
    Column("Test de positionnement", lambda item: day(_positioning_test(item, "taken_on"))),
    Column("Durée du parcours (heures)", lambda item: _positioning_test(item, "hours")),
    Column("Annulée le", lambda item: day(item["cancelled_on"])),
    Column("Créée le", lambda item: paris_time(item["created_at"])),
    Column("Modifiée le", lambda item: paris_time(item["updated_at"])),
)


def registration_table(resources: Sequence[Resource], now: datetime) -> Table:
    """`now` gives the file its day."""
    return Table(f"inscriptions-{civil_date(now)}", "Inscriptions", COLUMNS, resources)


def resources_of(page: PageTexts, owner: Any) -> PageRows:
    """The resources of a page that PostgreSQL wrote, their words in French, as `owner` may see them."""
    text = put_words_in(",".join(page.texts), Language.FRENCH, owner)
    return PageRows(orjson.loads(f"[{text}]"), page.last_keys, has_more=page.has_more)
