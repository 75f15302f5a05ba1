"""Recognise an adviser who was anonymised and comes back: earlier usage counts, and the administrator is told.

The erasure is not undone. The new file is given what its rights depend on (entries into initial training, units,
carry-overs) and nothing that leads to the former file, whose rows stay anonymous.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.decisions.returning_advisers import merge_earlier_usage
from app.domain.event_recipients import email_recipients
from app.domain.events import Event, EventType, Subject
from app.domain.facts.adviser import AdviserId
from app.domain.facts.adviser_file import AdviserFile, EarlierUsage
from app.domain.facts.calendar import civil_date
from app.domain.facts.registration_terms import bucket_of
from app.persistence.advisers.adviser_files import files_by_id
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.identities import anonymised_advisers
from app.persistence.identities.identity_digests import IdentityDigester, existing_digester
from app.persistence.identities.identity_normalisation import CONUM_ID, EMAIL, identity_tokens
from app.persistence.registrations import registrations
from app.persistence.registrations.registrations import Changes
from app.use_cases.changes.changes_as_rows import event_row


@dataclass(frozen=True, slots=True)
class AnonymisedFile:
    """A file, and the instant at which its adviser was anonymised."""

    file: AdviserFile
    anonymised_at: datetime


@dataclass(frozen=True, slots=True)
class EarlierFiles:
    """Former files of one adviser: `counted` are those of the same ID Conum, `possible` those of the same e-mail only,
    which several people may share. `former` is the usage that the adviser's own file has from now on."""

    counted: Mapping[UUID, AnonymisedFile] = field(default_factory=dict[UUID, AnonymisedFile])
    possible: Mapping[UUID, AnonymisedFile] = field(default_factory=dict[UUID, AnonymisedFile])
    former: EarlierUsage = field(default_factory=EarlierUsage)

    def columns(self) -> dict[str, Any]:
        """Those of the adviser's row; none when nothing counts."""
        if not self.counted:
            return {}
        return {"former_units": [*self.former.units], "former_entries": [*self.former.entries]}


NO_EARLIER_FILES = EarlierFiles()
# The same columns, of an adviser without former files.
NO_FORMER_COLUMNS: Mapping[str, Any] = {"former_units": (), "former_entries": ()}


@dataclass(frozen=True, slots=True)
class RecentlyAnonymised:
    """The advisers anonymised since some instant, as digests of their identifiers, which `digester` computes."""

    digests: frozenset[bytes] = frozenset()
    digester: IdentityDigester | None = None

    def is_named_by(self, values: Mapping[str, Any]) -> bool:
        """Whether one of them had this ID Conum; this e-mail, when there is no ID Conum."""
        identity = identity_tokens(values)
        name = identity.get(CONUM_ID) or identity.get(EMAIL)
        return self.digester is not None and name is not None and self.digester.digest(name) in self.digests


async def recently_anonymised(transaction: Transaction, instant: datetime | None) -> RecentlyAnonymised:
    """Nobody when `instant` is None."""
    digests = await anonymised_advisers.anonymised_since(transaction, instant) if instant is not None else []
    return (
        RecentlyAnonymised(frozenset(digests), await existing_digester(transaction))
        if digests
        else RecentlyAnonymised()
    )


def new_identity_tokens(values: Mapping[str, Any], present: Row | None = None) -> dict[str, str]:
    """By kind, the identifiers among `values` that `present` does not have; all of them for a new adviser."""
    known = identity_tokens(present) if present is not None else {}
    return {kind: name for kind, name in identity_tokens(values).items() if known.get(kind) != name}


async def find_earlier_files(
    transaction: Transaction, identities: Mapping[UUID, Mapping[str, str]], known: Mapping[UUID, AdviserFile]
) -> dict[UUID, EarlierFiles]:
    """The former files of those advisers of `identities` who have some; `known` are the files that exist.

    Call it after the check that no adviser has the ID Conum: one who loses it in an erasure has left its digest.
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
        earlier = _earlier_files_of(adviser, wanted, rows, files, known.get(adviser))
        if earlier is not None:
            found[adviser] = earlier
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
    by_id, by_email = ({one: earlier[one] for one in sorted(some)} for some in (counted, possible))
    return EarlierFiles(by_id, by_email, merge_earlier_usage((each.file for each in by_id.values()), present))


async def transfer_earlier_rights(
    transaction: Transaction, returns: Mapping[UUID, EarlierFiles], rows: Collection[Row], now: datetime
) -> None:
    """Transfer what else counts to these advisers, whose rows are written, and write the events that tell it."""
    events: list[Event] = []
    for row in rows:
        earlier = returns.get(row["id"], NO_EARLIER_FILES)
        if earlier.counted:
            await anonymised_advisers.transfer_to_adviser(transaction, earlier.counted, row["id"])
        events += _events(earlier, row)
    await registrations.write(transaction, Changes(events=[event_row(event, now) for event in events]))


def _events(earlier: EarlierFiles, row: Row) -> list[Event]:
    recognised = ((CONUM_ID, earlier.counted), (EMAIL, earlier.possible))
    return [_event(row, kind, [*files.values()]) for kind, files in recognised if files]


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
