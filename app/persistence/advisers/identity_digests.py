"""Keyed digests of what names people: who has the database alone can neither read them nor try names on them.

Their key is one of the database's own, made once and sealed by SECRET_KEY, so that a rotation seals it again and no
digest is ever lost.
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from app.persistence.engine.database import Database, Keyed
from app.persistence.engine.secrets.secret_box import Safe

PURPOSE = "digest-key"
KEY_BYTES, SHORT_BYTES = 32, 8

READ = "SELECT sealed FROM digest_key"
MAKE = "INSERT INTO digest_key (id, sealed) VALUES (1, $1) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class Digester:
    key: bytes

    def digest(self, name: str) -> bytes:
        return hmac.digest(self.key, name.encode(), sha256)

    def short(self, name: str) -> int:
        return short_of(self.digest(name))

    def all_short(self, names: Iterable[str]) -> list[int]:
        return [*map(self.short, names)]


def short_of(digest: bytes) -> int:
    """As it is kept where very many are looked through: 64 bits of it."""
    return int.from_bytes(digest[:SHORT_BYTES], signed=True)


async def known_digester(keyed: Keyed) -> Digester | None:
    """None as long as nobody was ever digested here. Raise SealedByAnotherKeyError."""
    keyring = keyed.keyring
    if keyring.digest_key is None:
        row = await keyed.one(READ)
        if row is None:
            return None
        keyring.digest_key = bytes.fromhex(Safe(keyring.secrets, PURPOSE).open(row["sealed"]))
    return Digester(keyring.digest_key)


async def digester_of(database: Database) -> Digester:
    """The same, its key made when there is none: in a statement of its own, so that no transaction takes it back."""
    known = await known_digester(database)
    if known is None:
        sealed = Safe(database.keyring.secrets, PURPOSE).seal(secrets.token_hex(KEY_BYTES))
        await database.one(MAKE, sealed)
        known = await known_digester(database)
    if known is None:
        raise LookupError("the key of digests was made, and is not there")
    return known
