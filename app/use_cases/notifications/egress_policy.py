"""The egress policy: a webhook is delivered over https, to a public address, at port 443 or 8443.

A host name does not tell its address: the sender checks every address that the name resolves to, and connects to one
of those it has checked, so that the name cannot come to mean another one in between.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

ALLOWED_PORTS = {443, 8443}
MAX_HOST_NAME_LENGTH = 253

# What is not the address of one public machine, by the IANA special-purpose registries.
_CLOSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# In IPv6 only global unicast is open, except what carries an IPv4 address or is no machine. Mapped addresses, NAT64,
# unique local and link local ones are all outside it.
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)  # fmt: skip


class EgressRefusal(StrEnum):
    """Why an address is refused."""

    MALFORMED = "malformed"
    SCHEME = "scheme"
    PORT = "port"
    CREDENTIALS = "credentials"
    ADDRESS = "address"
    HOST = "host"


class EgressRefused(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The policy refuses the address, for this reason."""

    def __init__(self, reason: EgressRefusal) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """`allows_anything` is for development: plain http, any port, loopback and private addresses."""

    allows_anything: bool = False

    def check(self, url: str) -> None:
        """Raise EgressRefused. Names are not resolved here."""
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
        """Whether `host` may be connected to; always so when it is a name and not an address."""
        try:
            address = ip_address(host)
        except ValueError:
            return True
        return self.allows_anything or is_public_address(address)


def _parts(url: str) -> tuple[SplitResult, int | None]:
    """Raise EgressRefused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise EgressRefused(EgressRefusal.MALFORMED) from None
    if not parts.hostname or not url.isascii() or not url.isprintable() or " " in url or "#" in url or "\\" in url:
        raise EgressRefused(EgressRefusal.MALFORMED)
    return parts, port


def is_host_name(name: str) -> bool:
    """Whether it is well formed: each label has 1 to 63 characters (RFC 1035), the whole at most 253."""
    try:
        return 0 < len(name.removesuffix(".").encode("idna")) <= MAX_HOST_NAME_LENGTH
    except UnicodeError:
        return False


def is_public_address(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)
