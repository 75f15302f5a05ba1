"""API keys `insc_<id>_<secret><checksum>`: generated, parsed, digested. The checksum tells a leaked key from a fake."""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from zlib import crc32

from app.persistence.administration.api_keys import KeyDigest
from app.persistence.engine.secrets.secret_box import fingerprint

KEY_PREFIX = "insc"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_LENGTH = 40  # 238 bits
KEY_ID_LENGTH = 12
_CHECKSUM_LENGTH = 6
KEY_ID_PATTERN = f"^[0-9A-Za-z]{{{KEY_ID_LENGTH}}}$"
KEY_PATTERN = f"^{KEY_PREFIX}_[0-9A-Za-z]{{{KEY_ID_LENGTH}}}_[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}$"
KEY_LENGTH = len(KEY_PREFIX) + KEY_ID_LENGTH + _SECRET_LENGTH + _CHECKSUM_LENGTH + 2


def _base62(number: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(text: str) -> str:
    return _base62(crc32(text.encode()), _CHECKSUM_LENGTH)


@dataclass(frozen=True, slots=True)
class NewKey:
    """`id` is public; `secret` is the whole key, shown once."""

    id: str
    secret: str


def generate_key() -> NewKey:
    key_id = _random(KEY_ID_LENGTH)
    text = f"{KEY_PREFIX}_{key_id}_{_random(_SECRET_LENGTH)}"
    return NewKey(key_id, text + _checksum(text))


def parse_key_id(secret: str) -> str | None:
    """The public identifier of a well-formed key; None for anything else."""
    parts = secret.split("_")
    if len(parts) != 3 or parts[0] != KEY_PREFIX:  # noqa: PLR2004  # prefix, identifier, secret
        return None
    text, checksum = secret[:-_CHECKSUM_LENGTH], secret[-_CHECKSUM_LENGTH:]
    return parts[1] if hmac.compare_digest(_checksum(text).encode(), checksum.encode()) else None


@dataclass(frozen=True, slots=True)
class Pepper:
    """The values of SECRET_KEY, newest first: new keys are digested with the first, known keys found with any."""

    secrets: tuple[str, ...]

    def digest(self, key: str) -> KeyDigest:
        return self._digest(self.secrets[0], key)

    def candidate_digests(self, key: str) -> list[KeyDigest]:
        """The digests of which one is stored, if the key is known."""
        return [self._digest(secret, key) for secret in self.secrets]

    @staticmethod
    def _digest(secret: str, key: str) -> KeyDigest:
        return KeyDigest(hmac.digest(f"api-key:{secret}".encode(), key.encode(), sha256), fingerprint(secret))
