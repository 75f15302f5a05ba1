"""Every failure that the driver can raise has its place in the table; a new one fails here until it has one."""

from collections.abc import Iterator

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # it publishes no types
import pytest
from asyncpg import exceptions  # pyright: ignore[reportMissingTypeStubs]  # see above

from app.persistence.engine.database_errors import (
    UNAVAILABLE_ERRORS,
    DatabaseTrouble,
    DatabaseUnavailable,
    SessionRefused,
    SessionSettingsIgnored,
    ends_session,
    is_refused_write,
    trouble_of,
)

# By class of SQLSTATE, as PostgreSQL's appendix A has them; None: the program's fault, or the caller's.
CLASSES = {
    "01": None, "02": None, "03": None, "08": DatabaseTrouble.AWAY, "09": None, "0A": None, "0B": None, "0F": None,
    "0L": None, "0P": DatabaseTrouble.SCHEMA, "0Z": None, "10": None, "20": None, "21": None, "22": None, "23": None,
    "24": None, "25": None, "26": DatabaseTrouble.AWAY, "27": None, "28": DatabaseTrouble.AWAY, "2B": None, "2D": None,
    "2F": None, "34": None, "38": None, "39": None, "3B": None, "3D": DatabaseTrouble.AWAY,
    "3F": DatabaseTrouble.SCHEMA, "40": DatabaseTrouble.BUSY, "42": None, "44": None, "53": DatabaseTrouble.EXHAUSTED,
    "54": DatabaseTrouble.EXHAUSTED, "55": DatabaseTrouble.BUSY, "57": DatabaseTrouble.AWAY, "58": DatabaseTrouble.AWAY,
    "72": DatabaseTrouble.BUSY, "F0": DatabaseTrouble.AWAY, "HV": None, "P0": None, "XX": DatabaseTrouble.AWAY,
}  # fmt: skip
OTHERWISE = {
    "25006": DatabaseTrouble.READ_ONLY,
    "25P03": DatabaseTrouble.AWAY,
    "25P04": DatabaseTrouble.AWAY,
    "42703": DatabaseTrouble.SCHEMA,
    "42704": DatabaseTrouble.SCHEMA,
    "42883": DatabaseTrouble.SCHEMA,
    "42P01": DatabaseTrouble.SCHEMA,
    "42P05": DatabaseTrouble.AWAY,
    "55000": DatabaseTrouble.READ_ONLY,
    "57014": DatabaseTrouble.BUSY,
}
DRIVER = {
    "InterfaceError": DatabaseTrouble.AWAY,
    "ClientConfigurationError": DatabaseTrouble.AWAY,
    "UnsupportedClientFeatureError": DatabaseTrouble.AWAY,
    "UnsupportedServerFeatureError": DatabaseTrouble.AWAY,
    "InternalClientError": DatabaseTrouble.AWAY,
    "ProtocolError": DatabaseTrouble.AWAY,
    "TargetServerAttributeNotMatched": DatabaseTrouble.AWAY,
    "OutdatedSchemaCacheError": DatabaseTrouble.SCHEMA,
    "InvalidCachedStatementError": DatabaseTrouble.SCHEMA,
    "UnknownPostgresError": DatabaseTrouble.AWAY,
    "FatalPostgresError": None,  # never raised itself
    "PostgresError": None,
}


def raised_by_the_driver() -> Iterator[type[Exception]]:
    for kind in vars(exceptions).values():
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, Warning):
            yield kind


def expected(kind: type[Exception]) -> DatabaseTrouble | None:
    """Raise KeyError for one that has no place yet."""
    if kind.__name__ in DRIVER:
        return DRIVER[kind.__name__]
    state = str(kind.sqlstate)  # type: ignore[attr-defined]  # the server's have one
    return OTHERWISE[state] if state in OTHERWISE else CLASSES[state[:2]]


@pytest.mark.parametrize("kind", [*raised_by_the_driver()], ids=lambda kind: kind.__name__)
def test_each_kind_has_its_place(kind: type[Exception]) -> None:
    failure = kind("what the driver says")

    assert trouble_of(failure) is expected(kind)


@pytest.mark.parametrize("kind", [*raised_by_the_driver()], ids=lambda kind: kind.__name__)
def test_whoever_waits_for_better_times_catches_what_passes(kind: type[Exception]) -> None:
    if expected(kind) is not None:
        assert issubclass(kind, UNAVAILABLE_ERRORS)
    else:
        assert not issubclass(kind, UNAVAILABLE_ERRORS)


@pytest.mark.parametrize("failure", [OSError(), ConnectionResetError(), TimeoutError()])
def test_silence_is_absence(failure: Exception) -> None:
    assert trouble_of(failure) is DatabaseTrouble.AWAY
    assert ends_session(failure)


def _refused(cause: Exception) -> SessionRefused:
    refused = SessionRefused()
    refused.__cause__ = cause
    return refused


AT_THE_DOOR = [
    (asyncpg.TooManyConnectionsError("full"), DatabaseTrouble.EXHAUSTED),
    (asyncpg.CannotConnectNowError("starting"), DatabaseTrouble.AWAY),
    (asyncpg.ObjectNotInPrerequisiteStateError("takes no sessions"), DatabaseTrouble.AWAY),
    (asyncpg.InvalidPasswordError("wrong"), DatabaseTrouble.AWAY),
    (asyncpg.InvalidParameterValueError("no such role"), DatabaseTrouble.SCHEMA),
    (asyncpg.InsufficientPrivilegeError("may not act as it"), DatabaseTrouble.SCHEMA),
    (asyncpg.TargetServerAttributeNotMatched("a standby"), DatabaseTrouble.READ_ONLY),
    (asyncpg.ClientConfigurationError("no such option"), DatabaseTrouble.AWAY),
]


@pytest.mark.parametrize(("cause", "trouble"), AT_THE_DOOR)
def test_a_session_that_is_refused_says_why(cause: Exception, trouble: DatabaseTrouble) -> None:
    assert trouble_of(_refused(cause)) is trouble
    assert isinstance(_refused(cause), UNAVAILABLE_ERRORS)


def test_what_was_found_before_anything_was_asked_is_said_as_it_is() -> None:
    assert trouble_of(SessionSettingsIgnored()) is DatabaseTrouble.ROLE
    assert trouble_of(DatabaseUnavailable(DatabaseTrouble.UNCONFIRMED)) is DatabaseTrouble.UNCONFIRMED
    assert not ends_session(DatabaseUnavailable(DatabaseTrouble.UNCONFIRMED))


def test_a_code_of_a_newer_server_is_judged_by_its_class() -> None:
    failure = asyncpg.PostgresError.new({"C": "53999", "M": "short of something new"})

    assert isinstance(failure, UNAVAILABLE_ERRORS)
    assert trouble_of(failure) is DatabaseTrouble.EXHAUSTED


async def test_a_value_too_large_for_its_column_is_refused_not_waited_out(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)

    with pytest.raises(asyncpg.DataError) as refused:
        await connection.fetchval("SELECT $1::int", 2**40)
    await connection.close()

    assert trouble_of(refused.value) is None
    assert is_refused_write(refused.value)


@pytest.mark.parametrize("trouble", [DatabaseTrouble.BUSY, DatabaseTrouble.EXHAUSTED])
def test_a_session_outlives_what_passes_by_itself(trouble: DatabaseTrouble) -> None:
    kinds = [kind for kind in raised_by_the_driver() if expected(kind) is trouble]

    assert kinds
    assert not any(ends_session(kind("")) for kind in kinds)
