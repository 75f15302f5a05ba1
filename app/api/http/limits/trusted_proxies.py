"""Whose address counts: the peer's, or the one that a trusted proxy has seen.

By hand: the server's own middleware for this takes any text for an address, does not know IPv4 written in IPv6 and
believes the scheme too.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Address = IPv4Address | IPv6Address
IPV6_PREFIX_BITS = 64  # bits of an IPv6 address that one subscriber has: whoever has one address has all that begin so
NO_ADDRESS = "-"  # of a socket without addresses

FORWARDED_FOR_HEADER = b"x-forwarded-for"


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The networks whose word is taken on whom they forward for; nobody's when there are none."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def client_address(self, scope: Scope) -> str:
        """Where a request comes from, as limits count it: an IPv4 address, or the first half of an IPv6 one."""
        peer = _parse_address(scope["client"][0]) if scope["client"] else None
        if peer is None:
            return NO_ADDRESS
        return _rate_limit_key(self._forwarded_for(peer, scope) if self.networks else peer)

    def _forwarded_for(self, peer: Address, scope: Scope) -> Address:
        """Each proxy has written, at the end, whom it speaks for: the first that nobody trusts is who asks. What is no
        address was not written by a proxy, and whatever stands before it may be anybody's."""
        written = [
            entry for name, value in scope["headers"] if name == FORWARDED_FOR_HEADER for entry in value.split(b",")
        ]
        while written and self._trusts(peer):
            before = _parse_address(_without_port(str(written.pop(), "latin-1").strip()))
            if before is None:
                break
            peer = before
        return peer

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def parse_trusted_proxies(listed: str) -> TrustedProxies:
    """Of addresses and networks, separated by commas or spaces. Raise ValueError."""
    return TrustedProxies(tuple(ip_network(name) for name in listed.replace(",", " ").split()))


def _parse_address(text: str) -> Address | None:
    """IPv4 also where it is written in IPv6; None for what is no address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _without_port(text: str) -> str:
    """`1.2.3.4:5` and `[::1]:5` are addresses with a port; `::1` has none."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _rate_limit_key(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, IPV6_PREFIX_BITS), strict=False))
