"""A rate limit on looking up unknown credentials: anybody can invent a key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic

from app.api.http.limits.rate_limiter import RateLimiter
from app.api.http.problems.problem_details import Problem
from app.persistence.administration.clients import AuthenticatedClient
from app.wording.languages import Sentence

MAX_DIGESTS = 10_000
UNKNOWN_CREDENTIALS_PER_MINUTE = 60  # by origin

TOO_MANY_UNKNOWN_CREDENTIALS = Sentence(
    fr="Trop de clés inconnues sont venues de cette adresse ; la vôtre sera cherchée après Retry-After secondes.",
    en="Too many unknown keys came from this address; yours is looked up after Retry-After seconds.",
)

CredentialLookup = Callable[[], Awaitable[AuthenticatedClient | None]]


@dataclass(slots=True)
class UnknownCredentialLimiter:
    """A credential that was valid here before is always looked up, whatever else comes from an address that many may
    share. Others are looked up as often as `limiter` allows their origin; only failures count. An unknown key never
    becomes valid: it is looked up once, so that a program left with a revoked one takes nothing from its neighbours.

    Credentials are kept as digests.
    """

    limiter: RateLimiter = field(default_factory=lambda: RateLimiter(UNKNOWN_CREDENTIALS_PER_MINUTE))
    _once_valid: dict[bytes, None] = field(default_factory=dict[bytes, None])
    _known_invalid: dict[bytes, None] = field(default_factory=dict[bytes, None])

    async def resolve(
        self, credential: str, origin: str, look_up: CredentialLookup, *, may_become_valid: bool = False
    ) -> AuthenticatedClient | None:
        """What `look_up` finds. Raise Problem without calling it when too many from `origin` were unknown."""
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
        except BaseException:  # it is still not known whether anybody has it
            self.limiter.refund(origin, monotonic())
            raise
        if found is not None:
            self.limiter.refund(origin, monotonic())
        return found


def _remember_digest(digests: dict[bytes, None], digest: bytes) -> None:
    """The oldest one makes room for it."""
    if len(digests) >= MAX_DIGESTS:
        del digests[next(iter(digests))]
    digests[digest] = None
