"""Encryption of secrets stored in the database: who has the database alone can't read them."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

WEBHOOK_SECRET_PURPOSE = "webhook-secret"  # noqa: S105  # what it is for
FINGERPRINT_LENGTH = 16


class SealedByAnotherKeyError(Exception):
    """No present value of SECRET_KEY opens it, or it was sealed too long ago."""


class SecretBox:
    """Seals by the newest value of SECRET_KEY, opens by any; `secrets` are newest first. What is sealed for one
    `purpose` opens for no other."""

    def __init__(self, secrets: Iterable[str], purpose: str = WEBHOOK_SECRET_PURPOSE) -> None:
        keys = [Fernet(_key_of(secret, purpose)) for secret in secrets]
        self._keys = MultiFernet(keys)
        self._newest = keys[0]

    def seal(self, text: str) -> bytes:
        return self._keys.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Raise SealedByAnotherKeyError."""
        try:
            return self._keys.decrypt(sealed).decode()
        except InvalidToken:
            raise SealedByAnotherKeyError from None

    def reseal(self, sealed: bytes) -> bytes | None:
        """Seal it again by the newest value; None when it is already. Raise SealedByAnotherKeyError."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return self.seal(self.open(sealed))
        return None

    def seal_at(self, text: str, at: datetime) -> bytes:
        return self._keys.encrypt_at_time(text.encode(), int(at.timestamp()))

    def open_within(self, sealed: bytes, lifetime: timedelta, now: datetime) -> str:
        """Open what `seal_at` sealed. Raise SealedByAnotherKeyError, also once `lifetime` has passed."""
        try:
            return self._keys.decrypt_at_time(sealed, int(lifetime.total_seconds()), int(now.timestamp())).decode()
        except InvalidToken:
            raise SealedByAnotherKeyError from None


def fingerprint(secret: str) -> str:
    """An identifier of a value of SECRET_KEY that reveals nothing of it."""
    return sha256(f"fingerprint:{secret}".encode()).hexdigest()[:FINGERPRINT_LENGTH]


def _key_of(secret: str, purpose: str) -> bytes:
    # The setting has at least 32 random characters: a slow derivation would add nothing.
    return urlsafe_b64encode(sha256(b":".join((purpose.encode(), secret.encode()))).digest())
