"""A file as the response to a GET, with a name to keep it under."""

from typing import Any

from starlette.responses import Response

from app.api.http.bodies.json_responses import PRIVATE_NO_CACHE
from app.api.http.language_negotiation import language_headers
from app.wording.languages import Language

MAX_FILE_BYTES = 10_000_000
FILE_NAME_HEADER: dict[str, Any] = {
    "description": "Le nom du fichier, quand c’en est un.",
    "required": False,
    "schema": {"type": "string", "maxLength": 200, "pattern": '^attachment; filename="[a-z0-9.-]+"$'},
    "example": 'attachment; filename="inscriptions-2026-01-31.csv"',
}


def file_response(content: bytes, content_type: str, name: str) -> Response:
    """In French. `name` is in ASCII, with its ending."""
    headers = {
        "Cache-Control": PRIVATE_NO_CACHE,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Type": content_type,
        **language_headers(Language.FRENCH),
    }
    return Response(content, headers=headers)
