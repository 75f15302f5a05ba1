"""Personal links: signed by this service, each for one decision, without anything that tells whose it is."""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

ID_BYTES = SIGNATURE_BYTES = 16


def personal_link(base_url: str, secrets: Sequence[str], decision: UUID) -> str:
    """The address at which the adviser answers; the first of `secrets`, the values of SECRET_KEY, signs it."""
    token = urlsafe_b64encode(decision.bytes + _signature(secrets[0], decision.bytes))
    return f"{base_url}/answer/{token.decode().rstrip('=')}"


def decision_of_token(token: str, secrets: Sequence[str]) -> UUID | None:
    """The decision that a link was made for; None when it is none of ours."""
    try:
        held = urlsafe_b64decode(f"{token}{'=' * (-len(token) % 4)}")
    except (binascii.Error, ValueError):
        return None
    named, signature = held[:ID_BYTES], held[ID_BYTES:]
    if not any(hmac.compare_digest(signature, _signature(secret, named)) for secret in secrets):
        return None
    return UUID(bytes=named)


def _signature(secret: str, named: bytes) -> bytes:
    return hmac.digest(f"personal-link:{secret}".encode(), named, sha256)[:SIGNATURE_BYTES]
