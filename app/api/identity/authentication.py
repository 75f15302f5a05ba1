"""Which client a credential belongs to: an API key of ours, or an access token of the issuer that we trust."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.api.identity.api_key_secrets import Pepper, parse_key_id
from app.api.identity.credential_cache import CredentialCache
from app.api.identity.token_verifier import TokenVerifier
from app.api.identity.unknown_credentials import CredentialLookup, UnknownCredentialLimiter
from app.persistence.administration.api_keys import find_key
from app.persistence.administration.clients import AuthenticatedClient, Client, find_client_of_issuer
from app.persistence.engine.database import Database


@dataclass(slots=True)
class CredentialAuthenticator:
    """The Authenticator of the application. Without a `token_verifier`, only keys are accepted."""

    database: Database
    pepper: Pepper
    token_verifier: TokenVerifier | None = None
    credential_cache: CredentialCache = field(default_factory=CredentialCache)
    unknown_credentials: UnknownCredentialLimiter = field(default_factory=UnknownCredentialLimiter)

    async def client_of(self, credential: str, now: datetime, origin: Callable[[], str]) -> Client | None:
        """The client of a live key or access token; None when it is malformed, unknown, expired or revoked.

        Raise Problem when the issuer's keys can't be read, and when too many unknown credentials came from `origin`.
        """
        remembered = self.credential_cache.get(credential, now)
        if remembered is not None:
            return remembered
        look_up = self._credential_lookup(credential, now)
        if look_up is None:
            return None
        generation = self.credential_cache.generation
        is_token = parse_key_id(credential) is None  # of a client that may be added after it
        found = await self.unknown_credentials.resolve(credential, origin(), look_up, may_become_valid=is_token)
        if found is None:
            return None
        self.credential_cache.put(credential, found, generation)
        return found.client

    def forget_clients(self) -> None:
        """A client or a key was revoked: look everybody up again."""
        self.credential_cache.clear()

    def _credential_lookup(self, credential: str, now: datetime) -> CredentialLookup | None:
        """How to look it up; None when its form shows that it cannot be valid."""
        key_id = parse_key_id(credential)
        if key_id is not None:
            return lambda: find_key(self.database, key_id, self.pepper.candidate_digests(credential), now)
        verifier = self.token_verifier
        return (lambda: self._client_of_token(verifier, credential, now)) if verifier is not None else None

    async def _client_of_token(
        self, verifier: TokenVerifier, credential: str, now: datetime
    ) -> AuthenticatedClient | None:
        token = await verifier.verify(credential, now)
        if token is None:
            return None
        client = await find_client_of_issuer(self.database, token.client_id, token.scopes)
        return AuthenticatedClient(client, token.expires_at) if client is not None else None
