"""Keep what is known of an adviser; a change of initial training has the registrations decided again (section 4.5)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.decisions.decision_cascade import Cause, Proceedings
from app.domain.errors import AdviserAnonymised
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.persistence.advisers.adviser_files import read_dossier
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import Lock, Target
from app.persistence.engine.transactions.idempotency import Answer, find_answer, remember
from app.persistence.engine.upsert import ADVISERS, conum_id_is_taken
from app.use_cases.advisers.recognise_returning_adviser import NOBODY, find_returns, settle, sought
from app.use_cases.errors import ConumIdTaken
from app.use_cases.preconditions import Expected
from app.use_cases.request_context import Asked
from app.use_cases.write_outcome import Conclusion, conclude


def consequences(before: AdviserFile, after: AdviserFile, policies: Policies, asked: Asked) -> Conclusion:
    """What follows from a change of the adviser."""
    proceedings = Proceedings(after, policies)
    if after.entries != before.entries:
        proceedings = proceedings.decided_again(Cause.INITIAL_TRAINING_CHANGED, today=asked.today)
    elif after.former != before.former:
        proceedings = proceedings.decided_again(Cause.FILE_CHANGED, today=asked.today)
    return Conclusion(before, proceedings, asked)


async def _check_conum_id(tx: Transaction, adviser: UUID, values: Mapping[str, Any]) -> None:
    if values["conum_id"] is not None and await conum_id_is_taken(tx, values["conum_id"], adviser):
        raise ConumIdTaken


async def add_adviser(database: Database, values: Mapping[str, Any], asked: Asked) -> Answer:
    """Raise ConumIdTaken."""
    async with database.transaction(attempt=asked.attempt, trace=asked.trace) as tx:
        await find_answer(tx, asked.attempt)
        adviser = uuid7()
        tx.concerns(adviser)
        await _check_conum_id(tx, adviser, values)
        row = await _inserted(tx, adviser, values, asked)
        return await remember(tx, asked.attempt, asked.worded(row))


async def _inserted(tx: Transaction, adviser: UUID, values: Mapping[str, Any], asked: Asked) -> Row:
    """With what an earlier file of the same person had used."""
    returns = await find_returns(tx, {adviser: sought(values)}, {})
    columns = returns.get(adviser, NOBODY).columns()
    row = await ADVISERS.insert(tx, {"id": adviser, **values, **columns}, asked.now)
    await settle(tx, returns, [row], asked.now)
    return row


async def keep_adviser(
    database: Database, adviser: UUID, values: Mapping[str, Any], expected: Expected, asked: Asked
) -> tuple[Row, bool]:
    """Return the row, and whether it is new. Whoever was anonymised does not come back.

    Raise AdviserAnonymised, ConumIdTaken, Stale, PreconditionMissing.
    """
    async with database.transaction(trace=asked.trace) as tx:
        tx.concerns(adviser)
        present = await ADVISERS.read(tx, adviser, locking=True)
        if present is None:
            await _check_conum_id(tx, adviser, values)
            return await _inserted(tx, adviser, values, asked), True
        if present["anonymised_at"] is not None:
            raise AdviserAnonymised
        expected.check(present["version"])
        await _check_conum_id(tx, adviser, values)
        lock = Lock(Target.ADVISER, adviser)
        before = await read_dossier(tx, lock)
        returns = await find_returns(tx, {adviser: sought(values, present)}, {adviser: before.file})
        columns = returns.get(adviser, NOBODY).columns()
        row = await ADVISERS.update(tx, present, {**values, **columns}, asked.now)
        await settle(tx, returns, [row], asked.now)
        after = await read_dossier(tx, lock)
        await conclude(tx, consequences(before.file, after.file, after.policies, asked))
        return row, False
