"""Every failure that the driver can raise has its place in the table; a new one fails here until it has one."""

from collections.abc import Iterator

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # it publishes no types
import pytest
from asyncpg import exceptions  # pyright: ignore[reportMissingTypeStubs]  # see above

from app.persistence.engine.database_errors import (
    UNREACHABLE,
    NotConnected,
    NotReady,
    RoleIgnored,
    Unready,
    ends_session,
    is_refused_write,
    trouble_of,
)

# By class of SQLSTATE, as PostgreSQL's appendix A has them; None: the program's fault, or the caller's.
CLASSES = {
    "01": None, "02": None, "03": None, "08": Unready.AWAY, "09": None, "0A": None, "0B": None, "0F": None,
    "0L": None, "0P": Unready.SCHEMA, "0Z": None, "10": None, "20": None, "21": None, "22": None, "23": None,
    "24": None, "25": None, "26": Unready.AWAY, "27": None, "28": Unready.AWAY, "2B": None, "2D": None, "2F": None,
    "34": None, "38": None, "39": None, "3B": None, "3D": Unready.AWAY, "3F": Unready.SCHEMA, "40": Unready.BUSY,
    "42": None, "44": None, "53": Unready.EXHAUSTED, "54": Unready.EXHAUSTED, "55": Unready.BUSY,
    "57": Unready.AWAY, "58": Unready.AWAY, "72": Unready.BUSY, "F0": Unready.AWAY, "HV": None, "P0": None,
    "XX": Unready.AWAY,
}  # fmt: skip
OTHERWISE = {
    "25006": Unready.READ_ONLY,
    "25P03": Unready.AWAY,
    "25P04": Unready.AWAY,
    "42703": Unready.SCHEMA,
    "42704": Unready.SCHEMA,
    "42883": Unready.SCHEMA,
    "42P01": Unready.SCHEMA,
    "42P05": Unready.AWAY,
    "55000": Unready.READ_ONLY,
    "57014": Unready.BUSY,
}
DRIVER = {
    "InterfaceError": Unready.AWAY,
    "ClientConfigurationError": Unready.AWAY,
    "UnsupportedClientFeatureError": Unready.AWAY,
    "UnsupportedServerFeatureError": Unready.AWAY,
    "InternalClientError": Unready.AWAY,
    "ProtocolError": Unready.AWAY,
    "TargetServerAttributeNotMatched": Unready.AWAY,
    "OutdatedSchemaCacheError": Unready.SCHEMA,
    "InvalidCachedStatementError": Unready.SCHEMA,
    "UnknownPostgresError": Unready.AWAY,
    "FatalPostgresError": None,  # never raised itself
    "PostgresError": None,
}


def raised_by_the_driver() -> Iterator[type[Exception]]:
    for kind in vars(exceptions).values():
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, Warning):
            yield kind


def expected(kind: type[Exception]) -> Unready | None:
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
        assert issubclass(kind, UNREACHABLE)
    else:
        assert not issubclass(kind, UNREACHABLE)


@pytest.mark.parametrize("failure", [OSError(), ConnectionResetError(), TimeoutError()])
def test_silence_is_absence(failure: Exception) -> None:
    assert trouble_of(failure) is Unready.AWAY
    assert ends_session(failure)


def _refused(cause: Exception) -> NotConnected:
    refused = NotConnected()
    refused.__cause__ = cause
    return refused


AT_THE_DOOR = [
    (asyncpg.TooManyConnectionsError("full"), Unready.EXHAUSTED),
    (asyncpg.CannotConnectNowError("starting"), Unready.AWAY),
    (asyncpg.ObjectNotInPrerequisiteStateError("takes no sessions"), Unready.AWAY),
    (asyncpg.InvalidPasswordError("wrong"), Unready.AWAY),
    (asyncpg.InvalidParameterValueError("no such role"), Unready.SCHEMA),
    (asyncpg.InsufficientPrivilegeError("may not act as it"), Unready.SCHEMA),
    (asyncpg.TargetServerAttributeNotMatched("a standby"), Unready.READ_ONLY),
    (asyncpg.ClientConfigurationError("no such option"), Unready.AWAY),
]


@pytest.mark.parametrize(("cause", "trouble"), AT_THE_DOOR)
def test_a_session_that_is_refused_says_why(cause: Exception, trouble: Unready) -> None:
    assert trouble_of(_refused(cause)) is trouble
    assert isinstance(_refused(cause), UNREACHABLE)


def test_what_was_found_before_anything_was_asked_is_said_as_it_is() -> None:
    assert trouble_of(RoleIgnored()) is Unready.ROLE
    assert trouble_of(NotReady(Unready.UNCONFIRMED)) is Unready.UNCONFIRMED
    assert not ends_session(NotReady(Unready.UNCONFIRMED))


def test_a_code_of_a_newer_server_is_judged_by_its_class() -> None:
    failure = asyncpg.PostgresError.new({"C": "53999", "M": "short of something new"})

    assert isinstance(failure, UNREACHABLE)
    assert trouble_of(failure) is Unready.EXHAUSTED


async def test_a_value_too_large_for_its_column_is_refused_not_waited_out(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)

    with pytest.raises(asyncpg.DataError) as refused:
        await connection.fetchval("SELECT $1::int", 2**40)
    await connection.close()

    assert trouble_of(refused.value) is None
    assert is_refused_write(refused.value)


@pytest.mark.parametrize("trouble", [Unready.BUSY, Unready.EXHAUSTED])
def test_a_session_outlives_what_passes_by_itself(trouble: Unready) -> None:
    kinds = [kind for kind in raised_by_the_driver() if expected(kind) is trouble]

    assert kinds
    assert not any(ends_session(kind("")) for kind in kinds)
