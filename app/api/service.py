"""What the API is given when it starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.api.keys import Pepper, key_id_of
from app.api.rates import Limiter
from app.api.recognition import Memory
from app.api.tokens import TokenReader
from app.api.watch import Watch
from app.persistence.audit_log import Trail
from app.persistence.clients import Client, Recognised, find_issued, find_key
from app.persistence.database import Database
from app.persistence.safe import Safe
from app.use_cases.keep_endpoint import Outward
from app.use_cases.reach import Reach

UNLIMITED = 1_000_000  # requests a minute
VISITS_PER_MINUTE = 120  # by address, of personal links: an office shares one


@dataclass(slots=True)
class Service:
    """`clock` gives an aware instant in UTC; `base_url` has no trailing slash; without
    `tokens`, keys alone open; `draining` once told to stop; `has_mailbox` where e-mails stay, and can be read."""

    database: Database
    clock: Callable[[], datetime]
    pepper: Pepper
    base_url: str
    limiter: Limiter = field(default_factory=lambda: Limiter(UNLIMITED))
    tokens: TokenReader | None = None
    draining: bool = False
    reach: Reach = field(default_factory=Reach)
    support_email: str = "support@conseiller-numerique.example"
    has_mailbox: bool = True
    anonymise_after_years: int = 5
    visitors: Limiter = field(default_factory=lambda: Limiter(VISITS_PER_MINUTE))
    outward: Outward = field(init=False)
    watch: Watch = field(init=False)
    trail: Trail = field(init=False)
    recognised: Memory = field(default_factory=Memory)

    def __post_init__(self) -> None:
        self.watch = Watch(self.database, self.clock, lambda: self.draining)
        self.trail = Trail(self.database)
        self.outward = Outward(self.reach, Safe(self.pepper.secrets))

    async def client_with(self, credential: str, now: datetime) -> Client | None:
        """The client of a live key or access token; None when it is malformed, unknown, expired or revoked.

        Raise Problem when the issuer of tokens can't be asked.
        """
        remembered = self.recognised.recall(credential, now)
        if remembered is not None:
            return remembered
        forgotten = self.recognised.forgotten
        found = await self._look_up(credential, now)
        if found is None:
            return None
        self.recognised.remember(credential, found, forgotten)
        return found.client

    async def _look_up(self, credential: str, now: datetime) -> Recognised | None:
        key_id = key_id_of(credential)
        if key_id is not None:
            return await find_key(self.database, key_id, self.pepper.digests(credential), now)
        token = await self.tokens.read(credential, now) if self.tokens is not None else None
        if token is None:
            return None
        client = await find_issued(self.database, token.client_id, token.scopes)
        return Recognised(client, token.expires_at) if client is not None else None
