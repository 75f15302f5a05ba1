"""The one way to connect: each host in turn, keepalives on the socket, a session checked to be as requested.

The pool, the listener, the migrations and the probes all connect here, so that all of them take the same URLs.
"""

import socket
import ssl
from asyncio import Transport
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from app.persistence.engine.database_errors import SessionRefused, SessionSettingsIgnored
from app.persistence.engine.driver_types import AsyncpgConnection

CONNECT_SECONDS = 2.0  # for each host; then the next one is tried
USER_TIMEOUT_SECONDS = 6  # for the peer to acknowledge what it was sent; a statement has five
KEEPALIVE_IDLE_SECONDS, KEEPALIVE_INTERVAL_SECONDS, KEEPALIVE_PROBES = 5, 2, 3
SOCKET_OPTIONS = {
    "TCP_USER_TIMEOUT": USER_TIMEOUT_SECONDS * 1000,
    "TCP_KEEPIDLE": KEEPALIVE_IDLE_SECONDS,
    "TCP_KEEPINTVL": KEEPALIVE_INTERVAL_SECONDS,
    "TCP_KEEPCNT": KEEPALIVE_PROBES,
}
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# Options of libpq for what is bounded here anyway: asyncpg would send them to the server, which knows none of them.
IGNORED_URL_OPTIONS = frozenset(
    {"connect_timeout", "fallback_application_name", "keepalives", "keepalives_count", "keepalives_idle"}
    | {"keepalives_interval", "load_balance_hosts", "tcp_user_timeout"}
)
TARGET_SESSION_ATTRS = ("any", "primary", "read-write", "standby", "read-only", "prefer-standby")
# Whatever the URL says, this service needs a server that takes writes.
WRITABLE_TARGETS = ("primary", "read-write")
UNVERIFIED_SETTINGS = {"role", "application_name"}  # `role` is checked by `current_user`; poolers may add to the name
# Refusals of the server, and of the driver when it can't read the URL.
_REFUSED = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.TargetServerAttributeNotMatched,
    ssl.SSLError,
    ValueError,
)


class KeepaliveConnection(asyncpg.Connection):
    """A connection whose socket notices a peer that is gone."""

    def __init__(self, protocol: Any, transport: Transport, *others: Any) -> None:
        super().__init__(protocol, transport, *others)
        _enable_keepalive(transport.get_extra_info("socket"))


def _enable_keepalive(tcp_socket: socket.socket) -> None:
    """Set the options that this system has; a socket that is not TCP needs none."""
    if tcp_socket.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    tcp_socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in SOCKET_OPTIONS.items():
        if hasattr(socket, name):
            tcp_socket.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def connect(url: str, session: Mapping[str, str], command_seconds: float | None = None) -> AsyncpgConnection:
    """Connect to the first host of `postgresql://…` that answers and takes writes. `session` are the server settings
    of the session; a statement may take `command_seconds`, None any time.

    Raise SessionRefused, SessionSettingsIgnored when the session is not as requested, OSError and TimeoutError.
    """
    target = dict(parse_qsl(urlsplit(url).query)).get("target_session_attrs")
    options: dict[str, Any] = {
        "target_session_attrs": target if target in WRITABLE_TARGETS else WRITABLE_TARGETS[0],
        "server_settings": dict(session),
        "command_timeout": command_seconds,
        "timeout": CONNECT_SECONDS,
        "connection_class": KeepaliveConnection,
    }
    *others, last = urls_per_host(url)
    for host in others:
        try:
            return await _open_session(host, session, options)
        except (OSError, TimeoutError, SessionRefused):
            continue
    return await _open_session(last, session, options)


async def _open_session(url: str, session: Mapping[str, str], options: dict[str, Any]) -> AsyncpgConnection:
    """Open a session on this one host, and verify it in one round trip."""
    try:
        connection = cast("AsyncpgConnection", await asyncpg.connect(url, **options))
    except _REFUSED as refused:
        raise SessionRefused from refused
    except ConnectionError as failure:
        if type(failure) is not ConnectionError:  # the operating system's are subclasses
            raise
        raise SessionRefused from failure  # the driver's own, for a server without TLS
    try:
        status = await connection.execute(_verification_query(session), timeout=CONNECT_SECONDS)
    except BaseException:
        connection.terminate()
        raise
    if status != "SELECT 1":
        connection.terminate()
        raise SessionSettingsIgnored
    return connection


def _verification_query(session: Mapping[str, str]) -> str:
    """SQL that returns one row when the session is as requested; names and values are constants of this program."""
    settings = [
        f"current_setting('{name}') = '{value}'" for name, value in session.items() if name not in UNVERIFIED_SETTINGS
    ]
    role = [f"current_user = '{session['role']}'"] if "role" in session else []
    return f"SELECT 1 WHERE {' AND '.join([*role, *settings, 'true'])}"


def urls_per_host(url: str) -> list[str]:
    """The URL once for each host that it names. Raise ValueError, with a French text, when it contradicts itself."""
    address, _, query = url.partition("?")
    options = {name: value for name, value in parse_qsl(query) if name not in IGNORED_URL_OPTIONS}
    parts = urlsplit(address)
    _check_choice("sslmode", options, SSL_MODES)
    _check_choice("target_session_attrs", options, TARGET_SESSION_ATTRS)
    credentials, at, named = parts.netloc.rpartition("@")
    hosts, ports = (named or options.get("host", "")).split(","), options.get("port", "").split(",")
    _check_ports([*ports, *(host.rpartition("]")[2].partition(":")[2] for host in named.split(","))])
    if len(ports) not in {1, len(hosts)}:
        raise ValueError(f"nomme {len(hosts)} hôtes et {len(ports)} ports ; un port pour tous, ou un pour chacun")
    if len(hosts) == 1:
        return [f"{address}?{urlencode(options)}" if options else address]
    ports = ports * len(hosts) if len(ports) == 1 else ports
    others = {name: value for name, value in options.items() if name not in {"host", "port"}}
    return [
        urlunsplit(
            parts._replace(
                netloc=f"{credentials}{at}{host if named else ''}",
                query=urlencode(others | ({} if named else {"host": host}) | ({"port": port} if port else {})),
            )
        )
        for host, port in zip(hosts, ports, strict=True)
    ]


def _check_choice(name: str, options: Mapping[str, str], choices: Sequence[str]) -> None:
    """Raise ValueError."""
    if options.get(name, choices[0]) not in choices:
        raise ValueError(f"{name}={options[name]} n’existe pas ; l’un de {', '.join(choices)}")


def _check_ports(ports: Iterable[str]) -> None:
    """Raise ValueError."""
    for port in ports:
        if port and not (port.isascii() and port.isdigit()):
            raise ValueError(f"{port} n’est pas un port ; un nombre, comme 5432")
