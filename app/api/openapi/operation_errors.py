"""The problems that an operation can answer: those its parameters and body imply, and those its route declares."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from app.api.http.problems.catalogue.problem_types import PROBLEM_TYPES
from app.api.http.problems.problem_details import PROBLEM_MEDIA_TYPE
from app.api.openapi.response_headers import COMMON_HEADERS_WITH_LANGUAGE, HEADERS_OF_SERVER_ERRORS, header_references

STATUS_DESCRIPTIONS = {
    400: "Requête, en-tête, curseur ou paramètre mal formé",
    401: "Clé d’API absente ou inconnue",
    403: "Action non permise à cette clé",
    404: "Introuvable, ou pas à vous",
    406: "Format non proposé",
    408: "Demande trop lente",
    409: "Conflit avec l’état présent",
    410: "N’existe plus",
    412: "Version périmée",
    413: "Corps trop volumineux",
    415: "Type de contenu refusé",
    422: "Demande invalide, champ par champ",
    428: "If-Match manquant",
    429: "Trop de demandes",
    500: "Erreur interne",
    503: "Momentanément indisponible",
}

CODES_OF_EVERY_OPERATION = (
    "invalid-parameter",
    "unauthenticated",
    "forbidden",
    "too-many-requests",
    "internal-error",
    "unavailable",
)
CODES_WITH_JSON_BODY = (
    "malformed-json", "request-timeout", "payload-too-large", "unsupported-media-type", "validation-error",
)  # fmt: skip
CODES_WITH_UPLOAD = ("request-timeout", "payload-too-large", "unsupported-media-type", "validation-error")
CODES_WITH_PARAMETER = {
    "cursor": ("invalid-cursor",),
    "Idempotency-Key": ("invalid-header", "idempotency-key-reused", "idempotency-in-flight", "outcome-unknown"),
    "If-Match": ("invalid-header", "precondition-failed", "precondition-required"),
}

_HEADERS_BY_STATUS = {
    401: ("WWW-Authenticate",),
    410: ("Link",),
    412: ("ETag",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
REPLAY_HEADERS_BY_STATUS = {409: ("Retry-After", "Idempotent-Replayed"), 422: ("Idempotent-Replayed",)}
SERVER_ERROR = 500
# A status with a single problem, the same for every operation, is declared once and referred to.
SHARED_STATUSES = {401, 403, 404, 406, 408, 410, 412, 413, 415, 428, 429, 500}


def problem_codes_of(operation: Mapping[str, Any]) -> frozenset[str]:
    """Of an operation as the framework generated it."""
    return frozenset({*CODES_OF_EVERY_OPERATION, *_implied_codes(operation), *_declared_codes(operation)})


def error_responses_of(operation: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The responses to its errors, by status."""
    replays = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    by_status: dict[int, list[str]] = {}
    for code in sorted(problem_codes_of(operation), key=list(PROBLEM_TYPES).index):
        by_status.setdefault(PROBLEM_TYPES[code].status, []).append(code)
    return {
        str(status): {"$ref": f"#/components/responses/{codes[0]}"}
        if status in SHARED_STATUSES
        else _error_response(status, codes, replays=replays)
        for status, codes in sorted(by_status.items())
    }


def shared_responses(codes: Collection[str]) -> dict[str, dict[str, Any]]:
    """The responses that every operation refers to, by the code of their problem; `codes` are those that any operation
    answers."""
    shared = {
        code: kind.status for code, kind in PROBLEM_TYPES.items() if kind.status in SHARED_STATUSES and code in codes
    }
    return {code: _error_response(status, [code], replays=False) for code, status in shared.items()}


def _implied_codes(operation: Mapping[str, Any]) -> Iterator[str]:
    if "requestBody" in operation:
        yield from (
            CODES_WITH_JSON_BODY if "application/json" in operation["requestBody"]["content"] else CODES_WITH_UPLOAD
        )
    for parameter in operation.get("parameters", ()):
        yield from ("not-found",) if parameter["in"] == "path" else CODES_WITH_PARAMETER.get(parameter["name"], ())


def _declared_codes(operation: Mapping[str, Any]) -> Iterator[str]:
    for answer in operation["responses"].values():
        yield from answer.get("content", {}).get(PROBLEM_MEDIA_TYPE, {}).get("examples", ())


def _error_response(status: int, codes: list[str], *, replays: bool) -> dict[str, Any]:
    common = COMMON_HEADERS_WITH_LANGUAGE if status < SERVER_ERROR else HEADERS_OF_SERVER_ERRORS
    headers = [
        *common,
        *_HEADERS_BY_STATUS.get(status, ()),
        *(REPLAY_HEADERS_BY_STATUS.get(status, ()) if replays else ()),
    ]
    listed = ", ".join(f"`{code}`" for code in codes)
    return {
        "description": f"{STATUS_DESCRIPTIONS[status]} : {listed}.",
        "headers": header_references(headers),
        "content": {
            PROBLEM_MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/ProblemResource"},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def problem_examples(codes: Collection[str]) -> dict[str, dict[str, Any]]:
    """An example of each of these problems, by its code."""
    return {
        code: {
            "summary": kind.title.fr,
            "value": {
                "type": f"https://exemple.fr/problems/{code}",
                "title": kind.title.fr,
                "status": kind.status,
                "detail": kind.advice.fr,
                "instance": "urn:uuid:01978a3e-5b0c-7c41-9d5f-2f0c1b7a9e34",
                "code": code,
            },
        }
        for code, kind in PROBLEM_TYPES.items()
        if code in codes
    }
