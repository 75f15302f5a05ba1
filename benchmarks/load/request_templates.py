"""What is played: each kind of request as the text that goes over the wire, with places for a number.

wrk's Lua and Python's bytes fill a `%012x` alike, so that both generators play the same text.
"""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.seed.published_catalogue import LA_MEDNUM
from benchmarks.dataset import MODULE, adviser_id, registration_id

BODY = json.dumps(
    {
        "adviser_id": "ADVISER",
        "module_code": MODULE,
        "training_organisation_id": str(LA_MEDNUM),
        "session": {"starts_on": "2026-09-15", "ends_on": "2026-09-16", "format": "remote", "reference": "BENCH-1"},
        "requested_on": "2026-06-15",
        "regularisation": True,  # it may have started by the day of the measure
    }
)

PLACE = "%012x"
_ADVISER = adviser_id(0).removesuffix("0" * 12) + PLACE
_REGISTRATION = registration_id(0).removesuffix("0" * 12) + PLACE


@dataclass(frozen=True, slots=True)
class Requests:
    """Writes templates for one server, with the `authorization` of one client."""

    base_url: str
    authorization: str

    def registration(self) -> str:
        """A new adviser's registration: decided, written, committed, with its outbox row."""
        body = BODY.replace("ADVISER", _ADVISER)
        length = len(body) - len(PLACE) + 12
        headers = f"Content-Type: application/json\r\nIdempotency-Key: bench-{_ADVISER}\r\nContent-Length: {length}\r\n"
        return self._text("POST", "/v1/registrations", headers) + body

    def one(self) -> str:
        return self._text("GET", f"/v1/registrations/{_REGISTRATION}")

    def not_modified(self, etag: str) -> str:
        """A registration of which the client has the representation of this `etag`, with its quotes."""
        return self._text("GET", f"/v1/registrations/{_REGISTRATION}", f"If-None-Match: {_literal(etag)}\r\n")

    def page(self) -> str:
        return self._text("GET", "/v1/registrations?limit=100")

    def feed_page(self, cursor: str) -> str:
        return self._text("GET", f"/v1/events?limit=100&after={_literal(cursor)}")

    def training_record(self) -> str:
        return self._text("GET", f"/v1/advisers/{_ADVISER}/training-record")

    def _text(self, method: str, path: str, headers: str = "") -> str:
        common = f"Host: {urlsplit(self.base_url).netloc}\r\nAuthorization: {_literal(self.authorization)}\r\n"
        return f"{method} {path} HTTP/1.1\r\n{common}{headers}\r\n"


def _literal(text: str) -> str:
    """The text as a template that has no place."""
    return text.replace("%", "%%")


def fill(template: str, number: int) -> bytes:
    """The request of this number."""
    return (template % ((number,) * template.count(PLACE))).encode()
