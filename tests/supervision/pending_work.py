"""Work for each background task of the worker, and how to see that it is not done yet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from app.clock import utc_now
from app.persistence.administration.health import COUNT_WORKERS
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.schema.retention_periods import AUDIT_LOG_RETENTION
from tests.imports.sample_files import ADVISERS, csv_bytes
from tests.imports.sample_files import an_adviser as a_line
from tests.imports.test_import_jobs import requested_import
from tests.outbox.webhooks.webhook_builders import an_endpoint
from tests.persistence.outbox.event_builders import place_waiting_events, write_events
from tests.use_cases.advisers.reminder_builders import an_adviser_to_remind
from tests.use_cases.sessions.deed_builders import confirm
from tests.use_cases.sessions.session_builders import a_published_session, register_to
from tests.use_cases.use_case_builders import (
    a_request_context,
    an_adviser,
    an_adviser_in_post,
    an_idempotency_key,
    register_in,
)

LONG_AGO, OLD = utc_now() - timedelta(days=7_300), "now() - interval '10 years'"


@dataclass(frozen=True, slots=True)
class PendingWork:
    """`left` is SQL that finds a row for as long as the work is not done."""

    unfinished: str
    prepare: Callable[[Database], Awaitable[object]] | None = None


async def _an_old_event(database: Database) -> None:
    await write_events(database)
    await place_waiting_events(database)
    await database.one("UPDATE outbox SET sequenced_at = $1 WHERE sequenced_at IS NOT NULL", LONG_AGO)


async def _an_old_delivery(database: Database) -> None:
    endpoint = await an_endpoint(database, "http://127.0.0.1:9/never")
    await write_events(database)
    await place_waiting_events(database)
    await database.one(
        "UPDATE delivery SET state = 'delivered', settled_at = $1, next_attempt_at = NULL WHERE lane_id = $2",
        LONG_AGO,
        endpoint.id,
    )
    await database.one("UPDATE webhook_endpoint SET status = 'deleted' WHERE id = $1", endpoint.id)


async def _an_import(database: Database) -> None:
    job = await requested_import(database, csv_bytes(ADVISERS, a_line(8_000_001)))
    await database.one("UPDATE import_job SET created_at = now() WHERE id = $1", job)


async def _an_old_import(database: Database) -> None:
    job = await requested_import(database, csv_bytes(ADVISERS, a_line(8_000_002)))
    await database.one(
        "UPDATE import_job SET created_at = $1, finished_at = $1, status = 'failed', content = NULL WHERE id = $2",
        LONG_AGO,
        job,
    )


async def _an_old_response(database: Database) -> None:
    await register_in(database, await an_adviser_in_post(database), context=a_request_context(key=an_idempotency_key()))
    await database.one("UPDATE idempotency SET created_at = $1", LONG_AGO)


async def _an_old_audit_entry(database: Database) -> None:
    async with database.transaction(
        audit_entry=AuditEntry(None, "getAdviser", None, utc_now() - 2 * AUDIT_LOG_RETENTION)
    ):
        pass


async def _somebody_long_gone(database: Database) -> None:
    await database.one("UPDATE adviser SET updated_at = $1 WHERE id = $2", LONG_AGO, await an_adviser(database))


async def _a_delivery(database: Database) -> None:
    """A delivery to the receiver of the test."""
    await an_endpoint(database, "http://127.0.0.1:9/later")
    await write_events(database)
    await place_waiting_events(database)


async def _a_session_deed(database: Database) -> None:
    session = await a_published_session(database, starts_on=utc_now().date() + timedelta(days=100))
    await register_to(database, session)
    await confirm(database, session)


PENDING_WORK = {
    "forget_events": PendingWork(f"SELECT FROM outbox WHERE sequenced_at < {OLD}", _an_old_event),
    "forget_deliveries": PendingWork(f"SELECT FROM delivery WHERE settled_at < {OLD}", _an_old_delivery),
    "forget_answers": PendingWork(f"SELECT FROM idempotency WHERE created_at < {OLD}", _an_old_response),
    "forget_imports": PendingWork(f"SELECT FROM import_job WHERE created_at < {OLD}", _an_old_import),
    "forget_traces": PendingWork("SELECT FROM audit_log WHERE at < now() - interval '700 days'", _an_old_audit_entry),
    "anonymise_advisers": PendingWork(
        f"SELECT FROM adviser WHERE updated_at < {OLD} AND anonymised_at IS NULL", _somebody_long_gone
    ),
    # The registrations and advisers of the others.
    "keep_counts": PendingWork("SELECT FROM counting_mark WHERE reached = '-infinity'"),
    "remind_daily": PendingWork(
        "SELECT FROM reminder_round WHERE day < current_date - 1 OR reached IS NOT NULL", an_adviser_to_remind
    ),
    "look_after_sessions": PendingWork("SELECT FROM session_deed WHERE finished_at IS NULL", _a_session_deed),
    "carry_out_imports": PendingWork("SELECT FROM import_job WHERE status IN ('waiting', 'running')", _an_import),
    "relay": PendingWork("SELECT FROM delivery WHERE state IN ('due', 'in_flight')", _a_delivery),
    "place_events": PendingWork("SELECT FROM outbox WHERE sequenced_at IS NULL", write_events),
    "hear_announcements": PendingWork(f"SELECT FROM ({COUNT_WORKERS}) listening WHERE count = 0"),
}


async def prepare_all(database: Database) -> None:
    for work in PENDING_WORK.values():
        if work.prepare is not None:
            await work.prepare(database)


async def unfinished_tasks(database: Database) -> set[str]:
    """The tasks that still have work to do."""
    return {name for name, work in PENDING_WORK.items() if await database.one(work.unfinished) is not None}
