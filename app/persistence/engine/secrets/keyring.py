"""The keys at hand where secrets stored in the database are read."""

from dataclasses import dataclass


@dataclass(slots=True)
class Keyring:
    """`secrets` are the values of SECRET_KEY, newest first; none where no digest is made. `digest_key` is the key of
    identity digests, None until it was read."""

    secrets: tuple[str, ...] = ()
    digest_key: bytes | None = None
