"""Imports requested over HTTP, which the worker carries out one after the other, clients in turns.

An interrupted import, even by a crash, is taken up again when its lease ends: from the first line, since lines imported
before are found unchanged. Lines are counted in the transaction that commits them, and so once.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from app.imports.file_parsing import ParsedFile, parse_file
from app.imports.files.spreadsheet import FileRefused
from app.imports.lines.data_subjects import identifiers_in
from app.imports.lines.rejects_file import format_rejection, rejects_header_line
from app.imports.run_import import ImportParameters, ImportProgress, ImportRun
from app.persistence.administration import imports, rejected_import_lines
from app.persistence.administration.import_kind import IgnoredColumns, LineCounts
from app.persistence.administration.imports import ClaimedImport, ClaimLost
from app.persistence.administration.rejected_import_lines import RejectedLine
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS
from app.persistence.engine.transactions.transaction_errors import CommitOutcomeUnknown
from app.persistence.identities.identity_digests import get_or_create_digester
from app.supervisor import Heartbeat, no_heartbeat, wait_for_any
from app.wording.languages import Sentence

POLL_INTERVAL_SECONDS = 1.0
INTERRUPTED = Sentence(
    fr="L’import s’est interrompu. Les lignes déjà importées le restent : envoyez le fichier à nouveau.",
    en="The import was interrupted. Lines already imported stay so: send the file again.",
)

_DATABASE_UNAVAILABLE: tuple[type[Exception], ...] = (*UNAVAILABLE_ERRORS, CommitOutcomeUnknown)
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.imports")


class _StopRequested(Exception):  # noqa: N818  # what happened, not a mistake
    """The process has to stop: another one will take the import up again."""


async def run_import_queue(
    database: Database, clock: Callable[[], datetime], stop: asyncio.Event, heartbeat: Heartbeat = no_heartbeat
) -> None:
    """Carry out imports until `stop` is set, or the database fails. `heartbeat` is called after each look for one."""
    while not stop.is_set():
        found = await run_next_import(database, clock, stop)
        heartbeat()
        if not found:
            await wait_for_any(POLL_INTERVAL_SECONDS, stop)


async def run_next_import(database: Database, clock: Callable[[], datetime], stop: asyncio.Event) -> bool:
    """Carry out the next import; whether there was one."""
    async with database.transaction() as tx:
        job = await imports.claim(tx, _failure_record("interrupted", INTERRUPTED))
    if job is None:
        return False
    try:
        await _run_job(database, job, clock, stop)
    except ClaimLost:
        _LOG.warning("an import was taken over", import_id=str(job.id))
    except _StopRequested:
        await imports.release(database, job)
    except FileRefused as refused:
        await imports.fail(database, job, _failure_record(refused.code, refused.message))
    except _DATABASE_UNAVAILABLE:
        raise
    except Exception as failure:  # noqa: BLE001  # the client reads why, and the next import has its turn
        _LOG.error("an import failed", import_id=str(job.id), exc_info=failure)
        await imports.fail(database, job, _failure_record("interrupted", INTERRUPTED))
    return True


async def _run_job(database: Database, job: ClaimedImport, clock: Callable[[], datetime], stop: asyncio.Event) -> None:
    # In a thread: the event loop goes on meanwhile.
    parsed = await asyncio.to_thread(parse_file, job.kind, job.content, is_ndjson=job.is_ndjson)

    async def report_progress(reader: Reader, imported: int, progress: ImportProgress | None) -> None:
        await imports.record_progress(reader, job, imported, _counts(job, parsed, progress) if progress else None)
        if progress is not None and stop.is_set():
            raise _StopRequested

    asked = job.kind, job.client, job.dry_run, job.request_id
    parameters = ImportParameters(*asked, is_client=True, sent_at=job.created_at)
    progress = await ImportRun(database, parameters, clock, report_progress).run(parsed)
    await _finish(database, job, parsed, progress)


async def _finish(database: Database, job: ClaimedImport, parsed: ParsedFile, progress: ImportProgress) -> None:
    counts, recognised = _counts(job, parsed, progress), parsed.recognised
    ignored = IgnoredColumns(recognised.ignored, [*parsed.suspect])
    # In a thread, as above.
    lines = await asyncio.to_thread(_rejected_lines, parsed, progress)
    digester = await get_or_create_digester(database) if lines else None
    async with database.transaction() as tx:
        await imports.finish(tx, job, counts, rejects_header_line(recognised) if lines else None, ignored)
        if digester is not None:
            await rejected_import_lines.store_lines(tx, job.id, job.created_at, lines, digester)


def _rejected_lines(parsed: ParsedFile, progress: ImportProgress) -> list[RejectedLine]:
    recognised = parsed.recognised
    return [
        RejectedLine(item.number, format_rejection(item, recognised), identifiers_in(item.cells, recognised))
        for item in progress.rejections
    ]


def _counts(job: ClaimedImport, parsed: ParsedFile, progress: ImportProgress) -> LineCounts:
    """What an earlier attempt imported, and this one found unchanged, is not counted as unchanged."""
    return LineCounts(parsed.read, max(0, progress.unchanged - job.imported), len(progress.rejections))


def _failure_record(code: str, message: Sentence) -> dict[str, str]:
    return {"code": code, "fr": message.fr, "en": message.en}
