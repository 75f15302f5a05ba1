"""Add a version of the policy, or try it without storing it. Nothing decided is decided again (section 8)."""

import asyncio

from app.domain.decisions.policy_dry_run import Difference, differences
from app.domain.errors import PolicyExists
from app.domain.facts.policy import Policy
from app.persistence.administration import policies
from app.persistence.advisers.adviser_files import files_with_open_registrations
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.use_cases.request_context import RequestContext


async def add_policy(database: Database, policy: Policy, context: RequestContext) -> ReplayableResponse:
    """From its commit on, every process decides by it about sessions in its period. Raise PolicyExists."""
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        row = await policies.add(tx, policy, context.now)
        if row is None:
            raise PolicyExists(policy.version)
        return await store_response(tx, context.idempotency, context.render(row))


async def dry_run_policy(database: Database, policy: Policy, context: RequestContext) -> list[Difference]:
    """The open registrations that it would have decided differently. Nothing is locked, stored or announced.

    Raise PolicyExists.
    """
    present = await policies.read_policies(database)
    proposed = present.with_version(policy)
    found: list[Difference] = []
    async for file in files_with_open_registrations(database, *proposed.period_of(policy), context.today):
        found += differences(file, present, proposed, today=context.today)
        await asyncio.sleep(0)  # there may be thousands: other requests are answered between two files
    return found
