"""The bodies of requests about sessions."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field, StringConstraints, model_validator

from app.api.http.fields import field_types
from app.api.http.fields.field_checks import check_date_order, validation_error
from app.api.http.fields.field_types import CivilDate, Count, Department, Id, ModuleCodeText, Motive, Name, Reference
from app.api.registrations.attendance_schemas import AttendanceRequest
from app.api.registrations.registration_requests import Regularisation
from app.domain.facts.session import SessionFormat
from app.persistence.sessions.sessions import NO_LIMIT
from app.use_cases.sessions.publish_session import SessionDescription
from app.use_cases.sessions.record_session_attendance import AttendanceLine
from app.wording.languages import Sentence

MAX_DAYS = 400  # a day of hours each: the longest training takes a year
MAX_SEATS = 10_000
MAX_LINES = 500
OUTSIDE_SESSION = Sentence(
    fr="Chaque jour est un de ceux de la session.", en="Each day is one of those of the session."
)
HOURS_OVERLAP = Sentence(
    fr="Les horaires d’un jour se suivent, chacun finit après son début.",
    en="The hours of a day follow each other, each ends after it begins.",
)
CLOSES_TOO_LATE = Sentence(
    fr="Au plus tard le dernier jour de la session.", en="On the last day of the session at the latest."
)
TOO_FEW_SEATS = Sentence(fr="Au moins autant que minimum.", en="At least as many as minimum.")

OTHER_ORGANISATION = Sentence(
    fr="Un organisme de formation ne publie que ses propres sessions.",
    en="A training organisation publishes its own sessions only.",
)

ClockTime = Annotated[
    str,
    StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5, strict=True),
    Field(description="Heure de Paris, comme `09:00`."),
]
Link = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^\s/]+\.[^\s]+$", max_length=500, strict=True),
    Field(description="Où suivre la session à distance."),
]


class HoursBody(field_types.RequestBody):
    """Les horaires d’un jour, ou d’une demi-journée."""

    on: CivilDate
    from_: Annotated[ClockTime, Field(alias="from")]
    until: ClockTime


class PlaceBody(field_types.RequestBody):
    """Où la session a lieu."""

    name: Name
    address: Name | None = None
    department: Department | None = None


SeatCount = Annotated[int, Field(ge=1, le=MAX_SEATS, strict=True)]


class SeatsBody(field_types.RequestBody):
    """Combien de personnes il faut, et combien de places il y a ; null : sans limite."""

    minimum: SeatCount | None = None
    maximum: SeatCount | None = None
    taken: Annotated[Count | None, Field(description="Compté ici ; ignoré.")] = None
    waiting: Annotated[Count | None, Field(description="Compté ici ; ignoré.")] = None

    @model_validator(mode="after")
    def _enough(self) -> "SeatsBody":
        if self.minimum is not None and self.maximum is not None and self.maximum < self.minimum:
            raise validation_error("too-few-seats", TOO_FEW_SEATS, "maximum")
        return self


class PublishedSessionRequest(field_types.RequestBody):
    """Une session à publier. Un organisme de formation peut omettre `training_organisation_id` : le sien."""

    id: Annotated[Id | None, Field(description="Inutile : l’adresse le dit déjà.")] = None
    module_code: ModuleCodeText
    training_organisation_id: Id | None = None
    reference: Annotated[Reference | None, Field(description="La vôtre, une seule fois.")] = None
    starts_on: CivilDate
    ends_on: CivilDate
    hours: Annotated[list[HoursBody], Field(max_length=MAX_DAYS, default_factory=list[HoursBody])]
    format: SessionFormat
    place: PlaceBody | None = None
    link: Link | None = None
    seats: SeatsBody = SeatsBody()
    registration_closes_on: Annotated[
        CivilDate | None, Field(description="Le dernier jour pour s’inscrire, inclus.")
    ] = None
    regularisation: Regularisation = False

    @model_validator(mode="after")
    def _dates_agree(self) -> "PublishedSessionRequest":
        check_date_order("starts_on", "ends_on", self.starts_on, self.ends_on)
        if self.registration_closes_on is not None and self.registration_closes_on > self.ends_on:
            raise validation_error("order", CLOSES_TOO_LATE, "registration_closes_on")
        self._check_hours()
        return self

    def _check_hours(self) -> None:
        """Of days of the session, each after the former; pointers are those of what was sent, in its order."""
        former: HoursBody | None = None
        for place, hours in sorted(enumerate(self.hours), key=lambda item: (item[1].on, item[1].from_)):
            if not self.starts_on <= hours.on <= self.ends_on:
                raise validation_error("not-in-session", OUTSIDE_SESSION, f"hours/{place}/on")
            overlaps = former is not None and former.on == hours.on and former.until > hours.from_
            if overlaps or hours.until <= hours.from_:
                raise validation_error("order", HOURS_OVERLAP, f"hours/{place}/until")
            former = hours

    def description(self, organisation: UUID) -> SessionDescription:
        place, hours = self.place, sorted(self.hours, key=lambda each: (each.on, each.from_))
        columns: dict[str, Any] = {
            "module_code": self.module_code,
            "training_organisation_id": organisation,
            "reference": self.reference,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "hours": orjson.dumps([each.model_dump(by_alias=True) for each in hours]).decode(),
            "format": self.format.value,
            "place_name": place.name if place else None,
            "place_address": place.address if place else None,
            "place_department": place.department if place else None,
            "link": self.link,
            "seats_minimum": self.seats.minimum,
            "capacity": self.seats.maximum or NO_LIMIT,
            "registration_closes_on": self.registration_closes_on,
        }
        return SessionDescription(columns, self.regularisation)


class SessionCancellationRequest(field_types.RequestBody):
    """Pourquoi la session n’aura pas lieu."""

    motive: Motive | None = None


class SessionAttendanceLine(AttendanceRequest):
    """Ce qu’il est advenu d’une inscription de la session."""

    registration_id: Id

    def to_line(self) -> AttendanceLine:
        return AttendanceLine(self.registration_id, self.to_report())


class SessionAttendanceRequest(field_types.RequestBody):
    """L’assiduité de la session, une ligne par inscription."""

    data: Annotated[list[SessionAttendanceLine], Field(min_length=1, max_length=MAX_LINES)]
