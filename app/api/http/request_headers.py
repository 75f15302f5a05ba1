"""The headers `Idempotency-Key`, `If-Match` and `If-None-Match`: how they are declared and parsed."""

import re
from typing import Annotated

from fastapi import Header

from app.api.http.problems.problem_details import Problem
from app.use_cases.preconditions import Precondition
from app.wording.languages import Sentence

JSON_MEDIA_TYPE = "application/json"
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{16,255}")
_ETAG = re.compile(r'"([\x21\x23-\x7e\x80-\xff]*)"')
# After the version, what differs without being a change of it: seats that were taken, a place that moved up.
_VERSION = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.[0-9.]{1,40})?(-en)?")

MAX_CONDITION_LENGTH = 1000
ANY_VERSION_PATTERN, ETAG_PATTERN = r"\*", '(W/)?"[!#-~]*"'

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=257,
        description="De 16 à 255 caractères, neuf à chaque demande : la même clé rejoue la même réponse pendant 72 h.",
        json_schema_extra={"minLength": 16, "pattern": '^("[!-~]{16,255}"|[!#-~][!-~]{15,254})$'},
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=MAX_CONDITION_LENGTH,
        description="L’`ETag` de la version lue, ou `*` pour la dernière écriture.",
        json_schema_extra={
            "minLength": 1,
            "pattern": f"^({ANY_VERSION_PATTERN}|{ETAG_PATTERN}( *, *{ETAG_PATTERN})*)$",
        },
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        max_length=MAX_CONDITION_LENGTH,
        description="L’`ETag` déjà connu : 304 si inchangé ; ce qui n’en est pas un n’en est pas un connu.",
        pattern="^[ -~]*$",
    ),
]


def parse_idempotency_key(value: str | None) -> str | None:
    """The key, its optional quotes removed. Raise Problem when it is malformed."""
    if value is None:
        return None
    quoted = len(value) > 1 and value.startswith('"') and value.endswith('"')
    key = value[1:-1] if quoted else value
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        detail = Sentence(
            fr="Idempotency-Key : de 16 à 255 caractères ASCII visibles.",
            en="Idempotency-Key: from 16 to 255 visible ASCII characters.",
        )
        raise Problem("invalid-header", detail)
    return key


def require_idempotency_key(value: str | None) -> str:
    """Raise Problem when the key is absent or malformed."""
    key = parse_idempotency_key(value)
    if key is None:
        detail = Sentence(
            fr="Cette demande exige un en-tête Idempotency-Key.", en="This request requires an Idempotency-Key header."
        )
        raise Problem("idempotency-key-missing", detail)
    return key


def parse_if_match(if_match: str | None) -> Precondition:
    """The versions that may be changed, in whichever language they were read. A weak validator never matches (RFC 9110,
    strong comparison). Raise Problem when the header is malformed."""
    if if_match is None:
        return Precondition()
    if if_match.strip() == "*":
        return Precondition(anything=True)
    tags = [tag.strip() for tag in if_match.split(",")]
    found = [_ETAG.fullmatch(tag.removeprefix("W/")) for tag in tags]
    if not all(found):
        detail = Sentence(
            fr='If-Match : un ou plusieurs ETag entre guillemets, comme "3", ou *.',
            en='If-Match: one or more ETags in quotation marks, such as "3", or *.',
        )
        raise Problem("invalid-header", detail)
    strong = [match for tag, match in zip(tags, found, strict=True) if match and not tag.startswith("W/")]
    versions = (_VERSION.fullmatch(match[1]) for match in strong)
    return Precondition(
        frozenset(int(version[1]) for version in versions if version), by_weak_tag=len(strong) < len(tags)
    )


def etag_matches(if_none_match: str | None, tag: str) -> bool:
    """Whether the client already has the representation with this `etag` (weak comparison)."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or tag in tags
