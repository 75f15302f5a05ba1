"""Failures of the database by kind: one table, by the SQLSTATE that the server sends and by the driver's classes."""

import traceback
from collections.abc import Iterator, Mapping
from enum import StrEnum

import asyncpg
from asyncpg import exceptions as driver


class DatabaseTrouble(StrEnum):
    """What is the matter with the database. The request did not cause it, so that the same one may succeed later."""

    AWAY = "away"  # the session is over, broken or silent
    READ_ONLY = "read_only"  # a standby, or a primary that was demoted
    EXHAUSTED = "exhausted"  # no room, memory or connections left
    BUSY = "busy"  # others hold what was wanted, or were quicker
    SCHEMA = "schema"  # older than the program, or changed beneath the statement
    ROLE = "role"  # something between us and the server dropped what the session was asked to be
    UNCONFIRMED = "unconfirmed"  # commits wait for a standby that does not answer
    POLICY = "policy"  # nothing to decide by


# For those who read logs; people are told in their language.
LOG_MESSAGES: Mapping[DatabaseTrouble, str] = {
    DatabaseTrouble.AWAY: "the database does not answer",
    DatabaseTrouble.READ_ONLY: "the database takes no writes",
    DatabaseTrouble.EXHAUSTED: "the database is short of room, memory or connections",
    DatabaseTrouble.BUSY: "the database is busy",
    DatabaseTrouble.SCHEMA: "the schema is not the one of this program: `python -m app migrate`",
    DatabaseTrouble.ROLE: "a connection pooler ignored the role or the time limits asked for: reach PostgreSQL "
    "directly, or through a pooler that passes them on",
    DatabaseTrouble.UNCONFIRMED: "the database does not confirm writes: a standby server does not answer",
    DatabaseTrouble.POLICY: "no funding policy is loaded: `python -m app seed`",
}


