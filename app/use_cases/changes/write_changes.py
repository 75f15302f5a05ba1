"""The end of every use case that touches registrations: settle the seats, write what changed."""

from collections.abc import Sequence

from app.persistence.engine.database import Transaction
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.registrations import registrations
from app.persistence.registrations.registrations import Changes
from app.use_cases.changes.change_sets import ChangeSet
from app.use_cases.changes.seat_changes import seat_changes, settle_seats


async def write_change_sets(transaction: Transaction, *change_sets: ChangeSet) -> None:
    """Write what followed from a change of one file, or of the files of several advisers."""
    settled = await _with_seats(transaction, change_sets)
    await registrations.write(transaction, Changes.together(each.changes()[0] for each in settled))


async def write_direct_change(transaction: Transaction, change_set: ChangeSet) -> ReplayableResponse:
    """Write the one direct change, what followed from it, and the response under its idempotency key; return the
    response."""
    (settled,) = await _with_seats(transaction, (change_set,))
    changes, response = settled.changes_and_response()
    await registrations.write(transaction, changes, settled.context.idempotency, response)
    return response


async def _with_seats(transaction: Transaction, change_sets: Sequence[ChangeSet]) -> Sequence[ChangeSet]:
    """The changes with the seats that they take and leave. Raise SessionChangedMeanwhile, SessionCancelled."""
    wanted = [change for each in change_sets for change in seat_changes(each.before, each.cascade.file)]
    if not wanted:
        return change_sets
    read = {change.registration: change.session_version for each in change_sets for change in each.direct_changes}
    places = await settle_seats(transaction, wanted, read, change_sets[0].context.now)
    return [each.with_places(places) for each in change_sets]
