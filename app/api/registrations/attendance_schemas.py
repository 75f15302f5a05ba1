"""Reports of attendance, as they are sent and as they are shown."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
from pydantic import Field
from typing_extensions import TypedDict

from app.api.http.bodies.json_responses import format_instant
from app.api.http.fields.field_types import CivilDate, Motive, RequestBody
from app.api.http.pagination import Pagination
from app.domain.decisions.attendance import MissedDay
from app.domain.facts.registration_terms import Attendance
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.engine.driver_types import Row
from app.persistence.registrations.attendance_records import MAX_RECORDS
from app.use_cases.registrations.record_attendance import AttendanceReport

MAX_MISSED_DAYS = 200
ANOTHER_CLIENT_ID = UUID(int=0)


class MissedDayBody(RequestBody):
    """Un jour manqué d’une session suivie."""

    on: CivilDate
    justified: Annotated[bool, Field(strict=True)]
    motive: Motive | None = None

    def to_missed_day(self) -> MissedDay:
        return MissedDay(self.on, self.justified, self.motive)


class AttendanceRequest(RequestBody):
    """Ce qu’il est advenu. Une absence justifiée nomme un motif que la politique liste ; une correction donne toujours
    le sien ; `note` le précise en texte libre. D’une session suivie, `absences` liste les jours manqués."""

    outcome: Attendance
    motive: Motive | None = None
    note: Motive | None = None
    absences: Annotated[list[MissedDayBody], Field(max_length=MAX_MISSED_DAYS)] | None = None

    def to_report(self) -> AttendanceReport:
        days = None if self.absences is None else tuple(day.to_missed_day() for day in self.absences)
        return AttendanceReport(self.outcome, self.motive, self.note, days)


class MissedDayResource(TypedDict):
    """Un jour manqué d’une session suivie. Le motif n’est montré qu’à qui l’a écrit et aux administrateurs."""

    on: CivilDate
    justified: bool
    motive: Motive | None


class AttendanceReportResource(TypedDict):
    """Ce qui a été enregistré, quand et par qui. Les textes peuvent parler de santé : `motive` en texte libre, `note`
    et les motifs des jours ne sont montrés qu’à qui les a écrits et aux administrateurs. `recorded_by` est
    l’identifiant nul pour un organisme quand un autre client l’a enregistré."""

    id: UUID
    outcome: Attendance
    motive: Motive | None
    note: Motive | None
    absences: Annotated[list[MissedDayResource], Field(max_length=MAX_MISSED_DAYS)]
    recorded_at: datetime
    recorded_by: UUID


class AttendanceReportsResource(TypedDict):
    """Ce qui a été enregistré de l’assiduité, le plus récent d’abord."""

    data: Annotated[list[AttendanceReportResource], Field(max_length=MAX_RECORDS)]
    pagination: Pagination


def attendance_report_resource(row: Row, client: Client) -> AttendanceReportResource:
    """Of a row of `attendance_records.read_all`, for this client."""
    wrote_it, is_admin = row["recorded_by"] == client.id, client.role is Role.ADMIN
    sees_texts = wrote_it or is_admin
    is_code = row["outcome"] == Attendance.ABSENT_JUSTIFIED
    days: list[MissedDayResource] = orjson.loads(row["absences"])
    return {
        "id": row["id"],
        "outcome": row["outcome"],
        "motive": row["motive"] if sees_texts or is_code else None,
        "note": row["note"] if sees_texts else None,
        "absences": [{**day, "motive": day["motive"] if sees_texts else None} for day in days],
        "recorded_at": format_instant(row["recorded_at"]),
        "recorded_by": row["recorded_by"] if wrote_it or client.training_organisation_id is None else ANOTHER_CLIENT_ID,
    }
