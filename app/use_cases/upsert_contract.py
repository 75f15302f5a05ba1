"""Create or change a contract; the adviser's coming registrations are decided again (section 4.5)."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.domain.facts.plausible_dates import check_fact
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.contracts import CONTRACTS, can_renew
from app.persistence.engine.database import Database, Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget, NotFound
from app.persistence.engine.transactions.idempotency import store_response
from app.use_cases.changes.change_sets import consequences_of_change
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.errors import NoFileNumber, UnknownReference
from app.use_cases.preconditions import Precondition
from app.use_cases.request_context import RequestContext
from app.use_cases.unknown_references import NamedReferences, unknown_references

_NUMBER = re.compile("[1-9]")


def check_administrative_dates(values: Mapping[str, Any], today: date) -> None:
    """What the employer has done is done (section 3): neither day lies in the future. Raise ImplausibleDate."""
    for fact in ("contract_uploaded_on", "validated_on"):
        check_fact(f"/administrative_file/{fact}", values[fact], today)


def check_file_number(values: Mapping[str, Any], present: Row | None) -> None:
    """A word, or 0, is no file and would pass for one (R3). What is stored may stay, and a number may be written in any
    way: what neighbours send today stays valid. Raise NoFileNumber."""
    given = values["ds_file_number"]
    is_known = present is not None and present["ds_file_number"] == given
    if given is not None and not is_known and not _NUMBER.search(given):
        raise NoFileNumber("/administrative_file/ds_file_number")


async def _check_references(reader: Reader, contract: UUID, values: Mapping[str, Any], present: Row | None) -> None:
    """Raise UnknownReference."""
    adviser, renewed = values["adviser_id"], values["renews_contract_id"]
    unknown = ["/adviser_id"] if present is not None and present["adviser_id"] != adviser else []
    if renewed is not None and not await can_renew(reader, renewed, adviser, contract):
        unknown.append("/renews_contract_id")
    if unknown:
        raise UnknownReference(*unknown)


async def _store(
    transaction: Transaction, contract: UUID, values: Mapping[str, Any], present: Row | None, now: datetime
) -> Row:
    if present is None:
        return await CONTRACTS.insert(transaction, {"id": contract, **values}, now)
    return await CONTRACTS.update(transaction, present, values, now)


async def upsert_contract(
    database: Database, contract: UUID, values: Mapping[str, Any], precondition: Precondition, context: RequestContext
) -> tuple[Row, bool]:
    """Return the row, and whether it is new. A contract stays with its adviser, and renews one of the same adviser.

    Raise ImplausibleDate, NoFileNumber, UnknownReference, PreconditionFailed, PreconditionRequired.
    """
    check_administrative_dates(values, context.today)
    lock = AdviserLock(LockTarget.ADVISER, values["adviser_id"])
    try:
        async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
            tx.add_audit_subjects(contract)
            before = await read_snapshot(tx, lock, idempotency=context.idempotency)
            present = await CONTRACTS.read(tx, contract)
            if present is not None:
                precondition.check(present["version"])
            check_file_number(values, present)
            await _check_references(tx, contract, values, present)
            row = await _store(tx, contract, values, present, context.now)
            after = await read_snapshot(tx, lock)
            await write_change_sets(tx, consequences_of_change(before.file, after.file, after.policies, context))
            await store_response(tx, context.idempotency, context.render(row))
            return row, present is None
    except NotFound as missing:
        named: NamedReferences = {"/renews_contract_id": (CONTRACTS, values["renews_contract_id"])}
        raise UnknownReference("/adviser_id", *await unknown_references(database, named)) from missing
