"""The public keys (JWKS) of the issuer of access tokens: fetched when needed, and again when a token names another."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWKError, PyJWTError

from app.api.http.problems.problem_details import Problem
from app.wording.languages import Sentence

REFRESH_SECONDS = 600.0  # a key that the issuer withdrew is not trusted for longer
MIN_REFRESH_INTERVAL_SECONDS = 10.0  # between two fetches, whatever keys tokens name
MAX_STALE_SECONDS = 3600.0  # while the issuer can't be reached
FETCH_TIMEOUT_SECONDS = 3.0
MAX_DOCUMENT_BYTES = 256 * 1024

ISSUER_UNAVAILABLE = Sentence(
    fr="L’émetteur de jetons ne répond pas ; une clé d’API, elle, ouvre toujours.",
    en="The issuer of tokens does not answer; an API key still opens.",
)

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.api.tokens")


class IssuerUnavailableError(Exception):
    """The issuer's metadata or keys can't be fetched, or are not valid."""


def metadata_urls(issuer: str) -> tuple[str, ...]:
    """Where an issuer may publish its metadata (RFC 8414, then OpenID Connect Discovery)."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    origin = f"{parts.scheme}://{parts.netloc}"
    return (
        f"{origin}/.well-known/oauth-authorization-server{path}",
        f"{origin}{path}/.well-known/openid-configuration",
    )


async def _fetch_document(client: httpx.AsyncClient, url: str) -> Mapping[str, Any]:
    """Raise IssuerUnavailableError."""
    try:
        async with client.stream("GET", url) as response:
            response.raise_for_status()
            content = b""
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MAX_DOCUMENT_BYTES:
                    raise IssuerUnavailableError(f"{url} is too long")
        document = orjson.loads(content)
    except (httpx.HTTPError, httpx.InvalidURL, orjson.JSONDecodeError) as failure:
        raise IssuerUnavailableError(f"{url}: {type(failure).__name__}") from failure
    if not isinstance(document, dict):
        raise IssuerUnavailableError(f"{url} is not an object")
    return document  # pyright: ignore[reportUnknownVariableType]  # JSON keys are strings


def _signing_keys(document: Mapping[str, Any]) -> dict[str | None, PyJWK]:
    """The public signing keys, by identifier; shared secrets and keys that can't be parsed are left out."""
    found = dict[str | None, PyJWK]()
    published = document.get("keys")
    for described in published if isinstance(published, list) else []:  # pyright: ignore[reportUnknownVariableType]  # JSON
        try:
            key = PyJWK(described)  # pyright: ignore[reportUnknownArgumentType]  # it checks the type itself
        except (PyJWKError, PyJWTError, AttributeError, TypeError, ValueError):
            continue
        if key.key_type in {"RSA", "EC", "OKP"} and key.public_key_use in {None, "sig"}:
            found[key.key_id] = key
    return found


@dataclass(slots=True)
class JwksCache:
    """`jwks_url` None: the one in the issuer's metadata. The first request that needs a key fetches; others wait."""

    issuer: str
    jwks_url: str | None = None
    _keys: dict[str | None, PyJWK] = field(default_factory=dict[str | None, PyJWK])
    _read_at: float | None = None
    _attempted_at: float | None = None
    _refresh_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The key of that identifier, or the only key when a token names none; None when the issuer has no such key.

        Raise Problem when the keys could not be fetched for MAX_STALE_SECONDS.
        """
        if (key := self._find_cached(key_id)) is not None and not self._is_older_than(REFRESH_SECONDS):
            return key
        async with self._refresh_lock:
            await self._refresh(key_id)
        if self._is_older_than(MAX_STALE_SECONDS):
            raise Problem(
                "unavailable", ISSUER_UNAVAILABLE, headers={"Retry-After": str(int(MIN_REFRESH_INTERVAL_SECONDS))}
            )
        return self._find_cached(key_id)

    def _find_cached(self, key_id: str | None) -> PyJWK | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _is_older_than(self, seconds: float) -> bool:
        return self._read_at is None or monotonic() - self._read_at > seconds

    async def _refresh(self, key_id: str | None) -> None:
        """Fetch, unless another request just did, or tried within MIN_REFRESH_INTERVAL_SECONDS."""
        if self._find_cached(key_id) is not None and not self._is_older_than(REFRESH_SECONDS):
            return
        if self._attempted_at is not None and monotonic() - self._attempted_at < MIN_REFRESH_INTERVAL_SECONDS:
            return
        self._attempted_at = monotonic()
        try:
            self._keys = await self._fetch_keys()
            self._read_at = monotonic()
        except IssuerUnavailableError as failure:
            _LOG.warning("the issuer of tokens can't be read", exc_info=failure)

    async def _fetch_keys(self) -> dict[str | None, PyJWK]:
        """Raise IssuerUnavailableError."""
        async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
            keys = _signing_keys(await _fetch_document(client, self.jwks_url or await self._discover_jwks_url(client)))
        if not keys:
            raise IssuerUnavailableError("no usable key is published")
        return keys

    async def _discover_jwks_url(self, client: httpx.AsyncClient) -> str:
        """Raise IssuerUnavailableError."""
        failure: IssuerUnavailableError | None = None
        for url in metadata_urls(self.issuer):
            try:
                metadata = await _fetch_document(client, url)
            except IssuerUnavailableError as unavailable:
                failure = unavailable
                continue
            jwks_url = metadata.get("jwks_uri")
            if metadata.get("issuer") == self.issuer and isinstance(jwks_url, str):
                return jwks_url
            failure = IssuerUnavailableError(f"{url} is not this issuer's, or names no keys")
        raise failure or IssuerUnavailableError(self.issuer)
