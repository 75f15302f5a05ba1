"""Personal links to the support desk: signed by this service, each for one subject, with nothing that identifies it."""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

ID_BYTES = SIGNATURE_BYTES = 16
TOKEN_BYTES = 1 + ID_BYTES + SIGNATURE_BYTES


class SupportSubject(StrEnum):
    """What a personal link is about."""

    REGISTRATION = "registration"
    CERTIFICATION = "certification"
    ADVISER = "adviser"


_KINDS = tuple(SupportSubject)


def support_link(base_url: str, secrets: Sequence[str], kind: SupportSubject, subject: UUID) -> str:
    """The address at which the adviser contests or justifies; the first of `secrets`, the values of SECRET_KEY, signs
    it."""
    named = bytes([_KINDS.index(kind)]) + subject.bytes
    token = urlsafe_b64encode(named + _signature(secrets[0], named))
    return f"{base_url}/support/{token.decode().rstrip('=')}"


def subject_of_token(token: str, secrets: Sequence[str]) -> tuple[SupportSubject, UUID] | None:
    """The subject of a link's token; None when none of `secrets` signed it."""
    try:
        content = urlsafe_b64decode(f"{token}{'=' * (-len(token) % 4)}")
    except (binascii.Error, ValueError):
        return None
    named, signature = content[:-SIGNATURE_BYTES], content[-SIGNATURE_BYTES:]
    if len(content) != TOKEN_BYTES or named[0] >= len(_KINDS):
        return None
    if not any(hmac.compare_digest(signature, _signature(secret, named)) for secret in secrets):
        return None
    return _KINDS[named[0]], UUID(bytes=named[1:])


def _signature(secret: str, named: bytes) -> bytes:
    return hmac.digest(f"support-link:{secret}".encode(), named, sha256)[:SIGNATURE_BYTES]
