"""Egress: where connections to receivers may go. The library's HTTP asks here for each new one.

The addresses of a name are checked after resolution, and the address that was checked is the one that is connected to:
a check beforehand would resolve the name once more, and a name may answer otherwise the second time. The certificate is
still asked of the name.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import certifi
from httpcore2 import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError, ConnectTimeout

from app.use_cases.notifications.egress_policy import EgressPolicy

ResolveHost = Callable[[str, int], Awaitable[list[str]]]


class BlockedAddressError(ConnectError):
    """The name stands for an address, among others perhaps, that nothing is delivered to."""


class UnknownHostError(ConnectError):
    """The name stands for no address."""


class HostResolver:
    """The system's resolver, in threads of its own: names that never answer keep nobody else from theirs."""

    THREADS = 32

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(self.THREADS, "resolver")

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a host, without doubles. Raise OSError, UnicodeError."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _resolve_host, host, port)
        return [*dict.fromkeys(found)]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _resolve_host(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class EgressBackend(AsyncNetworkBackend):
    """Connects, through `network`, to addresses that `policy` admits; to none of a name that has any other."""

    def __init__(self, policy: EgressPolicy, resolve: ResolveHost, network: AsyncNetworkBackend | None = None) -> None:
        self._policy = policy
        self._resolve = resolve
        self._network: AsyncNetworkBackend = network or AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the signature is the library's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """Raise BlockedAddressError, UnknownHostError, ConnectError, ConnectTimeout."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._admitted(host, port)
                each = timeout / len(addresses) if timeout is not None else None
                for address in addresses[:-1]:
                    # One family of addresses that leads nowhere does not hide the other.
                    with suppress(ConnectError, ConnectTimeout):
                        return await self._network.connect_tcp(address, port, each, local_address, socket_options)
                return await self._network.connect_tcp(addresses[-1], port, None, local_address, socket_options)
        except TimeoutError:
            raise ConnectTimeout("no connection in time") from None

    async def _admitted(self, host: str, port: int) -> list[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as unknown:  # the latter for a label that no name server would be asked for
            raise UnknownHostError("no such name") from unknown
        if not addresses:
            raise UnknownHostError("no address")
        if not all(self._policy.allows_host(address) for address in addresses):
            raise BlockedAddressError("an address that nothing is delivered to")
        return addresses

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def trusted_authorities() -> ssl.SSLContext:
    """The authorities that the system knows, and those of Mozilla's list: a machine may know none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
