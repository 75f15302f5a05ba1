"""Where a webhook may be delivered: over https, to a public address, at a usual port.

A name says nothing of its address: `app.outbox.egress` asks `is_public` of every address that a name resolves to, and
connects to one of those, so that nothing can change in between.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

PORTS = {443, 8443}
LONGEST_NAME = 253

# Whatever is not one machine that anybody may reach, by the IANA special-purpose registries.
_CLOSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# In IPv6 what is open is listed, and closed within it what carries an IPv4 address or is no machine: mapped addresses,
# NAT64, unique local and link local ones are all outside.
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)  # fmt: skip


class Unreachable(StrEnum):
    """Why nothing is delivered there."""

    MALFORMED = "malformed"
    SCHEME = "scheme"
    PORT = "port"
    CREDENTIALS = "credentials"
    ADDRESS = "address"
    HOST = "host"


class NotDeliverable(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Webhooks are not delivered there."""

    def __init__(self, why: Unreachable) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Reach:
    """`anywhere` is for development: plain http, any port, the machine itself and its neighbours."""

    anywhere: bool = False

    def check(self, url: str) -> None:
        """Raise NotDeliverable. An address that a name stands for is not known yet."""
        parts, port = _parts(url)
        if parts.scheme not in ({"http", "https"} if self.anywhere else {"https"}):
            raise NotDeliverable(Unreachable.SCHEME)
        if "@" in parts.netloc:
            raise NotDeliverable(Unreachable.CREDENTIALS)
        if not self.anywhere and (port or 443) not in PORTS:
            raise NotDeliverable(Unreachable.PORT)
        if not self.admits(parts.hostname or ""):
            raise NotDeliverable(Unreachable.ADDRESS)
        if not is_host(parts.hostname or ""):
            raise NotDeliverable(Unreachable.HOST)

    def admits(self, host: str) -> bool:
        """Whether a host may be connected to, as far as its name tells; a name other than an address always may."""
        try:
            address = ip_address(host)
        except ValueError:
            return True
        return self.anywhere or is_public(address)


def _parts(url: str) -> tuple[SplitResult, int | None]:
    """Raise NotDeliverable."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotDeliverable(Unreachable.MALFORMED) from None
    if not parts.hostname or not url.isascii() or not url.isprintable() or " " in url or "#" in url or "\\" in url:
        raise NotDeliverable(Unreachable.MALFORMED)
    return parts, port


def is_host(name: str) -> bool:
    """Whether a name server can be asked for it: each part between two dots has from 1 to 63 characters (RFC 1035)."""
    try:
        return 0 < len(name.removesuffix(".").encode("idna")) <= LONGEST_NAME
    except UnicodeError:
        return False


def is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)
