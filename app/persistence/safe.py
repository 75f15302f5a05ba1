"""Secrets that must be read again, encrypted where they rest: whoever has the database alone does not have them."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SealedByAnotherKeyError(Exception):
    """None of the present values of SECRET_KEY sealed this."""


class Safe:
    """Opened by the values of SECRET_KEY, newest first: the first one seals, all open."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._keys = MultiFernet([Fernet(_key_of(secret)) for secret in secrets])

    def seal(self, text: str) -> bytes:
        return self._keys.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Raise SealedByAnotherKeyError."""
        try:
            return self._keys.decrypt(sealed).decode()
        except InvalidToken:
            raise SealedByAnotherKeyError from None


def _key_of(secret: str) -> bytes:
    # The setting has at least 32 random characters: a slow derivation would add nothing.
    return urlsafe_b64encode(sha256(f"webhook-secret:{secret}".encode()).digest())
