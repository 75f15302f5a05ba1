"""Who was recognised a moment ago: remembered only while a revocation would be heard. And whom nobody knows here:
looked up so often and no more, since anybody can invent a key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from time import monotonic

from app.api.http.limits.rate_limiter import Limiter
from app.api.http.problems.problem_details import Problem
from app.persistence.administration.clients import REVOCATIONS, Client, Recognised
from app.persistence.engine.listen_notify import Ear
from app.wording.languages import Sentence

# Long enough to look a busy client up seldom; short enough should a revocation be announced to a connection that is
# dead and does not know it yet.
REMEMBERED_SECONDS = 4.0
MOST_REMEMBERED = 1000  # access tokens come and go
MOST_MET = 10_000
UNKNOWN_PER_MINUTE = 60  # credentials, by origin

TOO_MANY_UNKNOWN = Sentence(
    fr="Trop de clés inconnues sont venues de cette adresse ; la vôtre sera cherchée après Retry-After secondes.",
    en="Too many unknown keys came from this address; yours is looked up after Retry-After seconds.",
)


@dataclass(slots=True)
class Memory:
    """By credential. `hearing` is whether revocations are announced to this process; `forgotten` counts the times that
    everything was forgotten, so that what was looked up before is not remembered after."""

    hearing: bool = False
    forgotten: int = 0
    _known: dict[str, tuple[float, Recognised]] = field(default_factory=dict[str, tuple[float, Recognised]])

    def recall(self, credential: str, now: datetime) -> Client | None:
        until, found = self._known.get(credential, (0.0, None))
        if found is None or until <= monotonic() or (found.expires_at is not None and found.expires_at <= now):
            return None
        return found.client

    def remember(self, credential: str, found: Recognised, forgotten: int) -> None:
        """`forgotten` is what it was when the looking up began."""
        if self.hearing and forgotten == self.forgotten:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[credential] = (monotonic() + REMEMBERED_SECONDS, found)

    def forget(self) -> None:
        """Somebody was revoked, whoever it is."""
        self._known.clear()
        self.forgotten += 1

    @property
    def ear(self) -> Ear:
        """To be listened with."""
        return Ear(REVOCATIONS, lambda _: self.forget(), self.begin_hearing, self.go_deaf)

    def begin_hearing(self) -> None:
        self.forget()
        self.hearing = True

    def go_deaf(self) -> None:
        self.hearing = False
        self.forget()


LookUp = Callable[[], Awaitable[Recognised | None]]


@dataclass(slots=True)
class Strangers:
    """Whoever was recognised here once is looked up again, whatever else comes from an address that many may share; the
    others as often as `limiter` says, by their origin, of which failures alone are counted. A key that nobody knows is
    never known later: looked up once, so that a program left with a revoked one takes nothing from its neighbours.

    Credentials are kept as digests.
    """

    limiter: Limiter = field(default_factory=lambda: Limiter(UNKNOWN_PER_MINUTE))
    _met: dict[bytes, None] = field(default_factory=dict[bytes, None])
    _nobody_s: dict[bytes, None] = field(default_factory=dict[bytes, None])

    async def found(
        self, credential: str, origin: str, look_up: LookUp, *, may_be_known_later: bool = False
    ) -> Recognised | None:
        """What `look_up` finds. Raise Problem, without asking it, when too many from there were unknown."""
        digest = sha256(credential.encode()).digest()
        if digest in self._nobody_s:
            return None
        found = await (look_up() if digest in self._met else self._of_a_stranger(origin, look_up))
        self._met.pop(digest, None)
        if found is not None:
            _keep(self._met, digest)
        elif not may_be_known_later:
            _keep(self._nobody_s, digest)
        return found

    async def _of_a_stranger(self, origin: str, look_up: LookUp) -> Recognised | None:
        allowance = self.limiter.take(origin, monotonic())
        if not allowance.granted:
            raise Problem("too-many-requests", TOO_MANY_UNKNOWN, headers={"Retry-After": str(allowance.retry_in)})
        try:
            found = await look_up()
        except BaseException:  # nothing was learnt
            self.limiter.give_back(origin, monotonic())
            raise
        if found is not None:
            self.limiter.give_back(origin, monotonic())
        return found


def _keep(digests: dict[bytes, None], digest: bytes) -> None:
    """The one not kept for longest is forgotten for it."""
    if len(digests) >= MOST_MET:
        del digests[next(iter(digests))]
    digests[digest] = None
