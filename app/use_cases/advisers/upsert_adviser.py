"""Create or change an adviser; a change that a rule reads has registrations decided again (section 4.5)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.errors import AdviserAnonymised
from app.persistence.advisers import advisers
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.advisers.advisers import ADVISERS, conum_id_is_taken
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.use_cases.advisers.recognise_returning_adviser import (
    NO_EARLIER_FILES,
    find_earlier_files,
    new_identity_tokens,
    transfer_earlier_rights,
)
from app.use_cases.changes.change_sets import consequences_of_change
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.errors import ConumIdTaken
from app.use_cases.preconditions import Precondition
from app.use_cases.request_context import RequestContext


async def _check_conum_id(tx: Transaction, adviser: UUID, values: Mapping[str, Any]) -> None:
    """Raise ConumIdTaken."""
    if values["conum_id"] is not None and await conum_id_is_taken(tx, values["conum_id"], adviser):
        raise ConumIdTaken


async def add_adviser(database: Database, values: Mapping[str, Any], context: RequestContext) -> ReplayableResponse:
    """Raise ConumIdTaken."""
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        adviser = uuid7()
        tx.add_audit_subjects(adviser)
        await _check_conum_id(tx, adviser, values)
        row = await _insert(tx, adviser, values, context)
        return await store_response(tx, context.idempotency, context.render(row))


async def _insert(tx: Transaction, adviser: UUID, values: Mapping[str, Any], context: RequestContext) -> Row:
    """Insert the adviser, with what earlier files of the same person had used."""
    returns = await find_earlier_files(tx, {adviser: new_identity_tokens(values)}, {})
    columns = returns.get(adviser, NO_EARLIER_FILES).columns()
    row = await ADVISERS.insert(tx, {"id": adviser, **values, **columns}, context.now)
    await transfer_earlier_rights(tx, returns, [row], context.now)
    return row


async def upsert_adviser(
    database: Database, adviser: UUID, values: Mapping[str, Any], precondition: Precondition, context: RequestContext
) -> tuple[Row, bool]:
    """Return the row, and whether it is new. An anonymised adviser cannot be changed.

    Raise AdviserAnonymised, ConumIdTaken, PreconditionFailed, PreconditionRequired.
    """
    async with database.transaction(audit_entry=context.audit_entry) as tx:
        tx.add_audit_subjects(adviser)
        present = await advisers.lock(tx, adviser)
        if present is None:
            await _check_conum_id(tx, adviser, values)
            return await _insert(tx, adviser, values, context), True
        if present["anonymised_at"] is not None:
            raise AdviserAnonymised
        precondition.check(present["version"])
        await _check_conum_id(tx, adviser, values)
        lock = AdviserLock(LockTarget.ADVISER, adviser)
        before = await read_snapshot(tx, lock)
        returns = await find_earlier_files(tx, {adviser: new_identity_tokens(values, present)}, {adviser: before.file})
        columns = returns.get(adviser, NO_EARLIER_FILES).columns()
        row = await ADVISERS.update(tx, present, {**values, **columns}, context.now)
        await transfer_earlier_rights(tx, returns, [row], context.now)
        after = await read_snapshot(tx, lock)
        await write_change_sets(tx, consequences_of_change(before.file, after.file, after.policies, context))
        return row, False
