"""Registrations as a table, in French: what their resources say, no more.

Headings and words are those that an import of past registrations recognises.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.tables.table import Cell, Column, Table, day, paris_time, yes_or_no
from app.api.http.bodies.tables.table_pages import respond_with_table
from app.api.http.pagination import PageRequest
from app.api.registrations.decision_words import put_words_in
from app.domain.facts.calendar import civil_date
from app.domain.facts.registration_terms import Funding, Payer, Seat
from app.persistence.engine.pagination import Filter, PageQuery, PageRows, PageTexts
from app.persistence.engine.readers import Reader
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


def seat_words(seat: Mapping[str, Any] | None) -> str | None:
    """Of a place in a published session."""
    if seat is None:
        return None
    return "attribuée" if seat["status"] == Seat.SEATED else f"en attente, rang {seat['place']}"


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
    Column("Session", lambda item: item["session_id"]),
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
    Column("Place", lambda item: seat_words(item["seat"])),
    Column("Décidée le", lambda item: paris_time(item["decision"]["decided_at"])),
    Column("Motifs", lambda item: _said_of_reasons(item, "label")),
    Column("Codes des motifs", lambda item: _said_of_reasons(item, "code")),
    Column("Test de positionnement", lambda item: day(_positioning_test(item, "taken_on"))),
    Column("Durée du parcours (heures)", lambda item: _positioning_test(item, "hours")),
    Column("Annulée le", lambda item: day(item["cancelled_on"])),
    Column("Créée le", lambda item: paris_time(item["created_at"])),
    Column("Modifiée le", lambda item: paris_time(item["updated_at"])),
)


async def respond_as_table(
    authorised: AuthorisedRequest,
    paging: PageRequest,
    media_type: str,
    read_texts: Callable[[Reader, PageQuery], Awaitable[PageTexts]],
    filters: Sequence[Filter],
) -> Response:
    """The registrations that the filters let through, as a file of that type. Raise Problem."""

    async def read(reader: Reader, page: PageQuery) -> PageRows:
        return _resources_of(await read_texts(reader, page), authorised.owner)

    def to_table(resources: Sequence[Resource]) -> Table:
        return Table(f"inscriptions-{civil_date(authorised.now)}", "Inscriptions", COLUMNS, resources)

    return await respond_with_table(
        paging, authorised, media_type, read, filters, to_table, subject_column="adviser_id"
    )


def _resources_of(page: PageTexts, owner: UUID | None) -> PageRows:
    """The resources of a page that PostgreSQL wrote, their words in French, as `owner` may see them."""
    text = put_words_in(",".join(page.texts), Language.FRENCH, owner)
    return PageRows(orjson.loads(f"[{text}]"), page.last_keys, has_more=page.has_more)
