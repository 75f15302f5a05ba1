"""How long `migrate` keeps a writer waiting who registers all the while."""

import asyncio
from time import monotonic

import asyncpg
from alembic import command

from app.persistence.schema.migrations import alembic_config, migrate
from benchmarks.growth.database import GrownDatabase

FROM_REVISION = "0009"  # an earlier release: what follows it was made for databases that serve
MOST_STALLED_MS = 2_000.0
PAUSE_SECONDS = 0.005

# As a registration of any version: a row in each table that grows, locked as the service locks.
WRITES = (
    "SELECT id FROM adviser ORDER BY id LIMIT 1 FOR NO KEY UPDATE",
    """INSERT INTO registration (id, adviser_id, module_code, training_organisation_id, session_starts_on,
        session_ends_on, session_format, requested_on, employer_agreement, status, offered_payers, decision_id, version,
        created_at, updated_at)
    SELECT gen_random_uuid(), adviser_id, module_code, training_organisation_id, session_starts_on, session_ends_on,
        session_format, requested_on, false, 'refused', '{}', decision_id, 1, now(), now()
    FROM registration ORDER BY id LIMIT 1""",
    """INSERT INTO decision (id, registration_id, adviser_id, cause, outcome, reasons, rules, policy_version, facts,
        automatic, decided_by, decided_at)
    SELECT gen_random_uuid(), registration_id, adviser_id, cause, outcome, reasons, rules, policy_version, facts,
        automatic, decided_by, now() FROM decision ORDER BY id LIMIT 1""",
    """INSERT INTO outbox (event_id, type, subject_type, subject_id, subject_version, adviser_id, data, occurred_at)
    SELECT gen_random_uuid(), type, subject_type, subject_id, 1, adviser_id, data, now() FROM outbox ORDER BY id LIMIT 1""",
    """INSERT INTO audit_log (id, at, action, refused, subject_ids)
    SELECT gen_random_uuid(), now(), 'registerAdviser', false, subject_ids FROM audit_log ORDER BY id LIMIT 1""",
    """INSERT INTO delivery (id, channel, lane_id, event_id, recipient, type, adviser_id, state, next_attempt_at,
        created_at)
    SELECT gen_random_uuid(), channel, lane_id, gen_random_uuid(), recipient, type, adviser_id, 'due', now(), now()
    FROM delivery WHERE channel = 'email' ORDER BY id LIMIT 1""",
)


async def _write_until(url: str, ended: asyncio.Event) -> list[float]:
    """The seconds that each write took."""
    connection = await asyncpg.connect(url, ssl=False)
    taken = list[float]()
    while not ended.is_set():
        begun = monotonic()
        async with connection.transaction():
            for statement in WRITES:
                await connection.execute(statement)
        taken.append(monotonic() - begun)
        await asyncio.sleep(PAUSE_SECONDS)
    await connection.close()
    return taken


async def _stalled(url: str) -> tuple[float, float, int]:
    ended = asyncio.Event()
    writing = asyncio.create_task(_write_until(url, ended))
    begun = monotonic()
    await asyncio.to_thread(migrate, url)
    seconds = monotonic() - begun
    ended.set()
    taken = await writing
    return max(taken) * 1000, seconds, len(taken)


def measure_stall(grown: GrownDatabase) -> tuple[float, float, int]:
    """The milliseconds of the longest write while the schema comes from FROM_REVISION to the newest, the seconds that
    this took, and how many writes there were."""
    command.downgrade(alembic_config(grown.url), FROM_REVISION)
    return asyncio.run(_stalled(grown.url))
