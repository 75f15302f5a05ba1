"""What the API is given when it starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.types import Scope

from app.api.http.limits.concurrency_limits import Share
from app.api.http.limits.rate_limiter import Limiter
from app.api.http.limits.trusted_proxies import Proxies
from app.api.http.long_polling import Watch
from app.api.identity.access_tokens import TokenReader
from app.api.identity.api_key_secrets import Pepper, key_id_of
from app.api.identity.credential_cache import LookUp, Memory, Strangers
from app.persistence.administration.audit_log import Trail
from app.persistence.administration.clients import Client, Recognised, find_issued, find_key
from app.persistence.engine.database import Database
from app.persistence.engine.secrets.secret_box import Safe
from app.use_cases.notifications.administer_webhook_endpoints import Outward
from app.use_cases.notifications.egress_policy import Reach

UNLIMITED = 1_000_000  # requests a minute
BAD_LINKS_PER_MINUTE = 120  # by origin: personal links that lead nowhere


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
    proxies: Proxies = field(default_factory=Proxies)
    bad_links: Limiter = field(default_factory=lambda: Limiter(BAD_LINKS_PER_MINUTE))
    outward: Outward = field(init=False)
    watch: Watch = field(init=False)
    trail: Trail = field(init=False)
    recognised: Memory = field(default_factory=Memory)
    heavy: Share = field(default_factory=Share)
    strangers: Strangers = field(default_factory=Strangers)

    def __post_init__(self) -> None:
        self.watch = Watch(self.database, self.clock, lambda: self.draining)
        self.trail = Trail(self.database)
        self.outward = Outward(self.reach, Safe(self.pepper.secrets))

    async def client_with(self, credential: str, now: datetime, scope: Scope) -> Client | None:
        """The client of a live key or access token; None when it is malformed, unknown, expired or revoked.

        Raise Problem when the issuer of tokens can't be asked, and when too many that nobody knows came from where the
        request in `scope` does.
        """
        remembered = self.recognised.recall(credential, now)
        if remembered is not None:
            return remembered
        look_up = self._look_up_of(credential, now)
        if look_up is None:
            return None
        forgotten = self.recognised.forgotten
        is_token = key_id_of(credential) is None  # of a client that is perhaps admitted after it
        origin = self.proxies.origin(scope)
        found = await self.strangers.found(credential, origin, look_up, may_be_known_later=is_token)
        if found is None:
            return None
        self.recognised.remember(credential, found, forgotten)
        return found.client

    def _look_up_of(self, credential: str, now: datetime) -> LookUp | None:
        """How to look it up; None when its form tells that it is nobody's."""
        key_id = key_id_of(credential)
        if key_id is not None:
            return lambda: find_key(self.database, key_id, self.pepper.digests(credential), now)
        tokens = self.tokens
        return (lambda: self._issued(tokens, credential, now)) if tokens is not None else None

    async def _issued(self, tokens: TokenReader, credential: str, now: datetime) -> Recognised | None:
        token = await tokens.read(credential, now)
        if token is None:
            return None
        client = await find_issued(self.database, token.client_id, token.scopes)
        return Recognised(client, token.expires_at) if client is not None else None
