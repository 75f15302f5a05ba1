"""Registrations carried out in batches, and batches that stand still where a test says."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

from pytest import MonkeyPatch  # noqa: PT013  # the class, outside of any test

from app.persistence import registration_batches
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import AsyncpgConnection, Row
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.registration_batches import FileRequest
from app.use_cases.registrations.register_adviser import NewRegistration, register
from app.use_cases.registrations.register_in_batches import RegistrationBatches
from app.use_cases.request_context import RequestContext
from tests.fake_clock import MORNING
from tests.use_cases.use_case_builders import PLATFORM, a_request_context, an_idempotency_key

Register = Callable[[Database, NewRegistration, RequestContext], Awaitable[ReplayableResponse]]

_batches_of: WeakKeyDictionary[Database, RegistrationBatches] = WeakKeyDictionary()


def a_batch_context(key: str | None = None, request: str = "the same request") -> RequestContext:
    """A context that may share a batch: with a key and an audit entry."""
    return a_request_context(
        key=key or an_idempotency_key(),
        request=request,
        audit_entry=AuditEntry(PLATFORM.id, "registerAdviser", uuid4(), MORNING),
    )


async def register_in_a_batch(
    database: Database, requested: NewRegistration, context: RequestContext
) -> ReplayableResponse:
    """As a route does, with the others that wait for the same database."""
    batches = _batches_of.setdefault(database, RegistrationBatches(database))
    if context.audit_entry is None:
        context = replace(context, audit_entry=AuditEntry(PLATFORM.id, "registerAdviser", uuid4(), context.now))
    return await batches.register(requested, context)


EITHER_WAY: tuple[Register, ...] = (register, register_in_a_batch)


class ReadBatches(list[tuple[UUID, ...]]):
    """The advisers of each batch read so far; one stands still after its reading while `gate` is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()


@asynccontextmanager
async def watched_batches(monkeypatch: MonkeyPatch) -> AsyncGenerator[ReadBatches]:
    genuine, seen = registration_batches.read_files, ReadBatches()

    async def read_files(connection: AsyncpgConnection, requests: Sequence[FileRequest]) -> list[Row]:
        seen.append(tuple(each.adviser for each in requests))
        rows = await genuine(connection, requests)
        seen.reached.set()
        await seen.gate.wait()
        return rows

    monkeypatch.setattr(registration_batches, "read_files", read_files)
    yield seen
