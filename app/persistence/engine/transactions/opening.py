"""How a transaction opens: one script holds its instant, tries its idempotency key and locks its adviser."""

from app.domain.errors import AdviserAnonymised
from app.persistence.engine.database_errors import InstantTooOld
from app.persistence.engine.driver_types import AsyncpgConnection
from app.persistence.engine.transactions.adviser_locks import LOCK_ADVISER, AdviserLock, NotFound
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.change_watermark import hold_instant, is_recent_enough
from app.persistence.engine.transactions.idempotency import IdempotentRequest
from app.persistence.engine.transactions.transaction_errors import RequestInFlight


def opening_script(
    begin: str,
    lock: AdviserLock | None,
    idempotency: IdempotentRequest | None,
    audit_entry: AuditEntry | None,
    *,
    is_timed: bool,
) -> tuple[str, str]:
    """The script that opens the transaction by `begin`, and the status it ends with when every lock was taken.
    `is_timed`: an instant that has become too old is refused."""
    script = begin
    if audit_entry is not None:  # the instant is held before anything is waited for
        script = f"{begin}; SELECT {hold_instant(audit_entry.at)}"
    # The key is tried before the adviser is waited for: the second of two equal requests learns at once.
    tried = [f"pg_try_advisory_xact_lock({idempotency.lock_key})"] if idempotency else []
    tried += [is_recent_enough(audit_entry.at)] if audit_entry and is_timed else []
    if lock is not None:
        conditions = " AND ".join([f"id = {lock.adviser}", *tried, "anonymised_at IS NULL"])
        return f"{script}; {LOCK_ADVISER} WHERE {conditions}", "UPDATE 1"
    if tried:
        return f"{script}; SELECT 1 WHERE {' AND '.join(tried)}", "SELECT 1"
    return script, "SELECT 1" if audit_entry else begin.partition(" ")[0]


async def raise_not_opened(
    connection: AsyncpgConnection, lock: AdviserLock | None, timed_entry: AuditEntry | None
) -> None:
    """Find out which lock the opening did not take. Raise NotFound, AdviserAnonymised, InstantTooOld,
    RequestInFlight."""
    if lock is not None:
        found = await connection.fetchrow(f"SELECT anonymised_at FROM adviser WHERE id = {lock.adviser}")
        if found is None:
            raise NotFound(lock.target)
        if found["anonymised_at"] is not None:
            raise AdviserAnonymised
    if timed_entry is not None and not await connection.fetchval(f"SELECT {is_recent_enough(timed_entry.at)}"):
        raise InstantTooOld
    raise RequestInFlight
