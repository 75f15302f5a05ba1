"""A busy service: use cases of every kind in a random order that is the same for the same seed."""

from collections.abc import Coroutine
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration import Attendance, Chooser, Payer
from app.persistence.engine.database import Database
from app.use_cases.advisers.grant_carry_over import CarryOverGrant, grant_carry_over
from app.use_cases.advisers.upsert_adviser import upsert_adviser
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.cancel_registration import cancel
from app.use_cases.registrations.choose_over_quota import decline_over_quota, keep_unfunded
from app.use_cases.registrations.record_attendance import mark_attendance
from app.use_cases.registrations.reexamine_registration import reexamine
from app.use_cases.registrations.register_adviser import register
from app.use_cases.registrations.reschedule_registration import reschedule
from tests.use_cases.use_case_builders import (
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

MODULES = (MODULE, "cybersecurite", "cafe-ia", "aidants-connect")


class RandomActions:
    """One random action at a time, always the same for the same seed and the same state."""

    def __init__(self, database: Database, posts: dict[UUID, UUID]) -> None:
        self.database = database
        self.contracts = posts
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
        match self.random.randrange(8):
            case 0:
                validated = self.random.choice([None, day("2022-01-20")])
                form = self.random.choice(["public", "private"])
                changes = {"validated_on": validated, "employer_legal_form": form}
                return change_contract(database, self.contracts[adviser], adviser, **changes)
            case 1:
                columns = adviser_columns(department=self.random.choice(["35", "974"]))
                return upsert_adviser(database, adviser, columns, ANY_VERSION, a_request_context())
            case 2:
                return grant_carry_over(
                    database, adviser, CarryOverGrant("civil_year:2026", 1, "maladie", None), a_request_context()
                )
            case 3:
                result = ExamResult(adviser, "pix", CertificationOutcome.FAILED, day("2026-05-04"), None, None)
                return record_result(database, result, a_request_context())
            case _:
                command = a_new_registration(adviser, self._day(), self.random.choice(MODULES))
                return register(database, command, a_request_context())

    def _of_a_registration(self, _: UUID) -> Coroutine[Any, Any, Any]:
        database, registration = self.database, self.random.choice(self.registrations)
        match self.random.randrange(6):
            case 0:
                return mark_attendance(
                    database, registration, self.random.choice([*Attendance]), None, a_request_context()
                )
            case 1:
                return keep_unfunded(database, registration, Payer.EMPLOYER, a_request_context(), Chooser.ADVISER)
            case 2:
                return decline_over_quota(database, registration, a_request_context(), Chooser.ADVISER)
            case 3:
                session = a_session(self._day())
                return reschedule(
                    database, registration, lambda _, venue: (session, venue), ANY_VERSION, a_request_context()
                )
            case 4:
                return reexamine(database, registration, a_request_context(), employer_agreement=True)
            case _:
                return cancel(database, registration, day("2026-03-01"), None, a_request_context())


async def random_actions(database: Database, *, advisers: int) -> RandomActions:
    """Actions on advisers who are in post and have no registration yet."""
    posts: dict[UUID, UUID] = {}
    for _ in range(advisers):
        adviser = await an_adviser(database)
        posts[adviser] = await a_contract(database, adviser)
    return RandomActions(database, posts)
