"""Ten thousand rows of the same instant, walked to the end while others are added and changed."""

import asyncio
import threading
from collections import Counter
from typing import Any

import httpx
import pytest

from app.persistence.engine.database import open_database
from tests.fake_clock import MORNING
from tests.http_builders import adviser_body
from tests.live_server import LiveServer

ROWS = 10_000
FILL = """INSERT INTO adviser (id, conum_id, in_scheme, first_name, version, created_at, updated_at)
SELECT gen_random_uuid(), number, true, 'Camille', 1, $1, $1 FROM generate_series(1, $2) number"""


async def _fill(url: str) -> None:
    database = open_database(url, pool_size=1)
    await database.many(FILL, MORNING, ROWS)
    await database.close()


@pytest.fixture(scope="module")
def service_with_many_advisers(module_service: LiveServer) -> LiveServer:
    asyncio.run(_fill(module_service.database_url))
    return module_service


def _walk(client: httpx.Client, first: str) -> list[dict[str, Any]]:
    """Every row of every page, by the links alone."""
    rows: list[dict[str, Any]] = []
    link: str | None = first
    while link is not None:
        page = client.get(link).raise_for_status()
        rows += page.json()["data"]
        link = page.links["next"]["url"] if "next" in page.links else None
    return rows


class Writers(threading.Thread):
    """Adds and changes advisers, over HTTP, until told to stop."""

    def __init__(self, served: LiveServer, some: list[dict[str, Any]]) -> None:
        super().__init__(daemon=True)
        self._served, self._some = served, some
        self.done = threading.Event()
        self.added = self.changed = 0

    def run(self) -> None:
        with self._served.client("platform") as client:
            while not self.done.is_set():
                client.post("/v1/advisers", json=adviser_body()).raise_for_status()
                self.added += 1
                row = self._some[self.changed % len(self._some)]
                body = {"last_name": f"Exemple {self.changed}"}
                headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
                client.patch(f"/v1/advisers/{row['id']}", json=body, headers=headers).raise_for_status()
                self.changed += 1


@pytest.mark.parametrize("order", ["", "&updated_since=2026-01-01T00:00:00Z"])
def test_a_walk_neither_skips_nor_repeats_while_rows_are_added_and_changed(
    service_with_many_advisers: LiveServer, order: str
) -> None:
    with service_with_many_advisers.client("platform") as client:
        before = _walk(client, "/v1/advisers?limit=500")
        writers = Writers(service_with_many_advisers, before[:: ROWS // 50])
        writers.start()
        seen = _walk(client, f"/v1/advisers?limit=137{order}")
        while writers.changed < 5:  # on a busy machine, again, until there was something to be disturbed by
            seen = _walk(client, f"/v1/advisers?limit=137{order}")
        writers.done.set()
        writers.join()

    assert len({row["id"] for row in before}) == len(before) >= ROWS
    assert {row["id"] for row in before} <= {row["id"] for row in seen}
    # The same version of a row is never shown twice; by change, a row changed meanwhile is shown again, where it went.
    assert max(Counter((row["id"], row["version"]) for row in seen).values()) == 1
    if not order:
        assert max(Counter(row["id"] for row in seen).values()) == 1


def test_every_link_of_a_walk_keeps_its_filters_and_limit(service_with_many_advisers: LiveServer) -> None:
    with service_with_many_advisers.client("platform") as client:
        page = client.get("/v1/advisers", params={"limit": 250, "updated_since": "2026-01-01T00:00:00Z"})
        for _ in range(3):
            link = httpx.URL(page.links["next"]["url"])
            assert (link.params["limit"], link.params["updated_since"]) == ("250", "2026-01-01T00:00:00Z")
            page = client.get(link)
            assert len(page.json()["data"]) == 250
