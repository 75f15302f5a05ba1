"""Personal links: signed by this service, each for one decision, with nothing that identifies the adviser.

An e-mail may have one, beside that of the support desk.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from app.domain.events import Recipient
from app.persistence.engine.driver_types import Row
from app.use_cases.registrations.support_links import SupportSubject, support_link

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


def links_of_email(
    row: Row, asked: UUID | None, base_url: str, secrets: Sequence[str]
) -> tuple[str | None, str | None]:
    """Of a row of `messages.EMAIL_CONTEXT`: where the adviser answers `asked`, the decision that the e-mail asks about
    (None when it asks nothing), and where they contest or justify. None to anybody else."""
    if row["recipient"] != Recipient.ADVISER:
        return None, None
    if row["registration_id"] is not None:
        kind, subject = SupportSubject.REGISTRATION, row["registration_id"]
    elif row["certification_id"] is not None:
        kind, subject = SupportSubject.CERTIFICATION, row["certification_id"]
    else:
        kind, subject = SupportSubject.ADVISER, row["adviser_id"]
    answer = personal_link(base_url, secrets, asked) if asked is not None else None
    return answer, support_link(base_url, secrets, kind, subject)
