"""The address that a request comes from: the peer's, or the one that a trusted proxy forwarded it for.

Not the server's own middleware for this: it accepts any text as an address, does not know IPv4-mapped IPv6 addresses
and trusts the scheme too.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Address = IPv4Address | IPv6Address
IPV6_PREFIX_BITS = 64  # a subscriber has all the addresses with the same first 64 bits
NO_ADDRESS = "-"  # of a Unix socket

FORWARDED_FOR_HEADER = b"x-forwarded-for"


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The networks of the proxies whose `X-Forwarded-For` is believed."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def client_address(self, scope: Scope) -> str:
        """Where a request comes from, as limits count it: an IPv4 address, or the /64 network of an IPv6 one."""
        peer = _parse_address(scope["client"][0]) if scope["client"] else None
        if peer is None:
            return NO_ADDRESS
        return _rate_limit_key(self._forwarded_for(peer, scope) if self.networks else peer)

    def _forwarded_for(self, peer: Address, scope: Scope) -> Address:
        """Each proxy appended the address that it forwards for: from the end, the first that is no trusted proxy is the
        client. What is no address was not written by a proxy, and what stands before it may be forged."""
        entries = [
            entry for name, value in scope["headers"] if name == FORWARDED_FOR_HEADER for entry in value.split(b",")
        ]
        while entries and self._trusts(peer):
            previous = _parse_address(_without_port(str(entries.pop(), "latin-1").strip()))
            if previous is None:
                break
            peer = previous
        return peer

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def parse_trusted_proxies(listed: str) -> TrustedProxies:
    """From addresses and networks separated by commas or spaces. Raise ValueError."""
    return TrustedProxies(tuple(ip_network(name) for name in listed.replace(",", " ").split()))


def _parse_address(text: str) -> Address | None:
    """An IPv4-mapped IPv6 address as IPv4; None for what is no address."""
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
