"""What PostgreSQL refuses with, by the names asyncpg gives it; asyncpg publishes no types."""

from typing import Final

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # see above

PostgresError: Final[type[Exception]] = asyncpg.PostgresError
UniqueViolation: Final[type[Exception]] = asyncpg.UniqueViolationError
CheckViolation: Final[type[Exception]] = asyncpg.CheckViolationError
InsufficientPrivilege: Final[type[Exception]] = asyncpg.InsufficientPrivilegeError
RestrictViolation: Final[type[Exception]] = asyncpg.RestrictViolationError
RaiseError: Final[type[Exception]] = asyncpg.RaiseError
Deadlock: Final[type[Exception]] = asyncpg.DeadlockDetectedError


def constraint_of(failure: BaseException) -> str | None:
    """The constraint that was violated."""
    name: str | None = getattr(failure, "constraint_name", None)
    return name
