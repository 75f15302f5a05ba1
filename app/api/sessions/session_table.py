"""Sessions as a table, in French: what their resources say, no more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.api.http.bodies.tables.table import Cell, Column, Table, day, paris_time
from app.domain.facts.calendar import civil_date
from app.domain.facts.published_session import SessionStatus
from app.wording.calendars.session_calendars import FORMAT_WORDS
from app.wording.dates import format_numeric_day

Resource = Mapping[str, Any]

STATUS_WORDS: Mapping[str, str] = {
    SessionStatus.OPEN: "ouverte",
    SessionStatus.CONFIRMED: "confirmée",
    SessionStatus.FULL: "complète",
    SessionStatus.CANCELLED: "annulée",
    SessionStatus.HELD: "tenue",
}


def _hours(resource: Resource) -> Cell:
    """`08/02/2028 09:00-12:00, 13:30-17:00 ; 09/02/2028 09:00-12:00`."""
    by_day: dict[str, list[str]] = {}
    for each in resource["hours"]:
        by_day.setdefault(each["on"], []).append(f"{each['from']}-{each['until']}")
    return " ; ".join(
        f"{format_numeric_day(datetime.fromisoformat(on))} {', '.join(hours)}" for on, hours in by_day.items()
    )


def _place(resource: Resource, field: str) -> Cell:
    place = resource["place"]
    return place[field] if place is not None else None


COLUMNS = (
    Column("Session", lambda item: item["id"]),
    Column("Référence", lambda item: item["reference"]),
    Column("Module", lambda item: item["module_code"]),
    Column("Organisme de formation", lambda item: item["training_organisation_id"]),
    Column("Date de début", lambda item: day(item["starts_on"])),
    Column("Date de fin", lambda item: day(item["ends_on"])),
    Column("Horaires", _hours),
    Column("Modalité", lambda item: FORMAT_WORDS[item["format"]]),
    Column("Lieu", lambda item: _place(item, "name")),
    Column("Adresse", lambda item: _place(item, "address")),
    Column("Département", lambda item: _place(item, "department")),
    Column("Lien", lambda item: item["link"]),
    Column("Places minimum", lambda item: item["seats"]["minimum"]),
    Column("Places maximum", lambda item: item["seats"]["maximum"]),
    Column("Places prises", lambda item: item["seats"]["taken"]),
    Column("En attente", lambda item: item["seats"]["waiting"]),
    Column("Inscriptions jusqu’au", lambda item: day(item["registration_closes_on"])),
    Column("Statut", lambda item: STATUS_WORDS[item["status"]]),
    Column("Confirmée le", lambda item: paris_time(item["confirmed_at"])),
    Column("Annulée le", lambda item: paris_time(item["cancelled_at"])),
    Column("Motif d’annulation", lambda item: item["cancellation_motive"]),
    Column("Créée le", lambda item: paris_time(item["created_at"])),
    Column("Modifiée le", lambda item: paris_time(item["updated_at"])),
)


def session_table(resources: Sequence[Resource], now: datetime) -> Table:
    """`now` gives the file its day."""
    return Table(f"sessions-{civil_date(now)}", "Sessions", COLUMNS, resources)
