"""Where a webhook may be delivered: over https, to a public address, at a usual port.

A name says nothing of its address: the connector asks `is_public` of every address that a name resolves to, and
connects to one of those, so that nothing can change in between.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

ALLOWED_PORTS = {443, 8443}
MAX_HOST_NAME_LENGTH = 253

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


class EgressRefusal(StrEnum):
    """Why nothing is delivered there."""

    MALFORMED = "malformed"
    SCHEME = "scheme"
    PORT = "port"
    CREDENTIALS = "credentials"
    ADDRESS = "address"
    HOST = "host"


class EgressRefused(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Webhooks are not delivered there."""

    def __init__(self, why: EgressRefusal) -> None:
        super().__init__(why)
        self.reason = why


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """`anywhere` is for development: plain http, any port, the machine itself and its neighbours."""

    allows_anything: bool = False

    def check(self, url: str) -> None:
        """Raise NotDeliverable. An address that a name stands for is not known yet."""
        parts, port = _parts(url)
        if parts.scheme not in ({"http", "https"} if self.allows_anything else {"https"}):
            raise EgressRefused(EgressRefusal.SCHEME)
        if "@" in parts.netloc:
            raise EgressRefused(EgressRefusal.CREDENTIALS)
        if not self.allows_anything and (port or 443) not in ALLOWED_PORTS:
            raise EgressRefused(EgressRefusal.PORT)
        if not self.allows_host(parts.hostname or ""):
            raise EgressRefused(EgressRefusal.ADDRESS)
        if not is_host_name(parts.hostname or ""):
            raise EgressRefused(EgressRefusal.HOST)

    def allows_host(self, host: str) -> bool:
        """Whether a host may be connected to, as far as its name tells; a name other than an address always may."""
        try:
            address = ip_address(host)
        except ValueError:
            return True
        return self.allows_anything or is_public_address(address)


def _parts(url: str) -> tuple[SplitResult, int | None]:
    """Raise NotDeliverable."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise EgressRefused(EgressRefusal.MALFORMED) from None
    if not parts.hostname or not url.isascii() or not url.isprintable() or " " in url or "#" in url or "\\" in url:
        raise EgressRefused(EgressRefusal.MALFORMED)
    return parts, port


def is_host_name(name: str) -> bool:
    """Whether a name server can be asked for it: each part between two dots has from 1 to 63 characters (RFC 1035)."""
    try:
        return 0 < len(name.removesuffix(".").encode("idna")) <= MAX_HOST_NAME_LENGTH
    except UnicodeError:
        return False


def is_public_address(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)
