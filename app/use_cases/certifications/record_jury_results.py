"""Record the results of a jury together: each line whole or not at all, in one transaction (section 6).

One transaction keeps the answer true: what it says was recorded is recorded with it, under the idempotency key. It
locks the advisers in the order of their ids, as imports do.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.errors import AdviserAnonymised, Conflict
from app.persistence.administration.policies import read_policies
from app.persistence.advisers.adviser_files import files_by_id
from app.persistence.advisers.advisers import lock_named
from app.persistence.catalogue import read_organisations, read_qualifications
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.use_cases.certifications.result_ledger import ExamResult, ResultLedger
from app.use_cases.errors import UnknownReference
from app.use_cases.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """The row of the result that a line recorded, or what refused it."""

    row: Row | None
    refusal: Conflict | UnknownReference | None = None


async def record_jury_results(
    database: Database, results: Sequence[ExamResult], context: RequestContext
) -> ReplayableResponse:
    """Record those that can be; `context.render` is given the LineOutcome of each, as `lines`, in their order."""
    async with database.transaction(None, context.idempotency, context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        advisers = await lock_named(tx, {result.adviser_id for result in results}, (), ())
        anonymised = {row["id"] for row in advisers if row["anonymised_at"] is not None}
        ledger = await _open_ledger(tx, advisers, context)
        lines: list[LineOutcome] = []
        for result in results:
            await asyncio.sleep(0)  # other tasks of the process have a turn between two lines
            try:
                if result.adviser_id in anonymised:
                    raise AdviserAnonymised  # one of the refusals of a line
                lines.append(LineOutcome(ledger.record(result)))
            except (Conflict, UnknownReference) as refusal:
                lines.append(LineOutcome(None, refusal))
        await ledger.write(tx)
        tx.add_audit_subjects(*ledger.subjects)
        return await store_response(tx, context.idempotency, context.render({"lines": lines}))


async def _open_ledger(tx: Transaction, advisers: Sequence[Row], context: RequestContext) -> ResultLedger:
    return ResultLedger(
        await files_by_id(tx, [row["id"] for row in advisers]),
        await read_policies(tx),
        {item.code: item for item in await read_qualifications(tx)},
        [organisation.id for organisation, _ in await read_organisations(tx)],
        context,
    )
