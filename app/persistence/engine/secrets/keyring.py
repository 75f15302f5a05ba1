"""The values of SECRET_KEY where the database is spoken to, and the key of digests once they opened it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Keyring:
    """`secrets` are newest first; none where nobody is digested. `digest_key` is remembered once it is committed."""

    secrets: tuple[str, ...] = ()
    digest_key: bytes | None = None
