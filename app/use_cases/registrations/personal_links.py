"""Personal links: signed by this service, each for one decision, with nothing that identifies the adviser."""

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
    """The decision of a link's token; None when none of `secrets` signed it."""
    try:
        content = urlsafe_b64decode(f"{token}{'=' * (-len(token) % 4)}")
    except (binascii.Error, ValueError):
        return None
    decision, signature = content[:ID_BYTES], content[ID_BYTES:]
    if not any(hmac.compare_digest(signature, _signature(secret, decision)) for secret in secrets):
        return None
    return UUID(bytes=decision)


def _signature(secret: str, decision: bytes) -> bytes:
    return hmac.digest(f"personal-link:{secret}".encode(), decision, sha256)[:SIGNATURE_BYTES]
