"""Failures of the database, told apart for those who answer for them: one table, by what the server says (SQLSTATE)."""

import traceback
from collections.abc import Iterator, Mapping
from enum import StrEnum

import asyncpg
from asyncpg import exceptions as driver
from sqlalchemy.connectors.asyncio import AsyncAdapt_Error
from sqlalchemy.exc import DBAPIError


class Unready(StrEnum):
    """What is the matter with the database: nothing that the request did, so that it may succeed later."""

    AWAY = "away"  # the session is over, broken or silent
    READ_ONLY = "read_only"  # a standby, or a primary that was demoted
    EXHAUSTED = "exhausted"  # no room, memory or connections left
    BUSY = "busy"  # others hold what was wanted, or were quicker
    SCHEMA = "schema"  # older than the program, or changed beneath the statement
    ROLE = "role"  # something between us and the server dropped what the session was asked to be
    UNCONFIRMED = "unconfirmed"  # commits wait for a standby that does not answer
    POLICY = "policy"  # nothing to decide by


# For those who read logs; people are told in their language.
SAID: Mapping[Unready, str] = {
    Unready.AWAY: "the database does not answer",
    Unready.READ_ONLY: "the database takes no writes",
    Unready.EXHAUSTED: "the database is short of room, memory or connections",
    Unready.BUSY: "the database is busy",
    Unready.SCHEMA: "the schema is not the one of this program: `python -m app migrate`",
    Unready.ROLE: "a connection pooler ignored the role or the time limits asked for: reach PostgreSQL directly, or "
    "through a pooler that passes them on",
    Unready.UNCONFIRMED: "the database does not confirm writes: a standby server does not answer",
    Unready.POLICY: "no funding policy is loaded: `python -m app seed`",
}


class NotConnected(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """The server answered, and refused the session; the cause says why."""


class RoleIgnored(NotConnected):
    """The session does not act, or is not bounded, as it was asked to be."""


class NotReady(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """The database was found to be in trouble before anything was asked of it."""

    def __init__(self, trouble: Unready) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class TooLate(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """A transaction began so long after its instant that a watermark may have passed it: nothing was written."""


# By SQLSTATE, or by its class: the longer one counts. What is not here is a fault of the program.
BY_STATE: Mapping[str, Unready] = {
    "08": Unready.AWAY,  # connections
    "25006": Unready.READ_ONLY,
    "25P03": Unready.AWAY,  # the server ended a session that was idle in a transaction,
    "25P04": Unready.AWAY,  # or whose transaction took too long
    "26": Unready.AWAY,  # a prepared statement is not there: this is another session than the one it was made in,
    "42P05": Unready.AWAY,  # or it is there already, made by somebody else
    "28": Unready.AWAY,
    "3D": Unready.AWAY,
    "3F": Unready.SCHEMA,
    "0P": Unready.SCHEMA,  # no such role
    "42703": Unready.SCHEMA,  # no such column,
    "42704": Unready.SCHEMA,  # type,
    "42883": Unready.SCHEMA,  # function
    "42P01": Unready.SCHEMA,  # or table
    "40": Unready.BUSY,
    "53": Unready.EXHAUSTED,
    "54": Unready.EXHAUSTED,  # a limit of the server's
    "55": Unready.BUSY,
    "55000": Unready.READ_ONLY,  # "recovery is in progress"
    "57": Unready.AWAY,  # somebody stops the server, or ends the session
    "57014": Unready.BUSY,
    "58": Unready.AWAY,  # its disk or system fails
    "72": Unready.BUSY,
    "F0": Unready.AWAY,
    "XX": Unready.AWAY,
}
_SCHEMA = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
_AWAY = (
    OSError,
    TimeoutError,
    # Migrations go through SQLAlchemy, which wraps what it meets.
    DBAPIError,
    AsyncAdapt_Error,
    # The driver can't go on: the connection is closed, busy with what was given up, or out of step with the server.
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    # Of a newer server, or of something in between.
    driver.UnknownPostgresError,
)
# There is no role to act as, or no right to act as it.
_NO_ROLE = (asyncpg.InvalidParameterValueError, asyncpg.InsufficientPrivilegeError)


def _of_state(state: str | None) -> Unready | None:
    return BY_STATE.get(state or "") or BY_STATE.get((state or "")[:2])


def trouble_of(failure: BaseException | None) -> Unready | None:
    """What is the matter with the database; None when the failure is of another kind."""
    match failure:
        case NotReady():
            return failure.trouble
        case TooLate():
            return Unready.BUSY
        case RoleIgnored():
            return Unready.ROLE
        case NotConnected():
            return _trouble_at_the_door(failure.__cause__)
        case _:
            return _trouble_of_driver(failure)


def _trouble_of_driver(failure: BaseException | None) -> Unready | None:
    if isinstance(failure, _SCHEMA):
        return Unready.SCHEMA
    state = _of_state(getattr(failure, "sqlstate", None))
    return state or (Unready.AWAY if isinstance(failure, _AWAY) or _is_out_of_step(failure) else None)


def _is_out_of_step(failure: BaseException | None) -> bool:
    """Whether the driver stumbled over what it read: it has no name for each way to be out of step with the server."""
    if not isinstance(failure, Exception) or isinstance(failure, asyncpg.PostgresError):
        return False
    *_, (last, _) = traceback.walk_tb(failure.__traceback__) if failure.__traceback__ else [(None, 0)]
    return last is not None and last.f_globals.get("__name__", "").startswith("asyncpg.protocol")


def _trouble_at_the_door(cause: BaseException | None) -> Unready:
    if isinstance(cause, _NO_ROLE):
        return Unready.SCHEMA
    if isinstance(cause, asyncpg.ObjectNotInPrerequisiteStateError):  # it takes no sessions
        return Unready.AWAY
    if isinstance(cause, asyncpg.UndefinedObjectError):  # a setting of the URL's that it does not know
        return Unready.AWAY
    if isinstance(cause, asyncpg.TargetServerAttributeNotMatched):
        return Unready.READ_ONLY
    return trouble_of(cause) or Unready.AWAY


def ends_session(failure: BaseException | None) -> bool:
    """Whether the session is of no more use after it, and others that were opened before are suspect."""
    return trouble_of(failure) in {Unready.AWAY, Unready.READ_ONLY, Unready.SCHEMA}


def _kinds() -> Iterator[type[Exception]]:
    """The driver's classes of what the server says and the table knows."""
    for kind in vars(driver).values():
        if isinstance(kind, type) and issubclass(kind, asyncpg.PostgresError) and _of_state(kind.sqlstate):
            yield kind


# The same as classes: the same request may succeed later.
UNREACHABLE: tuple[type[Exception], ...] = (*_AWAY, *_SCHEMA, NotConnected, NotReady, TooLate, *_kinds())


def violated_constraint(failure: Exception) -> str | None:
    """The unique constraint that refused a write; None for any other failure."""
    if isinstance(failure, asyncpg.UniqueViolationError):
        return str(getattr(failure, "constraint_name", ""))
    return None


def is_refused_write(failure: Exception) -> bool:
    """Whether a constraint, or the type of a column, is against what was written."""
    return isinstance(failure, asyncpg.IntegrityConstraintViolationError | asyncpg.DataError)
