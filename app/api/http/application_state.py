"""What the application holds from its start to its end, for every request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from starlette.types import Scope

from app.api.http.limits.concurrency_limits import ConcurrencyLimit
from app.api.http.limits.rate_limiter import RateLimiter
from app.api.http.limits.trusted_proxies import TrustedProxies
from app.api.http.long_polling import FeedLongPolls
from app.persistence.administration.audit_log import AuditLogWriter
from app.persistence.administration.clients import Client
from app.persistence.engine.database import Database
from app.persistence.engine.secrets.secret_box import SecretBox
from app.use_cases.notifications.administer_webhook_endpoints import WebhookEgress
from app.use_cases.notifications.egress_policy import EgressPolicy
from app.use_cases.registrations.register_in_batches import RegistrationBatches
from app.use_cases.sessions.session_turns import SessionTurns

UNLIMITED = 1_000_000  # requests a minute
BAD_LINKS_PER_MINUTE = 120  # by origin: personal links that lead nowhere


class Authenticator(Protocol):
    """What knows clients by the credentials they come with."""

    async def client_of(self, credential: str, now: datetime, origin: Callable[[], str]) -> Client | None:
        """None when nobody has it. `origin` is called for where the request comes from, when that is counted.

        Raise Problem when nobody can say, and when it may not be looked up now.
        """
        ...

    def forget_clients(self) -> None:
        """Look every credential up again: some were revoked."""
        ...


@dataclass(slots=True)
class ApplicationState:
    """`clock` gives an aware instant in UTC; `secrets` are the values of SECRET_KEY, newest first; `base_url` has no
    trailing slash; `draining` is whether the process was told to stop; with `has_mailbox` e-mails are kept here, and
    can be read."""

    database: Database
    clock: Callable[[], datetime]
    secrets: tuple[str, ...]
    base_url: str
    authenticator: Authenticator
    rate_limiter: RateLimiter = field(default_factory=lambda: RateLimiter(UNLIMITED))
    draining: bool = False
    egress_policy: EgressPolicy = field(default_factory=EgressPolicy)
    support_email: str = "support@conseiller-numerique.example"
    has_mailbox: bool = True
    anonymise_after_years: int = 5
    trusted_proxies: TrustedProxies = field(default_factory=TrustedProxies)
    bad_link_limiter: RateLimiter = field(default_factory=lambda: RateLimiter(BAD_LINKS_PER_MINUTE))
    webhook_egress: WebhookEgress = field(init=False)
    long_polls: FeedLongPolls = field(init=False)
    audit_log: AuditLogWriter = field(init=False)
    registration_batches: RegistrationBatches = field(init=False)
    session_turns: SessionTurns = field(default_factory=SessionTurns)
    heavy_work: ConcurrencyLimit = field(default_factory=ConcurrencyLimit)

    def __post_init__(self) -> None:
        self.long_polls = FeedLongPolls(self.database, self.clock, lambda: self.draining)
        self.audit_log = AuditLogWriter(self.database)
        self.registration_batches = RegistrationBatches(self.database)
        self.webhook_egress = WebhookEgress(self.egress_policy, SecretBox(self.secrets))

    def authenticate(self, credential: str, now: datetime, scope: Scope) -> Awaitable[Client | None]:
        """The client of a credential that came with the request in `scope`; see Authenticator.client_of."""
        return self.authenticator.client_of(credential, now, partial(self.trusted_proxies.client_address, scope))
