"""The rows of reads: one registration, the same not modified, a page, a page of the feed, a training record."""

import json
from dataclasses import dataclass
from functools import partial
from urllib.request import Request, urlopen

from benchmarks.dataset import WITH_HISTORY, registration_id
from benchmarks.deadline import deadline
from benchmarks.hot_path.measurement import Row, measure
from benchmarks.http_load import Load, choose_player
from benchmarks.load.request_templates import Requests
from benchmarks.process_cost import PostgresProcesses
from benchmarks.server_processes import Server

CLIENTS = 16
SPARE_SECONDS = 40
# Each row, by the name of its figure.
NAMES = {
    "read": "GET /v1/registrations/{id}",
    "not_modified": "GET /v1/registrations/{id}, 304",
    "page": "GET /v1/registrations, a page of 100",
    "feed": "GET /v1/events, a page of 100",
    "record": "GET /v1/advisers/{id}/training-record",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """A client of the service, with its `authorization`."""

    service: Server
    authorization: str

    def templates(self) -> dict[str, str]:
        """What is played, by the name of its figure."""
        requests = Requests(self.service.base_url, self.authorization)
        etag, _ = self._get(f"/v1/registrations/{registration_id(1)}")
        _, first_page = self._get("/v1/events?limit=100")
        return {
            "read": requests.one(),
            "not_modified": requests.not_modified(etag),
            "page": requests.page(),
            "feed": requests.feed_page(str(json.loads(first_page)["next"])),
            "record": requests.training_record(),
        }

    def _get(self, path: str) -> tuple[str, bytes]:
        """The ETag and the body."""
        asked = Request(f"{self.service.base_url}{path}", headers={"Authorization": self.authorization})  # noqa: S310  # our own server
        with urlopen(asked, timeout=20) as answer:  # noqa: S310  # our own server
            return str(answer.headers["ETag"]), answer.read()


def measure_reads(reader: Reader, postgres: PostgresProcesses, seconds: float, rounds: int) -> dict[str, Row]:
    """The rows by the names of their figures. Raise ValueError when a request fails, TimeoutError."""
    templates, base_url = reader.templates(), reader.service.base_url
    rows = {name: Row(f"{title}, {CLIENTS} clients", []) for name, title in NAMES.items()}
    for _ in range(rounds):
        for name, row in rows.items():
            load = Load(base_url, templates[name], range(1, WITH_HISTORY), seconds, CLIENTS)
            with deadline(seconds + SPARE_SECONDS, row.name):
                row.rounds.append(measure(row.name, partial(choose_player(), load), postgres, reader.service))
    return rows


def print_reads(rows: dict[str, Row]) -> dict[str, float]:
    """Print the rows; return the figures of the last line."""
    for row in rows.values():
        print(row.format())
    return {f"cpu_ms_{name}": row.python_ms or 0.0 for name, row in rows.items()}
