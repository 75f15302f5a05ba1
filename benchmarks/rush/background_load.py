"""What goes on beside the stories: who follows the feed, who asks again and again, who imports spreadsheets."""

import asyncio
from collections.abc import Coroutine
from urllib.parse import quote

from app.clock import utc_now
from benchmarks.import_throughput import SAMPLE_FILES
from benchmarks.rush.api_clients import TOO_MANY_REQUESTS, ApiClient
from benchmarks.rush.recorded_answers import UnexpectedAnswerError

POLL_SECONDS = 2.0
IMPATIENT_SECONDS = 0.2
IMPORTED_LINES, IMPORTS_EVERY_SECONDS = 1_000, 15.0
FIRST_IMPORTED = 20_000_000  # ID Conum
BOUNDARY = "rush"


async def follow_feed(client: ApiClient, over: asyncio.Event) -> None:
    """Read every event as it comes."""
    after = "now"
    while not over.is_set():
        path = f"/v1/events?after={quote(after)}"
        page = await client.ask("GET events, waiting", "GET", path, headers={"Prefer": "wait=2"})
        after = page.json["next"]


async def poll_status(client: ApiClient, over: asyncio.Event) -> None:
    """A training organisation asks what has changed since it last asked."""
    since = utc_now()
    while not over.is_set():
        asked_at = utc_now()
        path = f"/v1/registrations?updated_since={since:%Y-%m-%dT%H:%M:%SZ}&limit=100"
        await client.ask("GET registrations, polled", "GET", path)
        since = asked_at
        await asyncio.sleep(POLL_SECONDS)


async def ask_without_waiting(client: ApiClient, over: asyncio.Event) -> None:
    """A client that does not heed its rate limit: it spends all it has at once, and asks on."""
    kind, is_limited = "GET modules, impatiently", False
    while not over.is_set():
        answer = await client.send(kind, "GET", "/v1/modules")
        is_limited |= answer.status == TOO_MANY_REQUESTS
        await asyncio.sleep(IMPATIENT_SECONDS if is_limited else 0)


async def import_spreadsheets(client: ApiClient, over: asyncio.Event) -> None:
    """One file of new advisers after the other."""
    first = FIRST_IMPORTED
    headings, line = next(iter(SAMPLE_FILES.values()))
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    while not over.is_set():
        lines = (line.format(number) for number in range(first, first + IMPORTED_LINES))
        body = _form({"kind": "advisers", "file": "\n".join((headings, *lines))})
        await client.ask("POST import", "POST", "/v1/imports", body, headers, expected=(202,))
        first += IMPORTED_LINES
        await asyncio.sleep(IMPORTS_EVERY_SECONDS)


def _form(fields: dict[str, str]) -> bytes:
    parts = ""
    for name, value in fields.items():
        file = '; filename="advisers.csv"\r\nContent-Type: text/csv' if name == "file" else ""
        parts += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{value}\r\n'
    return f"{parts}--{BOUNDARY}--\r\n".encode()


async def until_over(going_on: Coroutine[None, None, None]) -> None:
    """An unexpected answer is recorded; the shape goes on without this client."""
    try:
        await going_on
    except UnexpectedAnswerError:
        return
