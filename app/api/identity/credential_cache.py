"""Who was recognised a moment ago: remembered only while a revocation would be heard. And whom nobody knows here:
looked up so often and no more, since anybody can invent a key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from time import monotonic

from app.api.http.limits.rate_limiter import RateLimiter
from app.api.http.problems.problem_details import Problem
from app.persistence.administration.clients import REVOCATIONS_CHANNEL, AuthenticatedClient, Client
from app.persistence.engine.listen_notify import NotificationListener
from app.wording.languages import Sentence

# Long enough to look a busy client up seldom; short enough should a revocation be announced to a connection that is
# dead and does not know it yet.
CACHE_SECONDS = 4.0
MAX_CACHED_CREDENTIALS = 1000  # access tokens come and go
MAX_DIGESTS = 10_000
UNKNOWN_CREDENTIALS_PER_MINUTE = 60  # credentials, by origin

TOO_MANY_UNKNOWN_CREDENTIALS = Sentence(
    fr="Trop de clés inconnues sont venues de cette adresse ; la vôtre sera cherchée après Retry-After secondes.",
    en="Too many unknown keys came from this address; yours is looked up after Retry-After seconds.",
)


@dataclass(slots=True)
class CredentialCache:
    """By credential. `hearing` is whether revocations are announced to this process; `forgotten` counts the times that
    everything was forgotten, so that what was looked up before is not remembered after."""

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
        """`forgotten` is what it was when the looking up began."""
        if self.is_listening and generation == self.generation:
            if len(self._entries) >= MAX_CACHED_CREDENTIALS:
                self._entries.clear()
            self._entries[credential] = (monotonic() + CACHE_SECONDS, found)

    def clear(self) -> None:
        """Somebody was revoked, whoever it is."""
        self._entries.clear()
        self.generation += 1

    @property
    def listener(self) -> NotificationListener:
        """To be listened with."""
        return NotificationListener(
            REVOCATIONS_CHANNEL, lambda _: self.clear(), self.start_listening, self.stop_listening
        )

    def start_listening(self) -> None:
        self.clear()
        self.is_listening = True

    def stop_listening(self) -> None:
        self.is_listening = False
        self.clear()


CredentialLookup = Callable[[], Awaitable[AuthenticatedClient | None]]


@dataclass(slots=True)
class UnknownCredentialLimiter:
    """Whoever was recognised here once is looked up again, whatever else comes from an address that many may share; the
    others as often as `limiter` says, by their origin, of which failures alone are counted. A key that nobody knows is
    never known later: looked up once, so that a program left with a revoked one takes nothing from its neighbours.

    Credentials are kept as digests.
    """

    limiter: RateLimiter = field(default_factory=lambda: RateLimiter(UNKNOWN_CREDENTIALS_PER_MINUTE))
    _once_valid: dict[bytes, None] = field(default_factory=dict[bytes, None])
    _known_invalid: dict[bytes, None] = field(default_factory=dict[bytes, None])

    async def resolve(
        self, credential: str, origin: str, look_up: CredentialLookup, *, may_become_valid: bool = False
    ) -> AuthenticatedClient | None:
        """What `look_up` finds. Raise Problem, without asking it, when too many from there were unknown."""
        digest = sha256(credential.encode()).digest()
        if digest in self._known_invalid:
            return None
        found = await (look_up() if digest in self._once_valid else self._look_up_limited(origin, look_up))
        self._once_valid.pop(digest, None)
        if found is not None:
            _remember_digest(self._once_valid, digest)
        elif not may_become_valid:
            _remember_digest(self._known_invalid, digest)
        return found

    async def _look_up_limited(self, origin: str, look_up: CredentialLookup) -> AuthenticatedClient | None:
        allowance = self.limiter.take(origin, monotonic())
        if not allowance.allowed:
            raise Problem(
                "too-many-requests",
                TOO_MANY_UNKNOWN_CREDENTIALS,
                headers={"Retry-After": str(allowance.retry_after_seconds)},
            )
        try:
            found = await look_up()
        except BaseException:  # nothing was learnt
            self.limiter.refund(origin, monotonic())
            raise
        if found is not None:
            self.limiter.refund(origin, monotonic())
        return found


def _remember_digest(digests: dict[bytes, None], digest: bytes) -> None:
    """The one not kept for longest is forgotten for it."""
    if len(digests) >= MAX_DIGESTS:
        del digests[next(iter(digests))]
    digests[digest] = None
