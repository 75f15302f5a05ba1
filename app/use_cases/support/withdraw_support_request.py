"""Withdraw a support request: by whoever opened it, by an administrator, or by the adviser through the link."""

from uuid import UUID

from app.domain.facts.support_request import Requester
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse, store_response
from app.persistence.support_requests import SUPPORT_REQUESTS, is_visible_to
from app.use_cases.request_context import RequestContext
from app.use_cases.support.answer_support_request import lock_of_adviser, read_locked, support_request_of


async def withdraw_support_request(
    database: Database, request: UUID, context: RequestContext, *, by_adviser: UUID | None = None
) -> ReplayableResponse:
    """`by_adviser` is the adviser whose link it is, who withdraws only what they opened. Nobody is told: nothing was
    decided. Raise NotFound, InvalidTransition, AdviserAnonymised."""
    lock = await lock_of_adviser(database, request)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        tx.add_audit_subjects(request)
        await read_snapshot(tx, lock, idempotency=context.idempotency)
        present = await read_locked(tx, request)
        if not _may_withdraw(present, context, by_adviser):
            raise NotFound("support_request")
        withdrawn = support_request_of(present).withdrawn()
        columns = {"status": withdrawn.status, "withdrawn_at": context.now}
        row = await SUPPORT_REQUESTS.update(tx, present, columns, context.now)
        return await store_response(tx, context.idempotency, context.render(row))


def _may_withdraw(row: Row, context: RequestContext, by_adviser: UUID | None) -> bool:
    if by_adviser is not None:
        return bool(row["adviser_id"] == by_adviser and row["opened_by"] == Requester.ADVISER)
    return is_visible_to(row, context.client)
