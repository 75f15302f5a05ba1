"""The headers of responses: declared once, and referred to by every response that has them."""

from collections.abc import Iterable
from typing import Any

Header = dict[str, Any]


def _header(description: str, schema: dict[str, Any], example: object, *, always: bool = True) -> Header:
    return {"description": description, "required": always, "schema": schema, "example": example}


_SECONDS = {"type": "integer", "minimum": 1, "maximum": 86_400, "format": "int32"}
_RATE = {"type": "string", "maxLength": 100}
_ADDRESS = {"type": "string", "format": "uri", "maxLength": 2_083}

HEADERS: dict[str, Header] = {
    "X-Request-Id": _header(
        "L’identifiant de la demande : le vôtre si c’est un UUID, sinon un nouveau. À donner au support.",
        {"type": "string", "format": "uuid"},
        "01978a3e-5b0c-7c41-9d5f-2f0c1b7a9e34",
    ),
    "RateLimit-Policy": _header(
        "Combien de demandes (`q`) sont permises par fenêtre de `w` secondes.",
        _RATE | {"pattern": r'^"default";q=[0-9]+;w=[0-9]+$'},
        '"default";q=600;w=60',
    ),
    "RateLimit": _header(
        "Ce qui reste (`r`), et dans combien de secondes tout sera de nouveau permis (`t`).",
        _RATE | {"pattern": r'^"default";r=[0-9]+;t=[0-9]+$'},
        '"default";r=599;t=1',
    ),
    "Content-Language": _header(
        "La langue des textes, choisie par `Accept-Language`.", {"type": "string", "enum": ["fr", "en"]}, "fr"
    ),
    "ETag": _header(
        "La version de la ressource, à rendre dans `If-None-Match` ou `If-Match`.",
        {"type": "string", "maxLength": 80, "pattern": r'^"[!#-~]+"$'},
        '"1"',
    ),
    "Location": _header("L’adresse de la ressource créée.", _ADDRESS, "https://exemple.fr/v1/registrations/018bd542"),
    "Link": _header(
        'La page suivante (`rel="next"`), filtres et taille gardés ; absent de la dernière page.',
        {"type": "string", "maxLength": 60_000, "pattern": '^<.+>; rel="[a-z]+"$'},
        '<https://exemple.fr/v1/registrations?limit=100&cursor=b3du>; rel="next"',
        always=False,
    ),
    "Idempotent-Replayed": _header(
        "`true` quand la réponse est celle d’une demande déjà faite avec la même clé.",
        {"type": "string", "enum": ["true"]},
        "true",
        always=False,
    ),
    "Preference-Applied": _header(
        "Ce qui a été retenu de `Prefer`.",
        {"type": "string", "maxLength": 20, "pattern": "^wait=[0-9]+$"},
        "wait=20",
        always=False,
    ),
    "Retry-After": _header("Dans combien de secondes réessayer.", _SECONDS, 1, always=False),
    "WWW-Authenticate": _header(
        "Comment s’authentifier.",
        {"type": "string", "maxLength": 200, "pattern": "^Bearer "},
        'Bearer realm="inscriptions"',
    ),
}

# A server error may lack the others: the caller was perhaps not known yet.
HEADERS_OF_SERVER_ERRORS = ("X-Request-Id", "Content-Language")
COMMON_HEADERS = ("X-Request-Id", "RateLimit-Policy", "RateLimit")
COMMON_HEADERS_WITH_LANGUAGE = (*COMMON_HEADERS, "Content-Language")


def header_references(names: Iterable[str]) -> dict[str, dict[str, str]]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
