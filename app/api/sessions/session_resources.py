"""Sessions, and what is done of a whole session, as clients are shown them."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import replayable_response, resource_fields
from app.api.http.fields.field_types import Count, Department, ModuleCodeText, Motive, Name, Reference, Version
from app.api.http.problems.problem_details import ProblemResource
from app.api.sessions.session_requests import MAX_DAYS, MAX_LINES, ClockTime, Link
from app.domain.facts.calendar import civil_date
from app.domain.facts.published_session import SessionDeed, SessionStatus
from app.domain.facts.registration_terms import Status
from app.domain.facts.session import SessionFormat
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.sessions.sessions import facts_of

HoursResource = TypedDict("HoursResource", {"on": date, "from": ClockTime, "until": ClockTime})


class PlaceResource(TypedDict):
    """Où la session a lieu."""

    name: Name
    address: Name | None
    department: Department | None


class SeatsResource(TypedDict):
    """Les places : combien il en faut, combien il y en a (null : sans limite), les prises, et qui attend."""

    minimum: Count | None
    maximum: Count | None
    taken: Count
    waiting: Count


class ProgressResource(TypedDict):
    """Ce qui est fait de toutes les inscriptions de la session : combien sont concernées, combien sont faites, et
    combien ont échoué et seront reprises. `finished_at` est nul tant que tout n’est pas fait."""

    kind: SessionDeed
    concerned: Count
    done: Count
    failing: Count
    requested_at: datetime
    finished_at: datetime | None


class PublishedSessionResource(TypedDict):
    """Une session publiée. `status` suit des faits : `full`, plus aucune place ; `held`, son dernier jour est passé ;
    `confirmed` et `cancelled` se décident. `progress` est le dernier acte sur toutes ses inscriptions. Aucun autre
    organisme ne lit `cancellation_motive`."""

    id: UUID
    module_code: ModuleCodeText
    training_organisation_id: UUID
    reference: Reference | None
    starts_on: date
    ends_on: date
    hours: Annotated[list[HoursResource], Field(max_length=MAX_DAYS)]
    format: SessionFormat
    place: PlaceResource | None
    link: Link | None
    seats: SeatsResource
    registration_closes_on: date | None
    status: SessionStatus
    confirmed_at: datetime | None
    cancelled_at: datetime | None
    cancellation_motive: Motive | None
    progress: ProgressResource | None
    version: Version
    created_at: datetime
    updated_at: datetime


class DeedResource(TypedDict):
    """Ce qui a été demandé d’une session entière, et où il en est : `GET /v1/sessions/{id}` le montre ensuite."""

    session_id: UUID
    kind: SessionDeed
    concerned: Count
    done: Count


class AttendanceOutcomeResource(TypedDict):
    """Une ligne : le statut de l’inscription, ou le problème pour lequel rien n’en est enregistré."""

    registration_id: UUID
    status: Status | None
    problem: ProblemResource | None


class SessionAttendanceResource(TypedDict):
    """L’assiduité d’une session, dans l’ordre des lignes envoyées."""

    data: Annotated[list[AttendanceOutcomeResource], Field(max_length=MAX_LINES)]


def session_resource(row: Row, today: date) -> dict[str, Any]:
    """The shape of PublishedSessionResource, of a row of `sessions.RESOURCE`; `today` is the civil date in Paris."""
    place = {name: row[f"place_{name}"] for name in PlaceResource.__annotations__}
    hours, deed = row["hours"], row["deed"]
    return {
        **resource_fields(row, PublishedSessionResource),
        "hours": orjson.loads(hours) if isinstance(hours, str) else hours,
        "place": place if place["name"] else None,
        "seats": {
            "minimum": row["seats_minimum"],
            "maximum": row["seats_maximum"],
            "taken": row["seats_taken"],
            "waiting": row["seats_waiting"],
        },
        "status": facts_of(row).status(today),
        "progress": resource_fields(deed, ProgressResource) if deed else None,
    }


def session_as_seen(authorised: AuthorisedRequest, row: Row) -> dict[str, Any]:
    """As the caller may see it: why it was cancelled is free text, which other organisations do not read."""
    resource = session_resource(row, civil_date(authorised.now))
    is_another_s = authorised.owner not in {None, UUID(str(row["training_organisation_id"]))}
    return {**resource, "cancellation_motive": None} if is_another_s else resource


def deed_response(authorised: AuthorisedRequest, row: Row) -> ReplayableResponse:
    """202 with what was `asked` of all its registrations; the session, 200, when there is none."""
    deed = row.get("asked")
    if deed is None:
        return replayable_response(session_as_seen(authorised, row), authorised.language)
    body = {"session_id": row["id"], **{name: deed[name] for name in ("kind", "concerned", "done")}}
    location = f"{authorised.service.base_url}/v1/sessions/{row['id']}"
    return replayable_response(body, authorised.language, status=202, location=location)
