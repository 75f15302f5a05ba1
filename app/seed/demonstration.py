"""The demonstration: fictional advisers of one department, decided by the real rules.

The scenario of each adviser runs through the use cases in one transaction: an adviser who exists is complete, and
loading again runs the missing scenarios only. Their events can be read in the feed, and are sent to nobody.
"""

from asyncio import Event, Semaphore, TaskGroup
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from app.persistence.advisers.advisers import ADVISERS
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import AdviserLock
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import IdempotentRequest
from app.persistence.outbox.assign_feed_positions import mark_as_history
from app.seed.demonstration_clients import add_demonstration_clients
from app.seed.demonstration_sessions import add_demonstration_sessions
from app.seed.demonstration_support import REQUESTS, add_demonstration_support_requests
from app.seed.scenarios.contracts_of_people import stable_id
from app.seed.scenarios.people_by_entitlement import PEOPLE_BY_ENTITLEMENT
from app.seed.scenarios.people_by_refusal import PEOPLE_BY_REFUSAL
from app.seed.scenarios.people_in_sessions import PEOPLE_IN_SESSIONS
from app.seed.scenarios.published_sessions import PUBLISHED_SESSIONS
from app.seed.scenarios.scenario import Person
from app.seed.scenarios.scenario_runner import ScenarioRunner

MAX_CONCURRENT_PEOPLE = 4  # as many as the first start has connections: waiting for one fails after a while

PEOPLE: tuple[Person, ...] = PEOPLE_BY_ENTITLEMENT + PEOPLE_BY_REFUSAL + PEOPLE_IN_SESSIONS


class SingleTransactionDatabase(Database):
    """A database whose every transaction is the one it is given, which the caller opens and ends.

    It takes no locks: nobody else sees an adviser who is not committed yet.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.policies = transaction.policies
        self.keyring = transaction.keyring
        self.changed = Event()

    async def one(self, sql: str, *values: object) -> Row | None:
        return await self._transaction.one(sql, *values)

    async def many(self, sql: str, *values: object) -> list[Row]:
        return await self._transaction.many(sql, *values)

    async def one_by_id(self, sql: str, key: UUID) -> Row | None:
        return await self.one(sql, [key])

    @asynccontextmanager
    async def transaction(
        self,
        lock: AdviserLock | None = None,
        idempotency: IdempotentRequest | None = None,
        audit_entry: AuditEntry | None = None,
    ) -> AsyncGenerator[Transaction, None]:
        del lock, idempotency, audit_entry
        yield self._transaction


async def load_demonstration(database: Database, now: datetime, people: tuple[Person, ...] = PEOPLE) -> None:
    """Run the scenario of each person up to `now`, unless the person exists. The catalogue must be loaded."""
    semaphore = Semaphore(MAX_CONCURRENT_PEOPLE)

    async def run_scenario(person: Person) -> None:
        async with semaphore, database.transaction() as tx:
            if await ADVISERS.read(tx, stable_id(person)) is None:
                await ScenarioRunner(SingleTransactionDatabase(tx), person, now).run()
                await mark_as_history(tx, stable_id(person))

    async with TaskGroup() as group:
        for person in people:
            group.create_task(run_scenario(person))
    async with database.transaction() as tx:
        await add_demonstration_clients(tx, now)  # what they ask of a whole session is kept with who asked
        if await add_demonstration_sessions(SingleTransactionDatabase(tx), now):
            for concerned in (*map(stable_id, PEOPLE_IN_SESSIONS), *(session.id for session in PUBLISHED_SESSIONS)):
                await mark_as_history(tx, concerned)
    async with database.transaction() as tx:
        await add_demonstration_support_requests(SingleTransactionDatabase(tx), now)
        for wanted in REQUESTS:
            await mark_as_history(tx, wanted.adviser_id)
