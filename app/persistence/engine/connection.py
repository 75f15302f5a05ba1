"""The one way to connect: each host in turn, a socket that notices silence, a session that is what was asked for.

Whoever pools, listens, migrates or tries comes by here, so that all of them take the same URLs.
"""

import socket
import ssl
from asyncio import Transport
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from app.persistence.engine.database_errors import NotConnected, RoleIgnored
from app.persistence.engine.driver_types import Driver

CONNECT_SECONDS = 2.0  # for each host: the next one has its turn when it says nothing
SILENCE_SECONDS = 6  # within which a peer acknowledges what it was sent; a statement has five
IDLE_SECONDS, APART_SECONDS, PROBES = 5, 2, 3  # when nothing is said, whether anybody is there is asked
SOCKET_OPTIONS = {
    "TCP_USER_TIMEOUT": SILENCE_SECONDS * 1000,
    "TCP_KEEPIDLE": IDLE_SECONDS,
    "TCP_KEEPINTVL": APART_SECONDS,
    "TCP_KEEPCNT": PROBES,
}
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# Settings of the C driver for what is bounded here anyway: ours would send them to the server, which knows none.
LEFT_OUT = frozenset(
    {"connect_timeout", "fallback_application_name", "keepalives", "keepalives_count", "keepalives_idle"}
    | {"keepalives_interval", "load_balance_hosts", "tcp_user_timeout"}
)
TARGETS = ("any", "primary", "read-write", "standby", "read-only", "prefer-standby")
# Whatever the URL says, nobody here has a use for a standby.
WRITABLE = ("primary", "read-write")
UNCHECKED = {"role", "application_name"}  # the one by what it brings about; the other, poolers may add to
# By the server, or by the driver, which can't make sense of the URL.
_REFUSED = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.TargetServerAttributeNotMatched,
    ssl.SSLError,
    ValueError,
)


class Connection(asyncpg.Connection):
    """One whose socket does not wait for ever for a peer that is gone."""

    def __init__(self, protocol: Any, transport: Transport, *others: Any) -> None:
        super().__init__(protocol, transport, *others)
        _notice_silence(transport.get_extra_info("socket"))


def _notice_silence(wire: socket.socket) -> None:
    """Not every system has each of these options, and a socket of this machine needs none."""
    if wire.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in SOCKET_OPTIONS.items():
        if hasattr(socket, name):
            wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def connect(url: str, session: Mapping[str, str], command_seconds: float | None = None) -> Driver:
    """Connect to the first host of `postgresql://…` that answers and writes; a statement may take so long.

    Raise NotConnected, RoleIgnored when the session is not what was asked for, OSError and TimeoutError.
    """
    asked = dict(parse_qsl(urlsplit(url).query)).get("target_session_attrs")
    options: dict[str, Any] = {
        "target_session_attrs": asked if asked in WRITABLE else WRITABLE[0],
        "server_settings": dict(session),
        "command_timeout": command_seconds,
        "timeout": CONNECT_SECONDS,
        "connection_class": Connection,
    }
    *others, last = hosts_of(url)
    for host in others:
        try:
            return await _session(host, session, options)
        except (OSError, TimeoutError, NotConnected):
            continue
    return await _session(last, session, options)


async def _session(url: str, session: Mapping[str, str], options: dict[str, Any]) -> Driver:
    """A session on this one host. The server says what it is in one round trip, and nobody asks again."""
    try:
        connection = cast("Driver", await asyncpg.connect(url, **options))
    except _REFUSED as refused:
        raise NotConnected from refused
    except ConnectionError as failure:
        if type(failure) is not ConnectionError:  # the system's are of a kind each
            raise
        raise NotConnected from failure  # the driver's own, of a server without TLS
    try:
        said = await connection.execute(_check(session), timeout=CONNECT_SECONDS)
    except BaseException:
        connection.terminate()
        raise
    if said != "SELECT 1":
        connection.terminate()
        raise RoleIgnored
    return connection


def _check(session: Mapping[str, str]) -> str:
    """SQL that finds one row when the session is what was asked for; names and values are ours."""
    settings = [f"current_setting('{name}') = '{value}'" for name, value in session.items() if name not in UNCHECKED]
    role = [f"current_user = '{session['role']}'"] if "role" in session else []
    return f"SELECT 1 WHERE {' AND '.join([*role, *settings, 'true'])}"


def hosts_of(url: str) -> list[str]:
    """The URL once for each host that it names. Raise ValueError, whose text is for people, when it can't be meant."""
    address, _, query = url.partition("?")
    asked = {name: value for name, value in parse_qsl(query) if name not in LEFT_OUT}
    parts = urlsplit(address)
    _check_choice("sslmode", asked, SSL_MODES)
    _check_choice("target_session_attrs", asked, TARGETS)
    credentials, at, named = parts.netloc.rpartition("@")
    hosts, ports = (named or asked.get("host", "")).split(","), asked.get("port", "").split(",")
    _check_ports([*ports, *(host.rpartition("]")[2].partition(":")[2] for host in named.split(","))])
    if len(ports) not in {1, len(hosts)}:
        raise ValueError(f"nomme {len(hosts)} hôtes et {len(ports)} ports ; un port pour tous, ou un pour chacun")
    if len(hosts) == 1:
        return [f"{address}?{urlencode(asked)}" if asked else address]
    ports = ports * len(hosts) if len(ports) == 1 else ports
    others = {name: value for name, value in asked.items() if name not in {"host", "port"}}
    return [
        urlunsplit(
            parts._replace(
                netloc=f"{credentials}{at}{host if named else ''}",
                query=urlencode(others | ({} if named else {"host": host}) | ({"port": port} if port else {})),
            )
        )
        for host, port in zip(hosts, ports, strict=True)
    ]


def _check_choice(name: str, asked: Mapping[str, str], choices: Sequence[str]) -> None:
    """Raise ValueError."""
    if asked.get(name, choices[0]) not in choices:
        raise ValueError(f"{name}={asked[name]} n’existe pas ; l’un de {', '.join(choices)}")


def _check_ports(ports: Iterable[str]) -> None:
    """Raise ValueError."""
    for port in ports:
        if port and not (port.isascii() and port.isdigit()):
            raise ValueError(f"{port} n’est pas un port ; un nombre, comme 5432")
