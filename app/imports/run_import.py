"""An import from its bytes to its counts. Lines are carried out in transactions of a hundred: what is committed stays,
and a second run finds it unchanged."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.imports.adviser_matching import KnownAdvisers, PersonReference
from app.imports.batch import ImportBatch, ImportDefinition
from app.imports.columns.column_recognition import RecognisedColumns
from app.imports.files.file_format import read_sheet
from app.imports.kinds.import_kinds import IMPORT_DEFINITIONS, suspect_columns
from app.imports.line_parsing import Fault, Line, Rejection, parse_line
from app.imports.problem_mapping import faults_of
from app.persistence.administration.clients import Client
from app.persistence.administration.import_kind import ImportKind
from app.persistence.administration.imports import lock_writing
from app.persistence.administration.policies import read_policies
from app.persistence.engine.database import Database, Reader, Transaction
from app.persistence.engine.database_errors import is_refused_write
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.request_context import RequestContext

BATCH_SIZE = 100  # lines of a transaction


@dataclass(frozen=True, slots=True)
class ImportParameters:
    """Who wants what imported; the command line is in no request, and no client. `sent_at` is when a file that waited
    was sent."""

    kind: ImportKind
    client: Client
    dry_run: bool = False
    request_id: UUID | None = None
    is_client: bool = False
    sent_at: datetime | None = None

    def audit_entry(self, now: datetime) -> AuditEntry:
        client = self.client.id if self.is_client else None
        return AuditEntry(client, f"import{self.kind.title()}", self.request_id, now)


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file as lines, in the order in which they are carried out, and those that can't be read."""

    recognised: RecognisedColumns
    lines: Sequence[Line]
    rejections: Sequence[Rejection]
    suspect: Mapping[str, str]
    """The unknown columns that seem to be what decides much, and what each seems to be, in French."""

    @property
    def read(self) -> int:
        return len(self.lines) + len(self.rejections)


@dataclass(slots=True)
class ImportProgress:
    """What became of the lines so far."""

    read: int = 0
    imported: int = 0
    unchanged: int = 0
    rejections: list[Rejection] = field(default_factory=list[Rejection])

    @property
    def done(self) -> int:
        return self.imported + self.unchanged + len(self.rejections)

    def add(self, other: "ImportProgress") -> None:
        self.imported += other.imported
        self.unchanged += other.unchanged
        self.rejections += other.rejections


ReportProgress = Callable[[Reader, int, ImportProgress | None], Awaitable[None]]
"""Told how many lines more are imported, in the transaction that commits them; or the tally, outside of any."""


def parse_file(kind: ImportKind, content: bytes) -> ParsedFile:
    """Raise FileRefused."""
    columns = IMPORT_DEFINITIONS[kind].columns
    sheet = read_sheet(content, columns.is_known)
    recognised = columns.recognise(sheet.headings, sheet.heading_row)
    read = [parse_line(row, recognised, is_grid=sheet.is_grid) for row in sheet.rows]
    lines = [line for line in read if isinstance(line, Line)]
    rejections = [line for line in read if isinstance(line, Rejection)]
    return ParsedFile(recognised, lines, rejections, suspect_columns(sheet, recognised))


class ImportRun:
    def __init__(
        self,
        database: Database,
        parameters: ImportParameters,
        clock: Callable[[], datetime],
        report_progress: ReportProgress,
    ) -> None:
        self._database, self._parameters, self._clock, self._report_progress = (
            database,
            parameters,
            clock,
            report_progress,
        )
        self._kind: ImportDefinition = IMPORT_DEFINITIONS[parameters.kind]
        self._stated: dict[UUID, int] = {}

    async def run(self, parsed: ParsedFile) -> ImportProgress:
        """Raise whatever `note` raises, and what the database does when it is away."""
        progress = ImportProgress(parsed.read, rejections=[*parsed.rejections])
        await self._report_progress(self._database, 0, progress)
        for lines in batches(parsed.lines, self._kind):
            progress.add(await self._run_batch(lines))
            await self._report_progress(self._database, 0, progress)
        return progress

    async def _run_batch(self, lines: Sequence[Line]) -> ImportProgress:
        """Together; should the database refuse what the rules allow, in halves, down to the line that it refuses."""
        try:
            return await self._run_in_one_transaction(lines)
        except Exception as failure:
            if not is_refused_write(failure):
                raise
            if len(lines) == 1:
                fault = Fault("La base de données refuse cette ligne ; recommencez.")
                return ImportProgress(rejections=[_rejection(lines[0], (fault,))])
        middle = len(lines) // 2
        progress = await self._run_batch(lines[:middle])
        progress.add(await self._run_batch(lines[middle:]))
        return progress

    async def _run_in_one_transaction(self, lines: Sequence[Line]) -> ImportProgress:
        now = self._clock()
        progress, stated = ImportProgress(), dict(self._stated)
        try:
            async with self._database.transaction(audit_entry=self._parameters.audit_entry(now)) as tx:
                await lock_writing(tx)
                people = await KnownAdvisers.lock(
                    tx, [PersonReference.from_values(line.values, self._kind.person_column) for line in lines]
                )
                asked = RequestContext(self._parameters.client, now, _no_response)
                batch = ImportBatch(people, await read_policies(tx), asked, stated, self._parameters.sent_at)
                await self._apply_lines(tx, batch, lines, progress)
                if self._parameters.dry_run or not progress.imported:
                    raise _RollBack  # noqa: TRY301  # leaving by an exception is what undoes a transaction
                await self._report_progress(tx, progress.imported, None)
        except _RollBack:
            await self._report_progress(self._database, progress.imported, None)
        self._stated = stated
        return progress

    async def _apply_lines(
        self, tx: Transaction, batch: ImportBatch, lines: Sequence[Line], progress: ImportProgress
    ) -> None:
        work = await self._kind.start(tx, batch, lines)
        for line in lines:
            await asyncio.sleep(0)  # whoever else this process serves is answered between two
            try:
                changed = work.apply_line(line)
            except Exception as stopped:
                faults = faults_of(stopped)
                if faults is None:
                    raise
                progress.rejections.append(_rejection(line, faults))
            else:
                progress.imported += changed
                progress.unchanged += not changed
        if progress.imported:
            await work.write(tx)
            tx.add_audit_subjects(*work.subjects)


class _RollBack(Exception):  # noqa: N818  # what happens, not a mistake
    """The transaction ends without leaving anything."""


def _no_response(_: object) -> ReplayableResponse:
    return ReplayableResponse(204, b"", {})


def _rejection(line: Line, faults: tuple[Fault, ...]) -> Rejection:
    return Rejection(line.number, line.cells, faults)


def batches(lines: Sequence[Line], kind: ImportDefinition) -> Iterator[Sequence[Line]]:
    """Lines by about a hundred; those that may be about one person stand together, in their order."""
    window: list[Line] = []
    for group in _group_by_person(lines, kind):
        ordered = sorted(group, key=kind.sort_key)
        for start in range(0, len(ordered), BATCH_SIZE):
            window += ordered[start : start + BATCH_SIZE]
            if len(window) >= BATCH_SIZE:
                yield window
                window = []
    if window:
        yield window


def _group_by_person(lines: Sequence[Line], kind: ImportDefinition) -> list[list[Line]]:
    """Lines that have a name of the person in common, or a line between them that has both."""
    names = [
        PersonReference.from_values(line.values, kind.person_column).matching_keys or (f"line:{line.number}",)
        for line in lines
    ]
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
