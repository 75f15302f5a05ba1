"""Cursors are opaque and signed: each is valid for one list, its filters and one client."""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from app.api.http.problems.problem_details import Problem
from app.wording.languages import Sentence

_SIGNATURE_BYTES = 12

INVALID_CURSOR = Sentence(
    fr="Ce curseur n’est pas de cette liste, de ces filtres ou de ce client.",
    en="This cursor is not of this list, of these filters or of this client.",
)


@dataclass(frozen=True, slots=True)
class CursorSigner:
    """`scope` identifies the list, its filters and the client; the first of `secrets` signs, any of them verifies."""

    secrets: tuple[str, ...]
    scope: bytes

    def encode(self, keys: Sequence[str | int]) -> str:
        content = orjson.dumps(keys)
        return urlsafe_b64encode(self._signature(self.secrets[0], content) + content).decode().rstrip("=")

    def decode(self, cursor: str) -> tuple[datetime | str, ...]:
        """The keys of the last row of the page before. Raise Problem."""
        *instants, key = self.decode_values(cursor)
        return *(datetime.fromisoformat(instant) for instant in instants), key

    def decode_values(self, cursor: str) -> list[Any]:
        """The values that `encode` was given. Raise Problem when it is another's cursor, or none."""
        try:
            signed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError):
            signed = b""
        signature, content = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
        if not any(hmac.compare_digest(signature, self._signature(secret, content)) for secret in self.secrets):
            raise Problem("invalid-cursor", INVALID_CURSOR)
        keys: list[Any] = orjson.loads(content)
        return keys

    def _signature(self, secret: str, content: bytes) -> bytes:
        return hmac.digest(f"cursor:{secret}".encode(), self.scope + content, sha256)[:_SIGNATURE_BYTES]
