"""Who is registered in a session, as JSON and as a table: what it takes to convene them, nothing more."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.api.http.bodies.tables.table import Cell, Column, Table
from app.api.http.fields.field_types import Email, Name
from app.api.http.pagination import Pagination
from app.api.registrations.lists.registration_table import FUNDING_WORDS, PAYER_WORDS, STATUS_WORDS, seat_words
from app.api.registrations.registration_resources import SeatResource
from app.domain.facts.registration_terms import Funding, Payer, Status
from app.persistence.engine.driver_types import Row
from app.persistence.rosters import MAX_REGISTERED


class RosterEmployerResource(TypedDict):
    """La structure employeuse : celle du contrat qui couvre le premier jour, sinon la structure présente."""

    name: Name
    email: Email | None


class RosterLineResource(TypedDict):
    """Une personne inscrite : de quoi la convoquer. Ses noms et son adresse sont null une fois son identité effacée."""

    registration_id: UUID
    seat: SeatResource | None
    first_name: Name | None
    last_name: Name | None
    email: Email | None
    employer: RosterEmployerResource | None
    status: Status
    funding: Funding | None
    payer: Payer | None


class RosterResource(TypedDict):
    """Les personnes inscrites, dans l’ordre des places, puis celles qui attendent, dans l’ordre de leur tour."""

    data: Annotated[list[RosterLineResource], Field(max_length=MAX_REGISTERED)]
    pagination: Pagination


def roster_line(row: Row) -> dict[str, Any]:
    """The shape of RosterLineResource, of a row of `rosters.READ`."""
    name = row["employer_name"]
    return {
        "registration_id": row["registration_id"],
        "seat": {"status": row["seat"], "place": row["seat_place"]} if row["seat"] else None,
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "email": row["email"],
        "employer": {"name": name, "email": row["employer_contact_email"]} if name is not None else None,
        "status": row["status"],
        "funding": row["funding"],
        "payer": row["payer"],
    }


def _employer(line: Mapping[str, Any], field: str) -> Cell:
    employer = line["employer"]
    return employer[field] if employer is not None else None


COLUMNS = (
    Column("Place", lambda line: seat_words(line["seat"])),
    Column("Nom", lambda line: line["last_name"]),
    Column("Prénom", lambda line: line["first_name"]),
    Column("Adresse électronique", lambda line: line["email"]),
    Column("Structure employeuse", lambda line: _employer(line, "name")),
    Column("Contact de la structure", lambda line: _employer(line, "email")),
    Column("Statut", lambda line: STATUS_WORDS[line["status"]]),
    Column("Prise en charge", lambda line: FUNDING_WORDS[line["funding"]]),
    Column("Payeur", lambda line: PAYER_WORDS[line["payer"]]),
    Column("Inscription", lambda line: str(line["registration_id"])),
)


def roster_table(lines: Sequence[Mapping[str, Any]], starts_on: object) -> Table:
    """`starts_on` is the first day of the session, which names the file."""
    return Table(f"inscrits-{starts_on}", "Inscrits", COLUMNS, lines)
