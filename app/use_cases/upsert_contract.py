"""Keep a contract; the adviser's registrations to come are decided again on the new file (section 4.5)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.domain.decisions.decision_cascade import Cause, Proceedings
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.persistence.advisers.adviser_files import read_dossier
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import Lock, Missing, Target
from app.persistence.engine.transactions.idempotency import remember
from app.persistence.engine.upsert import CONTRACTS, can_renew
from app.use_cases.errors import UnknownReference
from app.use_cases.preconditions import Expected
from app.use_cases.request_context import Asked
from app.use_cases.unknown_references import Named, unknown_among
from app.use_cases.write_outcome import Conclusion, conclude


def consequences(before: AdviserFile, after: AdviserFile, policies: Policies, asked: Asked) -> Conclusion:
    """What follows from a change of contracts."""
    proceedings = Proceedings(after, policies)
    if after.contracts != before.contracts:
        proceedings = proceedings.decided_again(Cause.FILE_CHANGED, today=asked.today)
    return Conclusion(before, proceedings, asked)


async def _check_references(reader: Reader, contract: UUID, values: Mapping[str, Any], present: Row | None) -> None:
    """Raise UnknownReference."""
    adviser, renewed = values["adviser_id"], values["renews_contract_id"]
    unknown = ["/adviser_id"] if present is not None and present["adviser_id"] != adviser else []
    if renewed is not None and not await can_renew(reader, renewed, adviser, contract):
        unknown.append("/renews_contract_id")
    if unknown:
        raise UnknownReference(*unknown)


async def keep_contract(
    database: Database, contract: UUID, values: Mapping[str, Any], expected: Expected, asked: Asked
) -> tuple[Row, bool]:
    """Return the row, and whether it is new. A contract never passes to another adviser, and renews one of the same.

    Raise UnknownReference, Stale, PreconditionMissing.
    """
    lock = Lock(Target.ADVISER, values["adviser_id"])
    try:
        async with database.transaction(lock, asked.attempt, asked.trace) as tx:
            tx.concerns(contract)
            before = await read_dossier(tx, lock, attempt=asked.attempt)
            present = await CONTRACTS.read(tx, contract)
            if present is not None:
                expected.check(present["version"])
            await _check_references(tx, contract, values, present)
            if present is None:
                row = await CONTRACTS.insert(tx, {"id": contract, **values}, asked.now)
            else:
                row = await CONTRACTS.update(tx, present, values, asked.now)
            after = await read_dossier(tx, lock)
            await conclude(tx, consequences(before.file, after.file, after.policies, asked))
            await remember(tx, asked.attempt, asked.worded(row))
            return row, present is None
    except Missing as missing:
        named: Named = {"/renews_contract_id": (CONTRACTS, values["renews_contract_id"])}
        raise UnknownReference("/adviser_id", *await unknown_among(database, named)) from missing
