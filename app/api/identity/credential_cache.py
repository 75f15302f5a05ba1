"""The client of each credential that was just looked up: cached only while this process listens to revocations."""

from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from app.persistence.administration.clients import REVOCATIONS_CHANNEL, AuthenticatedClient, Client
from app.persistence.engine.listen_notify import NotificationListener

# Long enough to look a busy client up seldom; short enough in case the connection that listens to revocations is dead
# and nothing has told us yet.
CACHE_SECONDS = 4.0
MAX_CACHED_CREDENTIALS = 1000  # access tokens come and go


@dataclass(slots=True)
class CredentialCache:
    """By credential. `is_listening` is whether revocations are announced to this process; `generation` counts the times
    that it was cleared, so that what was looked up before is not remembered after."""

    is_listening: bool = False
    generation: int = 0
    _entries: dict[str, tuple[float, AuthenticatedClient]] = field(
        default_factory=dict[str, tuple[float, AuthenticatedClient]]
    )

    def get(self, credential: str, now: datetime) -> Client | None:
        until, found = self._entries.get(credential, (0.0, None))
        if found is None or until <= monotonic() or (found.expires_at is not None and found.expires_at <= now):
            return None
        return found.client

    def put(self, credential: str, found: AuthenticatedClient, generation: int) -> None:
        """`generation` is what it was when the look-up began."""
        if self.is_listening and generation == self.generation:
            if len(self._entries) >= MAX_CACHED_CREDENTIALS:
                self._entries.clear()
            self._entries[credential] = (monotonic() + CACHE_SECONDS, found)

    def clear(self) -> None:
        """A client or a key was revoked, whichever it is."""
        self._entries.clear()
        self.generation += 1

    @property
    def listener(self) -> NotificationListener:
        """Clears it at each announcement of a revocation, and while nobody listens."""
        return NotificationListener(
            REVOCATIONS_CHANNEL, lambda _: self.clear(), self.start_listening, self.stop_listening
        )

    def start_listening(self) -> None:
        self.clear()
        self.is_listening = True

    def stop_listening(self) -> None:
        self.is_listening = False
        self.clear()
