"""What the API is given when it starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from app.api.keys import Pepper, key_id_of
from app.persistence.clients import Client, find_key
from app.persistence.database import Database

KEY_REMEMBERED_SECONDS = 2.0  # how long a revoked key may still be believed


@dataclass(slots=True)
class Service:
    """`clock` gives an aware instant in UTC; `base_url` has no trailing slash."""

    database: Database
    clock: Callable[[], datetime]
    pepper: Pepper
    base_url: str
    _recognised: dict[str, tuple[float, Client]] = field(default_factory=dict[str, tuple[float, Client]])

    async def client_with(self, key: str, now: datetime) -> Client | None:
        """The client of a live key; None when it is malformed, unknown, expired or revoked."""
        remembered = self._recognised.get(key)
        if remembered is not None and remembered[0] > monotonic():
            return remembered[1]
        key_id = key_id_of(key)
        stored = await find_key(self.database, key_id, now) if key_id else None
        if stored is None or not self.pepper.recognises(key, stored.digest):
            self._recognised.pop(key, None)
            return None
        self._recognised[key] = (monotonic() + KEY_REMEMBERED_SECONDS, stored.client)
        return stored.client
