"""Failures of the database, told apart for those who answer for them."""

import asyncpg
from sqlalchemy.connectors.asyncio import AsyncAdapt_Error
from sqlalchemy.exc import DBAPIError


class NotConnected(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """The server answered, and refused the session; the cause says why."""


# The server is away, busy, or took too long: the same request may succeed later.
UNREACHABLE: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    NotConnected,
    # Migrations go through SQLAlchemy, which wraps what it meets.
    DBAPIError,
    AsyncAdapt_Error,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


def is_missing_schema(failure: Exception) -> bool:
    """Whether migrations have not been here: there is no such table, or no such role to act as."""
    if isinstance(failure, NotConnected):
        return isinstance(failure.__cause__, asyncpg.InvalidParameterValueError | asyncpg.InsufficientPrivilegeError)
    return isinstance(failure, asyncpg.UndefinedTableError)


def violated_constraint(failure: Exception) -> str | None:
    """The unique constraint that refused a write; None for any other failure."""
    if isinstance(failure, asyncpg.UniqueViolationError):
        return str(getattr(failure, "constraint_name", ""))
    return None


def is_refused_write(failure: Exception) -> bool:
    """Whether a constraint, or the type of a column, is against what was written."""
    return isinstance(failure, asyncpg.IntegrityConstraintViolationError | asyncpg.DataError)
