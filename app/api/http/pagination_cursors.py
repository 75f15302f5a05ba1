"""Cursors: opaque, signed, and of one list, its filters and one client."""

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
    """Cursors signed for one list, its filters and one client."""

    secrets: tuple[str, ...]
    scope: bytes

    def encode(self, keys: Sequence[str | int]) -> str:
        content = orjson.dumps(keys)
        return urlsafe_b64encode(self._signature(self.secrets[0], content) + content).decode().rstrip("=")

    def decode(self, cursor: str) -> tuple[datetime | str, ...]:
        """The keys of the last row seen. Raise Problem."""
        *instants, key = self.decode_values(cursor)
        return *(datetime.fromisoformat(instant) for instant in instants), key

    def decode_values(self, cursor: str) -> list[Any]:
        """What was sealed. Raise Problem."""
        try:
            sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError):
            sealed = b""
        signature, content = sealed[:_SIGNATURE_BYTES], sealed[_SIGNATURE_BYTES:]
        if not any(hmac.compare_digest(signature, self._signature(secret, content)) for secret in self.secrets):
            raise Problem("invalid-cursor", INVALID_CURSOR)
        keys: list[Any] = orjson.loads(content)
        return keys

    def _signature(self, secret: str, content: bytes) -> bytes:
        return hmac.digest(f"cursor:{secret}".encode(), self.scope + content, sha256)[:_SIGNATURE_BYTES]
