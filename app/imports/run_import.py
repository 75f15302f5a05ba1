"""An import from its bytes to its counts. Lines are carried out in transactions of a hundred: what is committed stays,
and a second run finds it unchanged."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.imports.adviser_matching import People, Who
from app.imports.batch import Desk, Kind
from app.imports.columns.column_recognition import Recognised
from app.imports.files.file_format import read_sheet
from app.imports.kinds.import_kinds import KINDS, suspect_columns
from app.imports.line_parsing import Fault, Line, Rejection, line_of
from app.imports.problem_mapping import faults_of
from app.persistence.administration.clients import Client
from app.persistence.administration.imports import ImportKind, take_turn
from app.persistence.administration.policies import read_policies
from app.persistence.engine.database import Database, Reader, Transaction
from app.persistence.engine.database_errors import is_refused_write
from app.persistence.engine.transactions.audit_entries import Trace
from app.persistence.engine.transactions.idempotency import Answer
from app.use_cases.request_context import Asked

TOGETHER = 100  # lines of a transaction


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants what imported; the command line is in no request, and no client. `sent_at` is when a file that waited
    was sent."""

    kind: ImportKind
    client: Client
    dry_run: bool = False
    request_id: UUID | None = None
    is_client: bool = False
    sent_at: datetime | None = None

    def trace(self, now: datetime) -> Trace:
        client = self.client.id if self.is_client else None
        return Trace(client, f"import{self.kind.title()}", self.request_id, now)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as lines, in the order in which they are carried out, and those that can't be read."""

    recognised: Recognised
    lines: Sequence[Line]
    rejections: Sequence[Rejection]
    suspect: Mapping[str, str]
    """The unknown columns that seem to be what decides much, and what each seems to be, in French."""

    @property
    def read(self) -> int:
        return len(self.lines) + len(self.rejections)


@dataclass(slots=True)
class Tally:
    """What became of the lines so far."""

    read: int = 0
    imported: int = 0
    unchanged: int = 0
    rejections: list[Rejection] = field(default_factory=list[Rejection])

    @property
    def done(self) -> int:
        return self.imported + self.unchanged + len(self.rejections)

    def add(self, other: "Tally") -> None:
        self.imported += other.imported
        self.unchanged += other.unchanged
        self.rejections += other.rejections


Note = Callable[[Reader, int, Tally | None], Awaitable[None]]
"""Told how many lines more are imported, in the transaction that commits them; or the tally, outside of any."""


def parse(kind: ImportKind, content: bytes) -> Parsed:
    """Raise FileRefused."""
    columns = KINDS[kind].columns
    sheet = read_sheet(content, columns.is_known)
    recognised = columns.recognised(sheet.headings, sheet.headed_at)
    read = [line_of(row, recognised, is_grid=sheet.is_grid) for row in sheet.rows]
    lines = [line for line in read if isinstance(line, Line)]
    rejections = [line for line in read if isinstance(line, Rejection)]
    return Parsed(recognised, lines, rejections, suspect_columns(sheet, recognised))


class Import:
    def __init__(self, database: Database, order: Order, clock: Callable[[], datetime], note: Note) -> None:
        self._database, self._order, self._clock, self._note = database, order, clock, note
        self._kind: Kind = KINDS[order.kind]
        self._stated: dict[UUID, int] = {}

    async def carry_out(self, parsed: Parsed) -> Tally:
        """Raise whatever `note` raises, and what the database does when it is away."""
        tally = Tally(parsed.read, rejections=[*parsed.rejections])
        await self._note(self._database, 0, tally)
        for lines in windows(parsed.lines, self._kind):
            tally.add(await self._settled(lines))
            await self._note(self._database, 0, tally)
        return tally

    async def _settled(self, lines: Sequence[Line]) -> Tally:
        """Together; should the database refuse what the rules allow, in halves, down to the line that it refuses."""
        try:
            return await self._together(lines)
        except Exception as failure:
            if not is_refused_write(failure):
                raise
            if len(lines) == 1:
                fault = Fault("La base de données refuse cette ligne ; recommencez.")
                return Tally(rejections=[_rejection(lines[0], (fault,))])
        middle = len(lines) // 2
        tally = await self._settled(lines[:middle])
        tally.add(await self._settled(lines[middle:]))
        return tally

    async def _together(self, lines: Sequence[Line]) -> Tally:
        now = self._clock()
        tally, stated = Tally(), dict(self._stated)
        try:
            async with self._database.transaction(trace=self._order.trace(now)) as tx:
                await take_turn(tx)
                people = await People.locked(tx, [Who.named_by(line.values, self._kind.person) for line in lines])
                asked = Asked(self._order.client, now, _unsaid)
                desk = Desk(people, await read_policies(tx), asked, stated, self._order.sent_at)
                await self._carried_out(tx, desk, lines, tally)
                if self._order.dry_run or not tally.imported:
                    raise _NothingKept  # noqa: TRY301  # leaving by an exception is what undoes a transaction
                await self._note(tx, tally.imported, None)
        except _NothingKept:
            await self._note(self._database, tally.imported, None)
        self._stated = stated
        return tally

    async def _carried_out(self, tx: Transaction, desk: Desk, lines: Sequence[Line], tally: Tally) -> None:
        work = await self._kind.start(tx, desk, lines)
        for line in lines:
            await asyncio.sleep(0)  # whoever else this process serves is answered between two
            try:
                changed = work.take(line)
            except Exception as stopped:
                faults = faults_of(stopped)
                if faults is None:
                    raise
                tally.rejections.append(_rejection(line, faults))
            else:
                tally.imported += changed
                tally.unchanged += not changed
        if tally.imported:
            await work.write(tx)
            tx.concerns(*work.subjects)


class _NothingKept(Exception):  # noqa: N818  # what happens, not a mistake
    """The transaction ends without leaving anything."""


def _unsaid(_: object) -> Answer:
    return Answer(204, b"", {})


def _rejection(line: Line, faults: tuple[Fault, ...]) -> Rejection:
    return Rejection(line.number, line.cells, faults)


def windows(lines: Sequence[Line], kind: Kind) -> Iterator[Sequence[Line]]:
    """Lines by about a hundred; those that may be about one person stand together, in their order."""
    window: list[Line] = []
    for group in _by_person(lines, kind):
        ordered = sorted(group, key=kind.order)
        for start in range(0, len(ordered), TOGETHER):
            window += ordered[start : start + TOGETHER]
            if len(window) >= TOGETHER:
                yield window
                window = []
    if window:
        yield window


def _by_person(lines: Sequence[Line], kind: Kind) -> list[list[Line]]:
    """Lines that have a name of the person in common, or a line between them that has both."""
    names = [Who.named_by(line.values, kind.person).names or (f"line:{line.number}",) for line in lines]
    leaders = {name: name for named in names for name in named}

    def leader(name: str) -> str:
        while leaders[name] != name:
            leaders[name] = name = leaders[leaders[name]]
        return name

    for first, *others in names:
        for other in others:
            leaders[leader(other)] = leader(first)
    groups: dict[str, list[Line]] = {}
    for line, (first, *_) in zip(lines, names, strict=True):
        groups.setdefault(leader(first), []).append(line)
    return [*groups.values()]
