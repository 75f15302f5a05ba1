"""The requests whose cost must not grow: each a batch that is sent one after the other."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlencode, urlsplit
from uuid import NAMESPACE_URL, uuid4, uuid5

import orjson

from app.api.http.pagination_cursors import CursorSigner
from benchmarks.dataset import SECRET, adviser_id, registration_id
from benchmarks.growth.database import GrownDatabase
from benchmarks.http_load import BODY

SPREAD = 104_729  # a prime: the requests are about people far from one another
ADMIN = uuid5(NAMESPACE_URL, "urn:inscriptions:client:admin")  # as the demonstration names it


class RequestFailed(Exception):  # noqa: N818  # an end of the benchmark
    """The service answered something else than what was measured."""


@dataclass(slots=True)
class GrownService:
    """A service on a grown database; requests are about other advisers each time."""

    database: GrownDatabase
    base_url: str
    pid: int
    connection: HTTPConnection = field(init=False)
    numbers: Iterator[int] = field(default_factory=count)
    registered: Iterator[int] = field(default_factory=count)
    feed_cursor: str | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        self.connection = HTTPConnection(parts.hostname or "", parts.port or 0, timeout=60)

    def adviser(self) -> int:
        return 1 + next(self.numbers) * SPREAD % self.database.advisers

    def new_adviser(self) -> int:
        """One that was not registered by this benchmark."""
        return 1 + next(self.registered) * SPREAD % self.database.advisers

    def registration(self) -> str:
        return registration_id(next(self.numbers) * SPREAD % (5 * self.database.advisers))

    def send(self, method: str, path: str, role: str = "admin", body: bytes | None = None) -> bytes:
        """Raise RequestFailed."""
        headers = {"Authorization": f"Bearer {self.database.keys[role]}", "Content-Type": "application/json"}
        if body is not None:
            headers["Idempotency-Key"] = f"growth-{uuid4()}"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status not in {200, 201}:
            raise RequestFailed(method, path, answer.status, content[:300])
        return content

    def get(self, path: str, role: str = "admin", **parameters: object) -> bytes:
        return self.send("GET", f"{path}?{urlencode(parameters)}" if parameters else path, role)


def _register(service: GrownService) -> None:
    service.send("POST", "/v1/registrations", body=BODY.replace("ADVISER", adviser_id(service.new_adviser())).encode())


def _deep_page(service: GrownService) -> None:
    """A page from the middle of the list: its cursor is signed here, since nobody walks there."""
    signer = CursorSigner((SECRET,), orjson.dumps(["/v1/registrations", str(ADMIN), []]))
    middle = registration_id(5 * service.database.advisers // 2)
    service.get("/v1/registrations", limit=100, cursor=signer.encode([middle]))


def _feed(service: GrownService) -> None:
    """The page that follows the last one read."""
    after = {"after": service.feed_cursor} if service.feed_cursor else {}
    service.feed_cursor = orjson.loads(service.get("/v1/events", limit=100, **after))["next"]


# What reads a number of files or of stored responses that is limited, but not the same in each database: a list.
LISTS = {
    "advisers of an organisation, a page",
    "export of an adviser",
    "obligations, a page of 100",
    "exams, a page of 100",
}

# By name, one request, and how many of them are a batch.
REQUESTS: Mapping[str, tuple[Callable[[GrownService], object], int]] = {
    "POST /v1/registrations": (_register, 40),
    "GET a registration": (lambda s: s.get(f"/v1/registrations/{s.registration()}"), 50),
    "GET a registration, as its organisation": (
        lambda s: s.get("/v1/registrations", "training_organisation", limit=1, ids=s.registration()),
        30,
    ),
    "page of 100, the first": (lambda s: s.get("/v1/registrations", limit=100), 10),
    "page of 100, from the middle": (_deep_page, 10),
    "page of 100, by updated_since": (
        lambda s: s.get("/v1/registrations", limit=100, updated_since="2024-06-01T00:00:00Z"),
        10,
    ),
    "page of 100, of an organisation": (lambda s: s.get("/v1/registrations", "training_organisation", limit=100), 10),
    "feed, a page of 100": (_feed, 10),
    "feed of an organisation, a page of 100": (lambda s: s.get("/v1/events", "training_organisation", limit=100), 10),
    "adviser by e-mail": (lambda s: s.get("/v1/advisers", email=f"camille.{s.adviser()}@example.org"), 30),
    "adviser by ID Conum": (lambda s: s.get("/v1/advisers", conum_id=s.adviser()), 30),
    "advisers of an organisation, a page": (lambda s: s.get("/v1/advisers", "training_organisation", limit=100), 10),
    "training record": (lambda s: s.get(f"/v1/advisers/{adviser_id(s.adviser())}/training-record"), 30),
    "registrations of an adviser": (lambda s: s.get("/v1/registrations", adviser_id=adviser_id(s.adviser())), 30),
    "messages of an adviser": (lambda s: s.get("/v1/messages", adviser_id=adviser_id(s.adviser())), 30),
    "audit log of an adviser": (lambda s: s.get("/v1/audit-log", subject_id=adviser_id(s.adviser())), 30),
    "export of an adviser": (lambda s: s.get(f"/v1/advisers/{adviser_id(s.adviser())}/export"), 4),
    "obligations, a page of 100": (lambda s: s.get("/v1/obligations", limit=100), 2),
    "exams, a page of 100": (lambda s: s.get("/v1/certifications/due", limit=100), 2),
}
