"""A parsed file carried out in batches, a transaction each: a second run finds what was committed unchanged."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.imports.batch_context import ImportBatch, ImportDefinition
from app.imports.file_parsing import ParsedFile
from app.imports.kinds.import_kinds import IMPORT_DEFINITIONS
from app.imports.line_batches import batches
from app.imports.lines.adviser_matching import KnownAdvisers
from app.imports.lines.line_parsing import Fault, Line, Rejection
from app.imports.lines.problem_mapping import faults_of
from app.persistence.administration.clients import Client, add_client
from app.persistence.administration.import_kind import ImportKind
from app.persistence.administration.imports import lock_writing
from app.persistence.administration.policies import read_policies
from app.persistence.engine.database import Database, Reader, Transaction
from app.persistence.engine.database_errors import is_refused_write
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.use_cases.request_context import RequestContext, empty_response

COMMAND_LINE_NAME = "Ligne de commande"
REFUSED_BY_DATABASE = Fault("La base de données refuse cette ligne ; recommencez.")


@dataclass(frozen=True, slots=True)
class ImportParameters:
    """What is imported, and for whom. For the command line `is_client` is False and `request_id` None; `sent_at` is
    when the client sent a file that has waited since."""

    kind: ImportKind
    client: Client
    dry_run: bool = False
    request_id: UUID | None = None
    is_client: bool = False
    sent_at: datetime | None = None

    def audit_entry(self, now: datetime) -> AuditEntry:
        client = self.client.id if self.is_client else None
        return AuditEntry(client, f"import{self.kind.title()}", self.request_id, now)


@dataclass(slots=True)
class ImportProgress:
    """The lines carried out so far, and the rejected ones."""

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
"""Called with the number of lines just imported, in the transaction that commits them; with the progress so far,
outside of any transaction."""


class ImportRun:
    """One file, carried out or tried (`dry_run`)."""

    def __init__(
        self,
        database: Database,
        parameters: ImportParameters,
        clock: Callable[[], datetime],
        report_progress: ReportProgress,
    ) -> None:
        self._database, self._parameters = database, parameters
        self._clock, self._report_progress = clock, report_progress
        self._kind: ImportDefinition = IMPORT_DEFINITIONS[parameters.kind]
        self._lines_by_subject: dict[UUID, int] = {}

    async def run(self, parsed: ParsedFile) -> ImportProgress:
        """Carry out all lines. Raise whatever `report_progress` raises, and what an unavailable database does."""
        progress = ImportProgress(parsed.read, rejections=[*parsed.rejections])
        await self._report_progress(self._database, 0, progress)
        for lines in batches(parsed.lines, self._kind, dry_run=self._parameters.dry_run):
            progress.add(await self._run_batch(lines))
            await self._report_progress(self._database, 0, progress)
        return progress

    async def _run_batch(self, lines: Sequence[Line]) -> ImportProgress:
        """In one transaction; when the database refuses what the rules allow, in halves, down to the line refused."""
        try:
            return await self._run_in_one_transaction(lines)
        except _LineRefused as refused:
            progress = ImportProgress(rejections=[_rejection(refused.line, refused.faults)])
            if others := [line for line in lines if line is not refused.line]:
                progress.add(await self._run_batch(others))
            return progress
        except Exception as failure:
            if not is_refused_write(failure):
                raise
            if len(lines) == 1:
                return ImportProgress(rejections=[_rejection(lines[0], (REFUSED_BY_DATABASE,))])
        middle = len(lines) // 2
        progress = await self._run_batch(lines[:middle])
        progress.add(await self._run_batch(lines[middle:]))
        return progress

    async def _run_in_one_transaction(self, lines: Sequence[Line]) -> ImportProgress:
        now = self._clock()
        entry = self._parameters.audit_entry(now)
        progress, lines_by_subject = ImportProgress(), dict(self._lines_by_subject)
        try:
            async with self._database.transaction(audit_entry=entry) as tx:
                await lock_writing(tx)
                if not self._parameters.is_client:  # what is then done of a whole session names who asked for it
                    await add_client(tx, self._parameters.client, COMMAND_LINE_NAME, now)
                people = await KnownAdvisers.lock(
                    tx,
                    [*map(self._kind.reference, lines)],
                    self._parameters.client.training_organisation_id,
                )
                context = RequestContext(self._parameters.client, now, empty_response, audit_entry=entry)
                policies = await read_policies(tx)
                batch = ImportBatch(people, policies, context, lines_by_subject, self._parameters.sent_at)
                carry_out = self._carry_out_each if self._kind.is_line_by_line else self._apply_lines
                await carry_out(tx, batch, lines, progress)
                if self._parameters.dry_run or not progress.imported:
                    raise _RollBack  # noqa: TRY301  # leaving by an exception is what undoes a transaction
                await self._report_progress(tx, progress.imported, None)
        except _RollBack:
            await self._report_progress(self._database, progress.imported, None)
        self._lines_by_subject = lines_by_subject
        return progress

    async def _apply_lines(
        self, tx: Transaction, batch: ImportBatch, lines: Sequence[Line], progress: ImportProgress
    ) -> None:
        changes = await self._kind.start(tx, batch, lines)
        for line in lines:
            await asyncio.sleep(0)  # other tasks of the process have a turn between two lines
            try:
                changed = changes.apply_line(line)
            except Exception as error:
                faults = faults_of(error)
                if faults is None:
                    raise
                progress.rejections.append(_rejection(line, faults))
            else:
                progress.imported += changed
                progress.unchanged += not changed
        if progress.imported:
            await changes.write(tx)
            tx.add_audit_subjects(*changes.subjects)

    async def _carry_out_each(
        self, tx: Transaction, batch: ImportBatch, lines: Sequence[Line], progress: ImportProgress
    ) -> None:
        """Raise _LineRefused: what the line had written is undone with the transaction."""
        for line in lines:
            try:
                changes = await self._kind.start(tx, batch, [line])
            except Exception as error:
                faults = faults_of(error)
                if faults is None:
                    raise
                raise _LineRefused(line, faults) from None
            changed = changes.apply_line(line)
            progress.imported += changed
            progress.unchanged += not changed
            tx.add_audit_subjects(*changes.subjects)


class _LineRefused(Exception):  # noqa: N818  # what happened to it
    """The transaction ends because of a line, and those beside it are carried out without it."""

    def __init__(self, line: Line, faults: tuple[Fault, ...]) -> None:
        super().__init__("refused")
        self.line, self.faults = line, faults


class _RollBack(Exception):  # noqa: N818  # what happens, not a mistake
    """The transaction ends without leaving anything."""


def _rejection(line: Line, faults: tuple[Fault, ...]) -> Rejection:
    return Rejection(line.number, line.cells, faults)
