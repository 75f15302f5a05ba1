"""How a change is committed, and how the outcome is found out when nothing is heard of it."""

from app.persistence.engine.connection_pool import ConnectionPool
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS, ends_session
from app.persistence.engine.driver_types import AsyncpgConnection, Row
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import FIND_RESPONSE, IdempotentRequest, check_stored_row
from app.persistence.engine.transactions.transaction_errors import CommitLost, CommitOutcomeUnknown

COMMIT_SECONDS = 5.0  # and no longer: the outcome is then asked for in what is left of the request's time


async def commit(connection: AsyncpgConnection, audit_entry: AuditEntry | None, subjects: list[str]) -> None:
    """Commit with the audit entry, in one round trip. Raise CommitOutcomeUnknown when the connection was lost, or
    nothing was heard in time; and what the server says against it."""
    script = f"{audit_entry.insert_statement(subjects)}; COMMIT" if audit_entry else "COMMIT"
    try:
        await connection.execute(script, timeout=COMMIT_SECONDS)
    except UNAVAILABLE_ERRORS as failure:
        if not ends_session(failure):
            raise
        raise CommitOutcomeUnknown from failure


async def write_at_once(connection: AsyncpgConnection, statement: str, *values: object) -> list[Row]:
    """Run one statement that is a transaction of its own; it fails as `commit` does.

    A connection that fails is closed here and now: to close it gracefully, the driver would have the server cancel the
    statement, and a commit that waits for a standby would end without it.
    """
    try:
        return await connection.fetch(statement, *values, timeout=COMMIT_SECONDS)
    except BaseException as failure:
        if isinstance(failure, Exception) and not ends_session(failure):
            raise
        connection.terminate()
        if isinstance(failure, UNAVAILABLE_ERRORS):
            raise CommitOutcomeUnknown from failure
        raise


async def resolve_unknown_commit(pool: ConnectionPool, idempotency: IdempotentRequest) -> None:
    """The stored response is the proof: raise AlreadyCompleted when it is there, CommitLost when it is not.

    The key's lock is waited for, because the lost session may still be committing. Raise CommitOutcomeUnknown when
    the database can't be asked.
    """
    try:
        async with pool.acquire() as pooled:
            connection = pooled.connection
            await connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({idempotency.lock_key})")
            row = await connection.fetchrow(FIND_RESPONSE, idempotency.client_id, idempotency.key)
            await connection.execute("ROLLBACK")
    except UNAVAILABLE_ERRORS as away:
        raise CommitOutcomeUnknown from away
    if row is None:
        raise CommitLost
    check_stored_row(idempotency, row)
