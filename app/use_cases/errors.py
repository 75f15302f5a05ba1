"""What stops a use case before anything is decided; none of it is remembered for a replay."""

from collections.abc import Iterable, Sequence
from datetime import datetime


class UnknownReference(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The request names something that does not exist; `pointers` are the places (RFC 6901) in its body."""

    def __init__(self, *pointers: str) -> None:
        super().__init__(f"unknown reference: {', '.join(pointers)}")
        self.pointers = pointers


class PreconditionFailed(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The caller's version is not the present one; `weakly` when it was named in a way that matches none."""

    def __init__(self, version: int, *, weakly: bool = False) -> None:
        super().__init__(f"the present version is {version}")
        self.version = version
        self.weakly = weakly


class PreconditionRequired(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The resource exists and the caller did not say which version it changes."""


class ConumIdTaken(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Another adviser has this ID Conum."""


class MismatchedFields(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """What the request says does not go together, or not with what is known; `pointers` are the places in its body."""

    def __init__(self, *pointers: str) -> None:
        super().__init__(f"disagreement: {', '.join(pointers)}")
        self.pointers = pointers


class IssuerClientIdTaken(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The issuer of access tokens knows another client by this name."""


class TooManyKeys(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The client has as many live keys as it may; `live` are their identifiers, oldest first."""

    def __init__(self, live: Sequence[str]) -> None:
        super().__init__(f"live keys: {', '.join(live)}")
        self.live = live


class ExpiryOutOfRange(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """A key must expire after now and not after `latest`."""

    def __init__(self, latest: datetime) -> None:
        super().__init__(f"a key expires by {latest}")
        self.latest = latest


class ScopesBeyondRole(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """A key cannot do more than its client's role; `possible` are the scopes of that role."""

    def __init__(self, possible: Iterable[str]) -> None:
        super().__init__("scopes beyond the role")
        self.possible = sorted(possible)


class ScopesBeyondGrantor(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Credentials cannot do more than whoever makes them; `missing` are the scopes that the maker does not have."""

    def __init__(self, missing: Iterable[str]) -> None:
        super().__init__("scopes beyond the maker")
        self.missing = sorted(missing)


class TooManyEndpoints(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The owner has as many webhook endpoints as it may."""


class EndpointDisabled(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Nothing is delivered to this webhook endpoint until it is enabled again."""
