"""Each action on a published session of the demonstration, through the use case that does it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from app.domain.decisions.attendance import MissedDay
from app.domain.facts.session import SessionFormat
from app.persistence.administration.clients import Client
from app.persistence.engine.database import Database
from app.seed.published_catalogue import LA_MEDNUM
from app.seed.scenarios.contracts_of_people import stable_id, stable_ordered_id
from app.seed.scenarios.scenario import Person, parse_day
from app.seed.scenarios.scenario_actions import ADMIN_CLIENT, LA_MEDNUM_CLIENT, PLATFORM_CLIENT
from app.seed.scenarios.session_scenario import Attended, SessionScenario
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.registrations.record_attendance import AttendanceReport
from app.use_cases.request_context import RequestContext, empty_response
from app.use_cases.sessions.carry_out_session_deeds import carry_out_session_deeds
from app.use_cases.sessions.change_session import cancel_session, confirm_session, replace_session
from app.use_cases.sessions.give_seats import cancel_waiting_in_vain, give_next_seats
from app.use_cases.sessions.publish_session import SessionDescription, publish_session
from app.use_cases.sessions.record_session_attendance import AttendanceLine, record_session_attendance
from app.use_cases.sessions.register_in_session import SessionRegistration, register_in_session

ROOM = {
    "name": "Maison du numérique (démonstration)",
    "address": "1 rue de l’Exemple, 35000 Rennes",
    "department": "35",
}
LINK = "https://visio.example/{}"
HALF_DAYS = (("09:00", "12:30"), ("13:30", "17:00"))
FIRST_ORDINAL = 50  # of registrations to published sessions: a person's own courses come before


class SessionActions:
    """Each public method is something that happens to one session at an instant."""

    def __init__(self, database: Database, scenario: SessionScenario, today: date) -> None:
        self._database, self._scenario, self._today = database, scenario, today
        self._dates = scenario.dates(today)
        self._changed: dict[str, Any] = {}

    async def publish(self, at: datetime) -> None:
        await publish_session(
            self._database, self._scenario.id, SessionDescription(self._columns()), self._context(self._client, at)
        )

    async def change(self, columns: Mapping[str, Any], at: datetime) -> None:
        """The columns that get new values."""
        self._changed |= columns
        description = SessionDescription(self._columns())
        context = self._context(self._client, at)
        await replace_session(self._database, self._scenario.id, description, ANY_VERSION, context)
        await self._carry_out_deed(at)

    async def register(self, who: Person, at: datetime) -> None:
        wanted = SessionRegistration(stable_id(who), self._scenario.id, id=self._registration(who))
        await register_in_session(self._database, wanted, self._context(PLATFORM_CLIENT, at))

    async def leave(self, who: Person, motive: str, at: datetime) -> None:
        """And the seat is given, as the worker would a moment later."""
        context = self._context(PLATFORM_CLIENT, at)
        await cancel(self._database, self._registration(who), Cancellation(motive=motive), context)
        await give_next_seats(self._database, at)

    async def confirm(self, at: datetime) -> None:
        await confirm_session(self._database, self._scenario.id, self._context(self._client, at))
        await self._carry_out_deed(at)

    async def call_off(self, motive: str, at: datetime) -> None:
        await cancel_session(self._database, self._scenario.id, motive, self._context(self._client, at))
        await self._carry_out_deed(at)

    async def cancel_those_who_wait(self, at: datetime) -> None:
        """On the first day."""
        await cancel_waiting_in_vain(self._database, at)

    async def record_attendance(self, at: datetime) -> None:
        lines = [AttendanceLine(self._registration(line.who), self._report(line)) for line in self._scenario.attended]
        context = self._context(self._client, at)
        outcomes = await record_session_attendance(self._database, self._scenario.id, lines, context)
        for problem in (outcome.problem for outcome in outcomes if outcome.problem is not None):
            raise problem

    async def _carry_out_deed(self, at: datetime) -> None:
        while await carry_out_session_deeds(self._database, at):
            pass

    @property
    def _client(self) -> Client:
        """Who acts for the organisation: the administration for one without a client here."""
        return LA_MEDNUM_CLIENT if self._scenario.organisation == LA_MEDNUM else ADMIN_CLIENT

    def _registration(self, who: Person) -> UUID:
        return stable_ordered_id(who, "session", FIRST_ORDINAL + self._scenario.number)

    def _report(self, line: Attended) -> AttendanceReport:
        missed = MissedDay(self._dates[0], justified=True, motive="medical_certificate")
        return AttendanceReport(line.outcome, line.motive, absences=(missed,) if line.missed_first_day else None)

    def _columns(self) -> dict[str, Any]:
        plan, is_on_site = self._scenario, self._scenario.format is SessionFormat.ON_SITE
        return {
            "module_code": plan.module,
            "training_organisation_id": plan.organisation,
            "reference": plan.reference,
            "starts_on": self._dates[0],
            "ends_on": self._dates[-1],
            "hours": orjson.dumps(self._hours()).decode(),
            "format": plan.format.value,
            **{f"place_{name}": value if is_on_site else None for name, value in ROOM.items()},
            "link": None if is_on_site else LINK.format(plan.reference.lower()),
            "seats_minimum": plan.minimum,
            "capacity": plan.maximum,
            "registration_closes_on": parse_day(plan.closes, self._today) if plan.closes else None,
            **self._changed,
        }

    def _hours(self) -> list[dict[str, object]]:
        return [{"on": day, "from": begins, "until": ends} for day in self._dates for begins, ends in HALF_DAYS]

    def _context(self, client: Client, at: datetime) -> RequestContext:
        return RequestContext(client, at, empty_response)
