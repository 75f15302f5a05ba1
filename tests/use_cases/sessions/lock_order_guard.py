"""A trigger that refuses to lock an adviser in a transaction that holds a session: advisers first, then sessions.

Whoever locks an adviser updates the row (adviser_locks.LOCK_ADVISER). Whoever locks a session, by whatever statement,
holds a lock on the table beyond that of readers until the transaction ends, which the server lists.
"""

import asyncpg

GUARD = """
CREATE FUNCTION check_lock_order() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'public.session'::regclass
            AND mode IN ('RowShareLock', 'RowExclusiveLock')
    ) AND NOT EXISTS (
        SELECT FROM public.adviser a WHERE a.id = NEW.id AND a.xmin = pg_current_xact_id()::xid
    ) THEN
        RAISE 'adviser % is locked after a session', NEW.id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER lock_order_guard BEFORE UPDATE ON adviser FOR EACH ROW EXECUTE FUNCTION check_lock_order()"""


async def guard_lock_order(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(GUARD)
    await connection.close()
