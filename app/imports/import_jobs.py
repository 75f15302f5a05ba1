"""Imports asked for over HTTP, carried out by the worker one after the other, clients in turns.

One that is interrupted, even by a sudden death, is taken up again when its lease ends: from the first line, since lines
imported before are found unchanged. They are counted in the transaction that commits them, and so once.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from app.imports.data_subjects import names_in
from app.imports.files.spreadsheet import FileRefused
from app.imports.line_parsing import rejected_line, rejects_heading
from app.imports.run_import import Import, Order, Parsed, Tally, parse
from app.persistence.administration import imports, rejected_import_lines
from app.persistence.administration.clients import Client, Role
from app.persistence.administration.imports import ClaimLost, Counts, Ignored, Job
from app.persistence.administration.rejected_import_lines import RejectedLine
from app.persistence.advisers.identity_digests import digester_of
from app.persistence.engine.database import Database, OutcomeUnknown, Reader
from app.persistence.engine.database_errors import UNREACHABLE
from app.supervisor import Turned, rest, uncounted
from app.wording.languages import Sentence

LOOK_EVERY_SECONDS = 1.0
INTERRUPTED = Sentence(
    fr="L’import s’est interrompu. Les lignes déjà importées le restent : envoyez le fichier à nouveau.",
    en="The import was interrupted. Lines already imported stay so: send the file again.",
)

_AWAY: tuple[type[Exception], ...] = (*UNREACHABLE, OutcomeUnknown)
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.imports")


class _Stopping(Exception):  # noqa: N818  # what happened, not a mistake
    """The process is told to stop: another one will go on."""


async def carry_out_imports(
    database: Database, clock: Callable[[], datetime], stop: asyncio.Event, turned: Turned = uncounted
) -> None:
    """Until `stop` is set, or the database fails: what it interrupts is taken up again when its lease ends."""
    while not stop.is_set():
        found = await carry_out_next(database, clock, stop)
        turned()
        if not found:
            await rest(LOOK_EVERY_SECONDS, stop)


async def carry_out_next(database: Database, clock: Callable[[], datetime], stop: asyncio.Event) -> bool:
    """Whether there was an import to carry out."""
    async with database.transaction() as tx:
        job = await imports.claim(tx, _failure("interrupted", INTERRUPTED))
    if job is None:
        return False
    try:
        await _carry_out(database, job, clock, stop)
    except ClaimLost:
        _LOG.warning("an import was taken over", import_id=str(job.id))
    except _Stopping:
        await imports.release(database, job)
    except FileRefused as refused:
        await imports.fail(database, job, _failure(refused.code, refused.said))
    except _AWAY:
        raise
    except Exception as failure:  # noqa: BLE001  # whoever asked is told, and the next import has its turn
        _LOG.error("an import failed", import_id=str(job.id), exc_info=failure)
        await imports.fail(database, job, _failure("interrupted", INTERRUPTED))
    return True


async def _carry_out(database: Database, job: Job, clock: Callable[[], datetime], stop: asyncio.Event) -> None:
    # In a thread: others are answered meanwhile.
    parsed = await asyncio.to_thread(parse, job.kind, job.content)

    async def note(reader: Reader, imported: int, tally: Tally | None) -> None:
        await imports.note(reader, job, imported, _counts(job, parsed, tally) if tally else None)
        if tally is not None and stop.is_set():
            raise _Stopping

    client = Client(job.client_id, Role.ADMIN, None)
    order = Order(job.kind, client, job.dry_run, job.request_id, is_client=True, sent_at=job.created_at)
    tally = await Import(database, order, clock, note).carry_out(parsed)
    await _finish(database, job, parsed, tally)


async def _finish(database: Database, job: Job, parsed: Parsed, tally: Tally) -> None:
    counts, recognised = _counts(job, parsed, tally), parsed.recognised
    ignored = Ignored(recognised.ignored, [*parsed.suspect])
    # In a thread, as above.
    lines = await asyncio.to_thread(_given_back, parsed, tally)
    digester = await digester_of(database) if lines else None
    async with database.transaction() as tx:
        await imports.finish(tx, job, counts, rejects_heading(recognised) if lines else None, ignored)
        if digester is not None:
            await rejected_import_lines.keep(tx, job.id, job.created_at, lines, digester)


def _given_back(parsed: Parsed, tally: Tally) -> list[RejectedLine]:
    recognised = parsed.recognised
    return [
        RejectedLine(item.number, rejected_line(item, recognised), names_in(item.cells, recognised))
        for item in tally.rejections
    ]


def _counts(job: Job, parsed: Parsed, tally: Tally) -> Counts:
    """What an earlier attempt imported is unchanged to this one."""
    return Counts(parsed.read, max(0, tally.unchanged - job.imported), len(tally.rejections))


def _failure(code: str, said: Sentence) -> dict[str, str]:
    return {"code": code, "fr": said.fr, "en": said.en}
