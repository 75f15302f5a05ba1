"""A busy service: actions of every kind in a random order that is always the same."""

from collections.abc import Coroutine
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration import Attendance, Chooser, Payer
from app.persistence.engine.database import Database
from app.use_cases.advisers.grant_carry_over import Report, carry_over
from app.use_cases.advisers.upsert_adviser import keep_adviser
from app.use_cases.preconditions import ANYTHING
from app.use_cases.record_certification import Result, certify
from app.use_cases.registrations.cancel_registration import cancel
from app.use_cases.registrations.choose_over_quota import decline, keep
from app.use_cases.registrations.record_attendance import attend
from app.use_cases.registrations.reexamine_registration import reexamine
from app.use_cases.registrations.register_adviser import register
from app.use_cases.registrations.reschedule_registration import reschedule
from tests.use_cases.use_case_builders import (
    MODULE,
    a_contract,
    a_demand,
    a_session,
    adviser_columns,
    an_adviser,
    asking,
    change_contract,
    day,
)

MODULES = (MODULE, "cybersecurite", "cafe-ia", "aidants-connect")


class Play:
    """A random action at a time, always the same for the same seed and the same state."""

    def __init__(self, database: Database, posts: dict[UUID, UUID]) -> None:
        self.database = database
        self.posts = posts
        self.random = Random(20260615)  # noqa: S311  # a play, not a secret
        self.registrations: list[UUID] = []

    async def look(self) -> None:
        rows = await self.database.many("SELECT id FROM registration ORDER BY created_at, id")
        self.registrations = [row["id"] for row in rows]

    def _day(self) -> date:
        return day("2026-03-02") + timedelta(days=self.random.randrange(300))

    def action(self) -> Coroutine[Any, Any, Any]:
        adviser = self.random.choice([*self.posts])
        about = (self._of_the_adviser, self._of_a_registration)[self.random.random() < 0.5 and bool(self.registrations)]
        return about(adviser)

    def _of_the_adviser(self, adviser: UUID) -> Coroutine[Any, Any, Any]:
        database = self.database
        match self.random.randrange(8):
            case 0:
                validated = self.random.choice([None, day("2022-01-20")])
                form = self.random.choice(["public", "private"])
                changes = {"validated_on": validated, "employer_legal_form": form}
                return change_contract(database, self.posts[adviser], adviser, **changes)
            case 1:
                columns = adviser_columns(department=self.random.choice(["35", "974"]))
                return keep_adviser(database, adviser, columns, ANYTHING, asking())
            case 2:
                return carry_over(database, adviser, Report("civil_year:2026", 1, "maladie", None), asking())
            case 3:
                result = Result(adviser, "pix", CertificationOutcome.FAILED, day("2026-05-04"), None, None)
                return certify(database, result, asking())
            case _:
                demand = a_demand(adviser, self._day(), self.random.choice(MODULES))
                return register(database, demand, asking())

    def _of_a_registration(self, _: UUID) -> Coroutine[Any, Any, Any]:
        database, registration = self.database, self.random.choice(self.registrations)
        match self.random.randrange(6):
            case 0:
                return attend(database, registration, self.random.choice([*Attendance]), None, asking())
            case 1:
                return keep(database, registration, Payer.EMPLOYER, asking(), Chooser.ADVISER)
            case 2:
                return decline(database, registration, asking(), Chooser.ADVISER)
            case 3:
                session = a_session(self._day())
                return reschedule(database, registration, lambda _, venue: (session, venue), ANYTHING, asking())
            case 4:
                return reexamine(database, registration, asking(), employer_agreement=True)
            case _:
                return cancel(database, registration, day("2026-03-01"), None, asking())


async def a_play(database: Database, *, advisers: int) -> Play:
    """Its advisers are in post, and nothing has happened yet."""
    posts: dict[UUID, UUID] = {}
    for _ in range(advisers):
        adviser = await an_adviser(database)
        posts[adviser] = await a_contract(database, adviser)
    return Play(database, posts)
