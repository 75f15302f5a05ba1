"""What checks access tokens, as this service sees it: without an issuer there is nothing that does."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a token that was checked says. `scopes` None: it says nothing of them."""

    client_id: str
    scopes: frozenset[str] | None
    expires_at: datetime


class TokenVerifier(Protocol):
    """Most services have none: what reads tokens is imported only where there is an issuer."""

    async def verify(self, token: str, now: datetime) -> AccessToken | None:
        """None when it is no token, or not a valid one. Raise Problem when the issuer's keys can't be read."""
        ...
