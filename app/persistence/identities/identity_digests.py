"""Keyed digests of identities: who has the database alone can neither read them nor test names against them.

The key is made once per database and stored sealed by SECRET_KEY: a rotation seals it again, and every digest stays
valid.
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from app.persistence.engine.database import Database, KeyedReader
from app.persistence.engine.secrets.secret_box import SecretBox

DIGEST_KEY_PURPOSE = "digest-key"
KEY_BYTES, SHORT_BYTES = 32, 8

READ_KEY = "SELECT sealed FROM digest_key"
INSERT_KEY = "INSERT INTO digest_key (id, sealed) VALUES (1, $1) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class IdentityDigester:
    key: bytes

    def digest(self, name: str) -> bytes:
        return hmac.digest(self.key, name.encode(), sha256)

    def short_digest(self, name: str) -> int:
        return shorten(self.digest(name))

    def short_digests(self, names: Iterable[str]) -> list[int]:
        return [*map(self.short_digest, names)]


def shorten(digest: bytes) -> int:
    """The first 64 bits, signed: what is stored where very many are searched."""
    return int.from_bytes(digest[:SHORT_BYTES], signed=True)


async def existing_digester(reader: KeyedReader) -> IdentityDigester | None:
    """None while this database has no key yet. Raise SealedByAnotherKeyError."""
    keyring = reader.keyring
    if keyring.digest_key is None:
        row = await reader.one(READ_KEY)
        if row is None:
            return None
        keyring.digest_key = bytes.fromhex(SecretBox(keyring.secrets, DIGEST_KEY_PURPOSE).open(row["sealed"]))
    return IdentityDigester(keyring.digest_key)


async def get_or_create_digester(database: Database) -> IdentityDigester:
    """Make the key when there is none, in a statement of its own, so that no rollback undoes it."""
    known = await existing_digester(database)
    if known is None:
        sealed = SecretBox(database.keyring.secrets, DIGEST_KEY_PURPOSE).seal(secrets.token_hex(KEY_BYTES))
        await database.one(INSERT_KEY, sealed)
        known = await existing_digester(database)
    if known is None:
        raise LookupError("the key of digests was made, and is not there")
    return known
