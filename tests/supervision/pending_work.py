"""Something to do for each chore of the worker, and how one sees that it is not done yet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from app.clock import utc_now
from app.persistence.administration.health import AT_WORK
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.audit_entries import Trace
from app.persistence.schema.retention_periods import AUDIT_LOG
from tests.imports.sample_files import ADVISERS, separated
from tests.imports.sample_files import an_adviser as a_line
from tests.imports.test_import_jobs import asked
from tests.outbox.webhooks.webhook_builders import an_endpoint
from tests.persistence.outbox.event_builders import placed, told
from tests.use_cases.advisers.reminder_builders import somebody_to_remind
from tests.use_cases.use_case_builders import a_key, an_adviser, an_adviser_in_post, asking, registered

AGES_AGO, OLD = utc_now() - timedelta(days=7_300), "now() - interval '10 years'"


@dataclass(frozen=True, slots=True)
class Errand:
    """`left` is SQL that finds a row for as long as it is not done."""

    left: str
    prepare: Callable[[Database], Awaitable[object]] | None = None


async def _an_old_event(database: Database) -> None:
    await told(database)
    await placed(database)
    await database.one("UPDATE outbox SET sequenced_at = $1 WHERE sequenced_at IS NOT NULL", AGES_AGO)


async def _an_old_delivery(database: Database) -> None:
    endpoint = await an_endpoint(database, "http://127.0.0.1:9/never")
    await told(database)
    await placed(database)
    await database.one(
        "UPDATE delivery SET state = 'delivered', settled_at = $1, next_attempt_at = NULL WHERE lane_id = $2",
        AGES_AGO,
        endpoint.id,
    )
    await database.one("UPDATE webhook_endpoint SET status = 'deleted' WHERE id = $1", endpoint.id)


async def _an_import(database: Database) -> None:
    job = await asked(database, separated(ADVISERS, a_line(8_000_001)))
    await database.one("UPDATE import_job SET created_at = now() WHERE id = $1", job)


async def _an_old_import(database: Database) -> None:
    job = await asked(database, separated(ADVISERS, a_line(8_000_002)))
    await database.one(
        "UPDATE import_job SET created_at = $1, finished_at = $1, status = 'failed', content = NULL WHERE id = $2",
        AGES_AGO,
        job,
    )


async def _an_old_answer(database: Database) -> None:
    await registered(database, await an_adviser_in_post(database), asked=asking(key=a_key()))
    await database.one("UPDATE idempotency SET created_at = $1", AGES_AGO)


async def _an_old_trace(database: Database) -> None:
    async with database.transaction(trace=Trace(None, "getAdviser", None, utc_now() - 2 * AUDIT_LOG)):
        pass


async def _somebody_long_gone(database: Database) -> None:
    await database.one("UPDATE adviser SET updated_at = $1 WHERE id = $2", AGES_AGO, await an_adviser(database))


async def _a_delivery(database: Database) -> None:
    """To whoever the test says."""
    await an_endpoint(database, "http://127.0.0.1:9/later")
    await told(database)
    await placed(database)


ERRANDS = {
    "forget_events": Errand(f"SELECT FROM outbox WHERE sequenced_at < {OLD}", _an_old_event),
    "forget_deliveries": Errand(f"SELECT FROM delivery WHERE settled_at < {OLD}", _an_old_delivery),
    "forget_answers": Errand(f"SELECT FROM idempotency WHERE created_at < {OLD}", _an_old_answer),
    "forget_imports": Errand(f"SELECT FROM import_job WHERE created_at < {OLD}", _an_old_import),
    "forget_traces": Errand("SELECT FROM audit_log WHERE at < now() - interval '700 days'", _an_old_trace),
    "anonymise_advisers": Errand(
        f"SELECT FROM adviser WHERE updated_at < {OLD} AND anonymised_at IS NULL", _somebody_long_gone
    ),
    "remind_daily": Errand(
        "SELECT FROM reminder_round WHERE day < current_date - 1 OR reached IS NOT NULL", somebody_to_remind
    ),
    "carry_out_imports": Errand("SELECT FROM import_job WHERE status IN ('waiting', 'running')", _an_import),
    "relay": Errand("SELECT FROM delivery WHERE state IN ('due', 'in_flight')", _a_delivery),
    "place_events": Errand("SELECT FROM outbox WHERE sequenced_at IS NULL", told),
    "hear_announcements": Errand(f"SELECT FROM ({AT_WORK}) listening WHERE workers = 0"),
}


async def prepare_all(database: Database) -> None:
    for errand in ERRANDS.values():
        if errand.prepare is not None:
            await errand.prepare(database)


async def undone(database: Database) -> set[str]:
    """The chores that have something left to do."""
    return {name for name, errand in ERRANDS.items() if await database.one(errand.left) is not None}
