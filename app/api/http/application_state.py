"""What the API is given when it starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.types import Scope

from app.api.http.limits.concurrency_limits import ConcurrencyLimit
from app.api.http.limits.rate_limiter import RateLimiter
from app.api.http.limits.trusted_proxies import TrustedProxies
from app.api.http.long_polling import FeedLongPolls
from app.api.identity.access_tokens import AccessTokenVerifier
from app.api.identity.api_key_secrets import Pepper, parse_key_id
from app.api.identity.credential_cache import CredentialCache, CredentialLookup, UnknownCredentialLimiter
from app.persistence.administration.api_keys import find_key
from app.persistence.administration.audit_log import AuditLogWriter
from app.persistence.administration.clients import AuthenticatedClient, Client, find_client_of_issuer
from app.persistence.engine.database import Database
from app.persistence.engine.secrets.secret_box import SecretBox
from app.use_cases.notifications.administer_webhook_endpoints import WebhookEgress
from app.use_cases.notifications.egress_policy import EgressPolicy

UNLIMITED = 1_000_000  # requests a minute
BAD_LINKS_PER_MINUTE = 120  # by origin: personal links that lead nowhere


@dataclass(slots=True)
class ApplicationState:
    """`clock` gives an aware instant in UTC; `base_url` has no trailing slash; without
    `tokens`, keys alone open; `draining` once told to stop; `has_mailbox` where e-mails stay, and can be read."""

    database: Database
    clock: Callable[[], datetime]
    pepper: Pepper
    base_url: str
    rate_limiter: RateLimiter = field(default_factory=lambda: RateLimiter(UNLIMITED))
    token_verifier: AccessTokenVerifier | None = None
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
    credential_cache: CredentialCache = field(default_factory=CredentialCache)
    heavy_work: ConcurrencyLimit = field(default_factory=ConcurrencyLimit)
    unknown_credentials: UnknownCredentialLimiter = field(default_factory=UnknownCredentialLimiter)

    def __post_init__(self) -> None:
        self.long_polls = FeedLongPolls(self.database, self.clock, lambda: self.draining)
        self.audit_log = AuditLogWriter(self.database)
        self.webhook_egress = WebhookEgress(self.egress_policy, SecretBox(self.pepper.secrets))

    async def authenticate(self, credential: str, now: datetime, scope: Scope) -> Client | None:
        """The client of a live key or access token; None when it is malformed, unknown, expired or revoked.

        Raise Problem when the issuer of tokens can't be asked, and when too many that nobody knows came from where the
        request in `scope` does.
        """
        remembered = self.credential_cache.get(credential, now)
        if remembered is not None:
            return remembered
        look_up = self._credential_lookup(credential, now)
        if look_up is None:
            return None
        forgotten = self.credential_cache.generation
        is_token = parse_key_id(credential) is None  # of a client that is perhaps admitted after it
        origin = self.trusted_proxies.client_address(scope)
        found = await self.unknown_credentials.resolve(credential, origin, look_up, may_become_valid=is_token)
        if found is None:
            return None
        self.credential_cache.put(credential, found, forgotten)
        return found.client

    def _credential_lookup(self, credential: str, now: datetime) -> CredentialLookup | None:
        """How to look it up; None when its form tells that it is nobody's."""
        key_id = parse_key_id(credential)
        if key_id is not None:
            return lambda: find_key(self.database, key_id, self.pepper.candidate_digests(credential), now)
        tokens = self.token_verifier
        return (lambda: self._client_of_token(tokens, credential, now)) if tokens is not None else None

    async def _client_of_token(
        self, tokens: AccessTokenVerifier, credential: str, now: datetime
    ) -> AuthenticatedClient | None:
        token = await tokens.verify(credential, now)
        if token is None:
            return None
        client = await find_client_of_issuer(self.database, token.client_id, token.scopes)
        return AuthenticatedClient(client, token.expires_at) if client is not None else None
