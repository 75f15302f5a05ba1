"""Imports that tests of the API send, and have carried out."""

import asyncio
from typing import Any

import httpx

from app.imports.import_jobs import run_next_import
from app.persistence.engine.database import open_database
from tests.api.response_assertions import documented_body
from tests.fake_clock import MORNING
from tests.imports.sample_files import ndjson_bytes
from tests.live_server import PEPPER, LiveServer


def sent_import(client: httpx.Client, content: bytes, headers: Any = None, **fields: Any) -> httpx.Response:
    """A spreadsheet in a form."""
    files = {"file": ("export.csv", content, "text/csv")}
    return client.post("/v1/imports", files=files, data={"kind": "advisers", **fields}, headers=headers)


def sent_objects(client: httpx.Client, kind: str, *objects: Any, headers: Any = None, **query: Any) -> httpx.Response:
    """An NDJSON file as the body."""
    sent: dict[str, str] = {"Content-Type": "application/x-ndjson", **(headers or {})}
    return client.post("/v1/imports", params={"kind": kind, **query}, content=ndjson_bytes(*objects), headers=sent)


def run_waiting_imports(served: LiveServer) -> None:
    """Run every import that waits."""

    async def act() -> None:
        database = open_database(served.database_url, pool_size=1, secrets=PEPPER.secrets)
        while await run_next_import(database, lambda: MORNING, asyncio.Event()):
            pass
        await database.close()

    asyncio.run(act())


def import_status(client: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = documented_body(client.get(answer.headers["Location"]), "getImport")
    return found
