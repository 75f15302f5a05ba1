"""Recognise somebody who was anonymised and comes back: what was used before counts, and the administrator is told.

Erasure stays what it is. The new file is given what its rights depend on (entries into initial training, units, what
was carried over) and nothing that leads to the former one, whose rows name nobody still.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.decisions.returning_advisers import merge_earlier_usage
from app.domain.events import Event, EventType, Subject, email_recipients
from app.domain.facts.adviser import AdviserId
from app.domain.facts.adviser_file import AdviserFile, EarlierUsage
from app.domain.facts.registration import bucket_of
from app.persistence import registrations
from app.persistence.advisers.adviser_files import files_by_id
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.identities import anonymised_advisers
from app.persistence.identities.identity_digests import IdentityDigester, existing_digester
from app.persistence.identities.identity_normalisation import CONUM_ID, EMAIL, identity_tokens
from app.persistence.registrations import Changes
from app.use_cases.civil_date import civil_date
from app.use_cases.write_outcome import event_row


@dataclass(frozen=True, slots=True)
class AnonymisedFile:
    """A file whose person was anonymised at that instant."""

    file: AdviserFile
    anonymised_at: datetime


@dataclass(frozen=True, slots=True)
class EarlierFiles:
    """Former files of one adviser: `counted` are those of the same ID Conum, `possible` those that had the same e-mail
    only, which several people may share; each with the instant at which it was anonymised. `former` is what the
    adviser's own file has from now on."""

    counted: Mapping[UUID, AnonymisedFile] = field(default_factory=dict[UUID, AnonymisedFile])
    possible: Mapping[UUID, AnonymisedFile] = field(default_factory=dict[UUID, AnonymisedFile])
    former: EarlierUsage = field(default_factory=EarlierUsage)

    def columns(self) -> dict[str, Any]:
        """Of the adviser's row; none when nothing counts."""
        if not self.counted:
            return {}
        return {"former_units": [*self.former.units], "former_entries": [*self.former.entries]}


NO_EARLIER_FILES = EarlierFiles()
# The same columns, of somebody new.
NO_FORMER_COLUMNS: Mapping[str, Any] = {"former_units": (), "former_entries": ()}


@dataclass(frozen=True, slots=True)
class RecentlyAnonymised:
    """Those who were anonymised since some instant, by digests that only `digester` can try names on."""

    digests: frozenset[bytes] = frozenset()
    digester: IdentityDigester | None = None

    def is_named_by(self, values: Mapping[str, Any]) -> bool:
        """By the ID Conum; by the e-mail when that is all there is."""
        identity = identity_tokens(values)
        name = identity.get(CONUM_ID) or identity.get(EMAIL)
        return self.digester is not None and name is not None and self.digester.digest(name) in self.digests


async def recently_anonymised(transaction: Transaction, instant: datetime | None) -> RecentlyAnonymised:
    """Nobody since None."""
    digests = await anonymised_advisers.anonymised_since(transaction, instant) if instant is not None else []
    return (
        RecentlyAnonymised(frozenset(digests), await existing_digester(transaction))
        if digests
        else RecentlyAnonymised()
    )


def new_identity_tokens(values: Mapping[str, Any], present: Row | None = None) -> dict[str, str]:
    """By kind, what is said of an adviser's identity that was not known: all of it when new."""
    known = identity_tokens(present) if present is not None else {}
    return {kind: name for kind, name in identity_tokens(values).items() if known.get(kind) != name}


async def find_earlier_files(
    transaction: Transaction, identities: Mapping[UUID, Mapping[str, str]], known: Mapping[UUID, AdviserFile]
) -> dict[UUID, EarlierFiles]:
    """Of the advisers of whom something is `sought`, those who were here before; `known` are files that exist.

    Must be asked once it is known that nobody has that ID Conum: whoever loses it in an erasure has left its digest.
    """
    digester = await existing_digester(transaction)
    if digester is None:
        return {}
    digests = {name: digester.digest(name) for names in identities.values() for name in names.values()}
    rows = await anonymised_advisers.find_by_digests(transaction, digests.values()) if digests else []
    files = await files_by_id(transaction, {row["adviser_id"] for row in rows}) if rows else {}
    found: dict[UUID, EarlierFiles] = {}
    for adviser, names in identities.items():
        wanted = {kind: digests[name] for kind, name in names.items()}
        came_back = _earlier_files_of(adviser, wanted, rows, files, known.get(adviser))
        if came_back is not None:
            found[adviser] = came_back
    return found


def _earlier_files_of(
    adviser: UUID,
    wanted: Mapping[str, bytes],
    rows: Iterable[Row],
    files: Mapping[UUID, AdviserFile],
    present: AdviserFile | None,
) -> EarlierFiles | None:
    others = [row for row in rows if row["adviser_id"] != adviser and wanted.get(row["kind"]) == row["digest"]]
    earlier = {row["adviser_id"]: AnonymisedFile(files[row["adviser_id"]], row["anonymised_at"]) for row in others}
    counted = {row["adviser_id"] for row in others if row["kind"] == CONUM_ID}
    possible = {row["adviser_id"] for row in others if row["is_anonymised"]} - counted
    if not counted and not possible:
        return None
    sure, likely = ({one: earlier[one] for one in sorted(some)} for some in (counted, possible))
    return EarlierFiles(sure, likely, merge_earlier_usage((each.file for each in sure.values()), present))


async def transfer_earlier_rights(
    transaction: Transaction, returns: Mapping[UUID, EarlierFiles], rows: Collection[Row], now: datetime
) -> None:
    """Give what else counts to these advisers, whose rows are written, and tell it."""
    told: list[Event] = []
    for row in rows:
        came_back = returns.get(row["id"], NO_EARLIER_FILES)
        if came_back.counted:
            await anonymised_advisers.transfer_to_adviser(transaction, came_back.counted, row["id"])
        told += _events(came_back, row)
    await registrations.write(transaction, Changes(events=[event_row(event, now) for event in told]))


def _events(came_back: EarlierFiles, row: Row) -> list[Event]:
    recognised = ((CONUM_ID, came_back.counted), (EMAIL, came_back.possible))
    return [_event(row, kind, [*earlier.values()]) for kind, earlier in recognised if earlier]


def _event(row: Row, kind: str, earlier: Sequence[AnonymisedFile]) -> Event:
    used = merge_earlier_usage((each.file for each in earlier), None)
    return Event(
        EventType.ADVISER_RETURNED,
        Subject.ADVISER,
        row["id"],
        row["version"],
        AdviserId(row["id"]),
        None,
        {
            "recognised_by": kind,
            "anonymised_on": civil_date(max(each.anonymised_at for each in earlier)),
            "entitlements": sorted(map(bucket_of, used.units)),
            "initial_training_entered_on": min(used.entries, default=None),
        },
        email_recipients(EventType.ADVISER_RETURNED),
    )
