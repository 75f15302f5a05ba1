"""Failures of the database, told apart for those who answer for them."""

import asyncpg
from sqlalchemy.connectors.asyncio import AsyncAdapt_Error
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# The server is away, busy, or took too long: the same request may succeed later.
UNREACHABLE: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    PoolTimeout,
    DBAPIError,
    AsyncAdapt_Error,  # what kept a connection from being made
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
    if isinstance(failure, AsyncAdapt_Error):
        return isinstance(failure.__cause__, asyncpg.InvalidParameterValueError | asyncpg.InsufficientPrivilegeError)
    return isinstance(failure, asyncpg.UndefinedTableError)


def is_broken_reference(failure: Exception) -> bool:
    return isinstance(failure, asyncpg.ForeignKeyViolationError)


def violated_constraint(failure: Exception) -> str | None:
    """The unique constraint that refused a write; None for any other failure."""
    if isinstance(failure, asyncpg.UniqueViolationError):
        return str(getattr(failure, "constraint_name", ""))
    return None