class SessionRefused(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """The server answered, and refused the session; the cause says why."""


class SessionSettingsIgnored(SessionRefused):
    """The session does not have the role, or the time limits, that were asked for."""


class DatabaseUnavailable(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """The database was known to be in trouble before the statement was sent."""

    def __init__(self, trouble: DatabaseTrouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class MigrationFailed(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """The database failed while its schema was upgraded; the cause says how."""


class InstantTooOld(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """A transaction began so long after its instant that a watermark may have passed it: nothing was written."""


# By SQLSTATE, or by its class: the longer one counts. What is not here is a fault of the program.
BY_SQLSTATE: Mapping[str, DatabaseTrouble] = {
    "08": DatabaseTrouble.AWAY,  # connections
    "25006": DatabaseTrouble.READ_ONLY,
    "25P03": DatabaseTrouble.AWAY,  # the server ended a session that was idle in a transaction,
    "25P04": DatabaseTrouble.AWAY,  # or whose transaction took too long
    "26": DatabaseTrouble.AWAY,  # a prepared statement is not there: it was prepared in another session than this,
    "42P05": DatabaseTrouble.AWAY,  # or another session's is there already
    "28": DatabaseTrouble.AWAY,
    "3D": DatabaseTrouble.AWAY,
    "3F": DatabaseTrouble.SCHEMA,
    "0P": DatabaseTrouble.SCHEMA,  # no such role
    "42703": DatabaseTrouble.SCHEMA,  # no such column,
    "42704": DatabaseTrouble.SCHEMA,  # type,
    "42883": DatabaseTrouble.SCHEMA,  # function
    "42P01": DatabaseTrouble.SCHEMA,  # or table
    "40": DatabaseTrouble.BUSY,
    "53": DatabaseTrouble.EXHAUSTED,
    "54": DatabaseTrouble.EXHAUSTED,  # a limit of the server's
    "55": DatabaseTrouble.BUSY,
    "55000": DatabaseTrouble.READ_ONLY,  # "recovery is in progress"
    "57": DatabaseTrouble.AWAY,  # somebody stops the server, or ends the session
    "57014": DatabaseTrouble.BUSY,
    "58": DatabaseTrouble.AWAY,  # its disk or system fails
    "72": DatabaseTrouble.BUSY,
    "F0": DatabaseTrouble.AWAY,
    "XX": DatabaseTrouble.AWAY,
}
_SCHEMA = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
_AWAY = (
    OSError,
    TimeoutError,
    MigrationFailed,
    # The driver can't go on: the connection is closed, busy with a cancelled statement, or out of step with the server.
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    # Of a newer server, or of something in between.
    driver.UnknownPostgresError,
)
# There is no role to act as, or no right to act as it.
_NO_ROLE = (asyncpg.InvalidParameterValueError, asyncpg.InsufficientPrivilegeError)


def _trouble_of_sqlstate(state: str | None) -> DatabaseTrouble | None:
    return BY_SQLSTATE.get(state or "") or BY_SQLSTATE.get((state or "")[:2])


def trouble_of(failure: BaseException | None) -> DatabaseTrouble | None:
    """What is the matter with the database; None when the failure is of another kind."""
    match failure:
        case DatabaseUnavailable():
            return failure.trouble
        case InstantTooOld():
            return DatabaseTrouble.BUSY
        case SessionSettingsIgnored():
            return DatabaseTrouble.ROLE
        case SessionRefused():
            return _trouble_of_refused_session(failure.__cause__)
        case _:
            return _trouble_of_driver(failure)


def _trouble_of_driver(failure: BaseException | None) -> DatabaseTrouble | None:
    if isinstance(failure, _SCHEMA):
        return DatabaseTrouble.SCHEMA
    state = _trouble_of_sqlstate(getattr(failure, "sqlstate", None))
    return state or (DatabaseTrouble.AWAY if isinstance(failure, _AWAY) or _is_out_of_step(failure) else None)


def _is_out_of_step(failure: BaseException | None) -> bool:
    """Whether the exception comes out of the driver's protocol code: a message was not the one it expected. It has no
    class of its own for that."""
    if not isinstance(failure, Exception) or isinstance(failure, asyncpg.PostgresError):
        return False
    *_, (last, _) = traceback.walk_tb(failure.__traceback__) if failure.__traceback__ else [(None, 0)]
    return last is not None and last.f_globals.get("__name__", "").startswith("asyncpg.protocol")


def _trouble_of_refused_session(cause: BaseException | None) -> DatabaseTrouble:
    if isinstance(cause, _NO_ROLE):
        return DatabaseTrouble.SCHEMA
    if isinstance(cause, asyncpg.ObjectNotInPrerequisiteStateError):  # it takes no sessions
        return DatabaseTrouble.AWAY
    if isinstance(cause, asyncpg.UndefinedObjectError):  # a setting of the URL's that it does not know
        return DatabaseTrouble.AWAY
    if isinstance(cause, asyncpg.TargetServerAttributeNotMatched):
        return DatabaseTrouble.READ_ONLY
    return trouble_of(cause) or DatabaseTrouble.AWAY


def ends_session(failure: BaseException | None) -> bool:
    """Whether its session can't be used any more, and those opened before it are suspect."""
    return trouble_of(failure) in {DatabaseTrouble.AWAY, DatabaseTrouble.READ_ONLY, DatabaseTrouble.SCHEMA}


def _known_error_classes() -> Iterator[type[Exception]]:
    """The driver's classes of the SQLSTATEs of the table."""
    for kind in vars(driver).values():
        if isinstance(kind, type) and issubclass(kind, asyncpg.PostgresError) and _trouble_of_sqlstate(kind.sqlstate):
            yield kind


# The same as classes: the same request may succeed later.
UNAVAILABLE_ERRORS: tuple[type[Exception], ...] = (
    *_AWAY,
    *_SCHEMA,
    SessionRefused,
    DatabaseUnavailable,
    InstantTooOld,
    *_known_error_classes(),
)


def violated_constraint(failure: Exception) -> str | None:
    """The unique constraint that refused a write; None for any other failure."""
    if isinstance(failure, asyncpg.UniqueViolationError):
        return str(getattr(failure, "constraint_name", ""))
    return None


def is_refused_write(failure: Exception) -> bool:
    """Whether a constraint, or the type of a column, refused the values written."""
    return isinstance(failure, asyncpg.IntegrityConstraintViolationError | asyncpg.DataError)
