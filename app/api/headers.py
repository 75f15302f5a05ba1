"""`Idempotency-Key`, `If-Match`, `ETag`: what they may say."""

import re
from typing import Annotated

from fastapi import Header
from starlette.responses import Response

from app.api.problems import Problem
from app.persistence.attempts import Answer
from app.use_cases.versions import Expected

JSON = "application/json"
_KEY = re.compile(r"[\x21-\x7e]{16,255}")
_ETAG = re.compile(r'"([\x21\x23-\x7e\x80-\xff]*)"')
_VERSION = re.compile(r"0|[1-9][0-9]{0,8}")

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="De 16 à 255 caractères, neuf à chaque demande : la même clé rejoue la même réponse pendant 72 h.",
        examples=["7c4a8d09-ca37-4b1e-9c5f-0123456789ab"],
    ),
]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="L’`ETag` de la version lue, ou `*` pour la dernière écriture."),
]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", description="L’`ETag` déjà connu : 304 si inchangé.")]


def checked_key(value: str | None) -> str | None:
    """The key, its optional quotes removed. Raise Problem when it is malformed."""
    if value is None:
        return None
    quoted = len(value) > 1 and value.startswith('"') and value.endswith('"')
    key = value[1:-1] if quoted else value
    if not _KEY.fullmatch(key):
        raise Problem("invalid-header", "Idempotency-Key : de 16 à 255 caractères ASCII visibles.")
    return key


def required_key(value: str | None) -> str:
    """Raise Problem when the key is absent or malformed."""
    key = checked_key(value)
    if key is None:
        raise Problem("idempotency-key-missing", "Cette demande exige un en-tête Idempotency-Key.")
    return key


def etag(version: int) -> str:
    """A strong validator: a resource's version."""
    return f'"{version}"'


def expected(if_match: str | None) -> Expected:
    """Raise Problem when the header is malformed. A weak validator never matches (RFC 9110, strong comparison)."""
    if if_match is None:
        return Expected()
    if if_match.strip() == "*":
        return Expected(anything=True)
    tags = [tag.strip() for tag in if_match.split(",")]
    found = [_ETAG.fullmatch(tag.removeprefix("W/")) for tag in tags]
    if not all(found):
        raise Problem("invalid-header", 'If-Match : un ou plusieurs ETag entre guillemets, comme "3", ou *.')
    strong = (match for tag, match in zip(tags, found, strict=True) if match and not tag.startswith("W/"))
    return Expected(frozenset(int(match[1]) for match in strong if _VERSION.fullmatch(match[1])))


def is_known(if_none_match: str | None, version: int) -> bool:
    """Whether the client already has this version (weak comparison)."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag(version) in tags


def answered(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, media_type=None)
    for name, value in answer.headers.items():
        response.headers[name] = value
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response
