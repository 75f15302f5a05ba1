"""A busy service: use cases of every kind in a random order that is the same for the same seed."""

from collections.abc import Coroutine, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from app.domain.decisions.attendance import MissedDay
from app.domain.decisions.refusals import Reason
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration_terms import Attendance, Chooser, Funding, Payer
from app.persistence.engine.database import Database
from app.use_cases.advisers.grant_carry_over import CarryOverGrant, grant_carry_over
from app.use_cases.advisers.upsert_adviser import upsert_adviser
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.registrations.choose_over_quota import decline_over_quota, keep_unfunded
from app.use_cases.registrations.derogate_registration import Derogation, derogate
from app.use_cases.registrations.record_attendance import AttendanceReport, mark_attendance
from app.use_cases.registrations.reexamine_registration import AdviserNotice, reexamine
from app.use_cases.registrations.register_adviser import register
from app.use_cases.registrations.reschedule_registration import reschedule
from tests.use_cases.use_case_builders import (
    INITIAL,
    MODULE,
    a_contract,
    a_new_registration,
    a_request_context,
    a_session,
    adviser_columns,
    an_adviser,
    change_contract,
    day,
)

MODULES = (MODULE, "cybersecurite", "cafe-ia", "aidants-connect", INITIAL)
FACTS_OF_AN_ADVISER: tuple[tuple[str, Sequence[Any]], ...] = (
    ("department", ("35", "974")),
    ("in_scheme", (True, True, True, False)),
    ("initial_training_entered_on", (None, None, *map(day, ("2022-03-14", "2024-04-15", "2026-02-02")))),
)


class RandomActions:
    """One random action at a time, always the same for the same seed and the same state. Sessions are of before and
    after the day of the tests: what has started is recorded with the word for it."""

    def __init__(self, database: Database, posts: dict[UUID, UUID]) -> None:
        self.database = database
        self.contracts = posts
        self.advisers = {adviser: adviser_columns() for adviser in posts}  # as they were last changed
        self.random = Random(20260615)  # noqa: S311  # a play, not a secret
        self.registrations: list[UUID] = []

    async def refresh(self) -> None:
        rows = await self.database.many("SELECT id FROM registration ORDER BY created_at, id")
        self.registrations = [row["id"] for row in rows]

    def _day(self) -> date:
        return day("2026-03-02") + timedelta(days=self.random.randrange(300))

    def action(self) -> Coroutine[Any, Any, Any]:
        adviser = self.random.choice([*self.contracts])
        about = (self._of_the_adviser, self._of_a_registration)[self.random.random() < 0.5 and bool(self.registrations)]
        return about(adviser)

    def _of_the_adviser(self, adviser: UUID) -> Coroutine[Any, Any, Any]:
        database = self.database
        match self.random.randrange(12):
            case 0:
                validated = self.random.choice([None, day("2022-01-20")])
                form = self.random.choice(["public", "private"])
                changes = {"validated_on": validated, "employer_legal_form": form}
                return change_contract(database, self.contracts[adviser], adviser, **changes)
            case 1 | 2 | 3:
                return upsert_adviser(database, adviser, self._changed(adviser), ANY_VERSION, a_request_context())
            case 4:
                return grant_carry_over(
                    database, adviser, CarryOverGrant("civil_year:2026", 1, "maladie", None), a_request_context()
                )
            case 5:
                outcome = self.random.choice([CertificationOutcome.FAILED, CertificationOutcome.OBTAINED])
                on, qualification = self._day_of_the_past(), self.random.choice(["pix", "catic"])
                result = ExamResult(adviser, qualification, outcome, on, None, None)
                return record_result(database, result, a_request_context())
            case _:
                command = a_new_registration(adviser, self._day(), self.random.choice(MODULES))
                return register(database, command, a_request_context())

    def _day_of_the_past(self) -> date:
        return day("2026-01-05") + timedelta(days=self.random.randrange(120))

    def _changed(self, adviser: UUID) -> dict[str, Any]:
        """Somebody who moves, joins or leaves the scheme, or whose initial training is corrected."""
        column, values = self.random.choice(FACTS_OF_AN_ADVISER)
        self.advisers[adviser] |= {column: self.random.choice(values)}
        return self.advisers[adviser]

    def _of_a_registration(self, _: UUID) -> Coroutine[Any, Any, Any]:
        database, registration = self.database, self.random.choice(self.registrations)
        match self.random.randrange(8):
            case 0 | 1:
                return mark_attendance(database, registration, self._attendance_report(), a_request_context())
            case 2:
                return keep_unfunded(database, registration, Payer.EMPLOYER, a_request_context(), Chooser.ADVISER)
            case 3:
                return decline_over_quota(database, registration, a_request_context(), Chooser.ADVISER)
            case 4:
                session = a_session(self._day())
                return reschedule(
                    database,
                    registration,
                    lambda _, venue: (session, venue),
                    ANY_VERSION,
                    a_request_context(),
                    regularisation=True,
                )
            case 5:
                notice = AdviserNotice(employer_agreement=True)
                return reexamine(database, registration, notice, a_request_context())
            case 6:
                funding = self.random.choice([*Funding])
                derogation = Derogation(tuple(Reason), funding, None, "recours")
                return derogate(database, registration, derogation, a_request_context())
            case _:
                cancellation = Cancellation(day("2026-03-01"), regularisation=True)
                return cancel(database, registration, cancellation, a_request_context())

    def _attendance_report(self) -> AttendanceReport:
        """A first report or, of what has one, a correction."""
        outcome = self.random.choice([*Attendance])
        absences = (MissedDay(self._day(), justified=True),) if self.random.random() < 0.1 else None
        return AttendanceReport(outcome, "medical_certificate", absences=absences)


async def random_actions(database: Database, *, advisers: int) -> RandomActions:
    """Actions on advisers who are in post and have no registration yet; every other one has had no training yet."""
    posts: dict[UUID, UUID] = {}
    for number in range(advisers):
        trained = {} if number % 2 == 0 else {"initial_training_entered_on": None}
        adviser = await an_adviser(database, **trained)
        posts[adviser] = await a_contract(database, adviser)
    return RandomActions(database, posts)
