"""Versions of the policy: added, and first tried. Nothing decided is decided again by it (section 8)."""

import asyncio

from app.domain.decisions.policy_dry_run import Difference, differences
from app.domain.errors import PolicyExists
from app.domain.facts.policy import Policy
from app.persistence.administration import policies
from app.persistence.advisers.adviser_files import files_concerned
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import Answer, find_answer, remember
from app.use_cases.request_context import Asked


async def add_policy(database: Database, policy: Policy, asked: Asked) -> Answer:
    """The next decisions about sessions in its time read it, in every process. Raise PolicyExists."""
    async with database.transaction(attempt=asked.attempt, trace=asked.trace) as tx:
        await find_answer(tx, asked.attempt)
        row = await policies.add(tx, policy, asked.now)
        if row is None:
            raise PolicyExists(policy.version)
        return await remember(tx, asked.attempt, asked.worded(row))


async def try_policy(database: Database, policy: Policy, asked: Asked) -> list[Difference]:
    """The open registrations that it would have decided differently. Nothing is locked, stored or told.

    Raise PolicyExists.
    """
    present = await policies.read_policies(database)
    proposed = present.having(policy)
    found: list[Difference] = []
    async for file in files_concerned(database, *proposed.time_of(policy), asked.today):
        found += differences(file, present, proposed, today=asked.today)
        await asyncio.sleep(0)  # there may be thousands: whoever else asks is answered between two
    return found
