"""What stops a use case before anything is decided; none is stored as the response of an idempotency key."""

from collections.abc import Iterable, Sequence
from datetime import datetime


class UnknownReference(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The request names something that does not exist; `pointers` are the places (RFC 6901) in its body."""

    def __init__(self, *pointers: str) -> None:
        super().__init__(f"unknown reference: {', '.join(pointers)}")
        self.pointers = pointers


class NoFileNumber(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """What is said to be the number of a Démarches simplifiées file, at `pointer` of the body, is none."""

    def __init__(self, pointer: str) -> None:
        super().__init__(f"no file number: {pointer}")
        self.pointer = pointer


class PreconditionFailed(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The caller's version is not `version`, the present one; `weakly`: it named weak validators, which never match."""

    def __init__(self, version: int, *, weakly: bool = False) -> None:
        super().__init__(f"the present version is {version}")
        self.version = version
        self.weakly = weakly


class PreconditionRequired(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The resource exists and the caller did not say which version to change."""


class ConumIdTaken(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Another adviser has this ID Conum."""


class MismatchedFields(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Fields contradict each other or what is stored; `pointers` are their places in the body (RFC 6901)."""

    def __init__(self, *pointers: str) -> None:
        super().__init__(f"mismatched fields: {', '.join(pointers)}")
        self.pointers = pointers


class ForeignSession(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Everybody reads the session; another training organisation than the caller's writes it."""


class IssuerClientIdTaken(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The issuer of access tokens knows another client by this name."""


class TooManyKeys(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The client has the maximum of live keys; `live` are their identifiers, oldest first."""

    def __init__(self, live: Sequence[str]) -> None:
        super().__init__(f"live keys: {', '.join(live)}")
        self.live = live


class ExpiryOutOfRange(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """A key must expire after now and not after `latest`."""

    def __init__(self, latest: datetime) -> None:
        super().__init__(f"a key expires by {latest}")
        self.latest = latest


class ScopesBeyondRole(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The scopes exceed those of the client's role; `possible` are the role's."""

    def __init__(self, possible: Iterable[str]) -> None:
        super().__init__("scopes beyond the role")
        self.possible = sorted(possible)


class ScopesBeyondGrantor(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The scopes exceed those of whoever creates the credentials; `missing` are the ones they do not have."""

    def __init__(self, missing: Iterable[str]) -> None:
        super().__init__("scopes beyond the grantor")
        self.missing = sorted(missing)


class TooManyEndpoints(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The owner has the maximum of webhook endpoints."""


class EndpointDisabled(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Nothing is delivered to this webhook endpoint until it is enabled again."""
