"""JWT access tokens of an external issuer (RFC 9068), for clients that come with their own credentials."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from app.api.identity.issuer_jwks import JwksCache
from app.api.identity.token_verifier import AccessToken

# Asymmetric only: whoever could check a token by a shared secret could make one.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
TOKEN_TYPES = {"at+jwt", "application/at+jwt"}
REQUIRED_CLAIMS = ("iss", "aud", "exp", "iat", "sub", "client_id", "jti")
LEEWAY_SECONDS = 30
MAX_TOKEN_LENGTH = 8192


@dataclass(frozen=True, slots=True)
class AccessTokenVerifier:
    """A TokenVerifier for one issuer. `audience` is the name that its tokens have for this service."""

    jwks: JwksCache
    audience: str

    async def verify(self, token: str, now: datetime) -> AccessToken | None:
        """None when it is no token, or not a valid one. Raise Problem when the issuer's keys can't be read."""
        header = _header(token)
        if header is None:
            return None
        key = await self.jwks.find(header.get("kid"))
        if key is None:
            return None
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self.audience,
                issuer=self.jwks.issuer,
                # `_is_valid_at` checks the instants, by our own clock.
                options={
                    "require": [*REQUIRED_CLAIMS],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "enforce_minimum_key_length": True,
                },
            )
        except PyJWTError:
            return None
        return _access_token(claims) if _is_valid_at(claims, now) else None


def _header(token: str) -> dict[str, Any] | None:
    """The header of a token that may be decoded: an access token, signed with one of ALGORITHMS; None otherwise."""
    if len(token) > MAX_TOKEN_LENGTH:
        return None
    try:
        header = jwt.get_unverified_header(token)
    except PyJWTError:
        return None
    is_access_token = str(header.get("typ", "")).lower() in TOKEN_TYPES
    return header if is_access_token and header.get("alg") in ALGORITHMS and "crit" not in header else None


def _is_valid_at(claims: dict[str, Any], now: datetime) -> bool:
    instants = [claims["exp"], claims["iat"], claims.get("nbf", 0)]
    if not all(isinstance(instant, int | float) for instant in instants):
        return False
    expires, issued, begins = instants
    moment = now.timestamp()
    return bool(moment < expires + LEEWAY_SECONDS and max(issued, begins) <= moment + LEEWAY_SECONDS)


def _access_token(claims: dict[str, Any]) -> AccessToken | None:
    client_id, scope = claims["client_id"], claims.get("scope")
    if not isinstance(client_id, str) or not (scope is None or isinstance(scope, str)):
        return None
    scopes = frozenset(scope.split()) if scope is not None else None
    try:
        expires_at = datetime.fromtimestamp(claims["exp"] + LEEWAY_SECONDS, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return AccessToken(client_id, scopes, expires_at)
