"""The seats that a change takes, leaves or waits for, beside what it changes in the adviser's file (section 5ter).

Every use case that writes registrations comes by here, so that none forgets a seat. The adviser is locked already;
sessions are locked in the order of their ids, after every adviser.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.errors import SessionCancelled
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import RegistrationId
from app.domain.facts.session import SessionId
from app.persistence.engine.database import Transaction
from app.persistence.sessions import seats
from app.persistence.sessions.seats import Place


@dataclass(frozen=True, slots=True)
class SeatChange:
    """What one registration does in one session: it leaves it, or comes into it, for a seat or without one. `is_new`:
    it has that session, or these days of it, by the change."""

    session: SessionId
    registration: RegistrationId
    leaves: bool
    takes: bool = False
    is_new: bool = False


def seat_changes(before: AdviserFile, after: AdviserFile) -> list[SeatChange]:
    """None for registrations without a published session."""
    if not any(item.request.session.id for item in (*before.registrations, *after.registrations)):
        return []
    former = {item.id: item for item in before.registrations}
    return [change for item in after.registrations for change in _changes_of(former.get(item.id), item)]


def _changes_of(former: Registration | None, item: Registration) -> list[SeatChange]:
    was = former.request.session.id if former is not None else None
    present = item.request.session.id
    held, holds = former is not None and former.holds_a_place, item.holds_a_place
    found: list[SeatChange] = []
    if was is not None and held and not (holds and was == present):
        found.append(SeatChange(was, item.id, leaves=True))
    takes = holds and not (held and was == present)
    is_new = former is None or former.request.session != item.request.session
    if present is not None and (takes or is_new):
        found.append(SeatChange(present, item.id, leaves=False, takes=takes, is_new=is_new))
    return found


async def settle_seats(
    transaction: Transaction,
    changes: Sequence[SeatChange],
    versions: Mapping[RegistrationId, int | None],
    now: datetime,
) -> Mapping[RegistrationId, Place | None]:
    """Take and leave these seats, those that are left first; return what each registration has now, None without a
    place. `versions` are those of the sessions read for what was changed directly, None when none was. All sessions are
    locked first, in the order of their ids; a seat that is taken alone locks its own.

    Raise SessionChangedMeanwhile, SessionCancelled.
    """
    if len(changes) > 1 or any(change.leaves for change in changes):
        await seats.lock(transaction, {change.session for change in changes})
    places: dict[RegistrationId, Place | None] = {}
    for change in sorted(changes, key=lambda change: not change.leaves):
        read = versions.get(change.registration) if change.is_new else None
        if change.leaves:
            await seats.leave(transaction, change.registration, now)
            places[change.registration] = None
        elif change.takes:
            places[change.registration] = await _taken(transaction, change, versions, read, now)
        elif read is not None:
            await seats.hold(transaction, change.session, read)
    return places


async def _taken(
    transaction: Transaction,
    change: SeatChange,
    versions: Mapping[RegistrationId, int | None],
    read: int | None,
    now: datetime,
) -> Place | None:
    """Nobody asks for a seat of a cancelled session; what follows from another change waits there to be cancelled too.

    Raise SessionChangedMeanwhile, SessionCancelled.
    """
    place = await seats.take(transaction, change.session, change.registration, now, version=read)
    if place is None and change.registration in versions:
        raise SessionCancelled
    return place


def with_places(file: AdviserFile, places: Mapping[RegistrationId, Place | None]) -> AdviserFile:
    """The file once these registrations have these places."""
    for item in file.registrations:
        if item.id in places:
            place = places[item.id]
            file = file.with_registration(replace(item, seat=place.seat if place else None))
    return file
