"""Registrations that wait are decided together: they share one statement that reads and one that writes.

The one thing that is worth it on the hot path: two round trips for all that came while the last two were under way,
instead of four for each registration (docs/decisions/registrations-in-batches.md has the figures).

    register ──▶ waiting ──▶ a lane takes up to 32, oldest first ──▶ read ──▶ decide each ──▶ write ──▶ responses
        ╰──────────────────────────── not plain, or in doubt ────────────────────▶ register_adviser.register

A batch is an accelerator, not a second set of rules: it decides by the same function as the transaction does, and
leaves to that transaction whatever is not plain. That is an adviser or a key that another of the process is busy with,
a key that was used, what does not exist, a conflict, a decision that changes other registrations, a seat of a session,
a file that somebody else changed or holds, and any failure.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from app.metrics import count_decisions
from app.persistence import registration_batches
from app.persistence.administration.policies import load_policies
from app.persistence.advisers.adviser_files import snapshot_of
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import IdempotentRequest, ReplayableResponse
from app.persistence.engine.transactions.transaction_errors import CommitLost, CommitOutcomeUnknown
from app.persistence.registration_batches import DecidedRegistration, FileRequest
from app.use_cases.changes.seat_changes import seat_changes
from app.use_cases.registrations.register_adviser import NewRegistration, decide_registration, register
from app.use_cases.request_context import RequestContext

MAX_BATCH = 32  # registrations: beyond, PostgreSQL gains nothing from more, and the first would wait for the last
# How many must wait for a lane to open beside so many others: a batch of a few costs more than its wait. A full batch
# always opens one, so that nobody waits for more than the batch under way.
OPENS_NEXT_LANE = (1, 8, MAX_BATCH)

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.registrations")


@dataclass(frozen=True, slots=True)
class WaitingRegistration:
    """A request and its future response: None when it is to be carried out by itself."""

    requested: NewRegistration
    context: RequestContext
    idempotency: IdempotentRequest
    audit_entry: AuditEntry
    response: asyncio.Future[ReplayableResponse | None]

    @property
    def key(self) -> tuple[UUID, str]:
        return self.idempotency.client_id, self.idempotency.key

    def file_request(self) -> FileRequest:
        requested = self.requested
        return FileRequest(
            requested.adviser_id, requested.module_code, requested.training_organisation_id, self.idempotency
        )

    def respond(self, response: ReplayableResponse | None) -> None:
        """The first response counts; a caller that was cancelled hears none."""
        if not self.response.done():
            self.response.set_result(response)

    def fail(self, error: Exception) -> None:
        if not self.response.done():
            self.response.set_exception(error)


@dataclass(slots=True)
class RegistrationBatches:
    """Those of one process. With `is_open` False each registration is carried out by itself."""

    database: Database
    is_open: bool = True
    _waiting: deque[WaitingRegistration] = field(default_factory=deque[WaitingRegistration])
    _advisers: set[UUID] = field(default_factory=set[UUID])
    _keys: set[tuple[UUID, str]] = field(default_factory=set[tuple[UUID, str]])
    _open_lanes: int = 0
    _lane_tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def register(self, requested: NewRegistration, context: RequestContext) -> ReplayableResponse:
        """Decide and store; raise as `register_adviser.register` does. A caller that is cancelled cancels no other."""
        waiting = self._enqueue(requested, context)
        if waiting is not None:
            try:
                response = await waiting.response
            except CommitOutcomeUnknown:
                response = None
                with suppress(CommitLost):  # raises when it was committed, and when nobody can say
                    await self.database.resolve_unknown_commit(waiting.idempotency)
            if response is not None:
                return response
        return await register(self.database, requested, context)

    async def close(self) -> None:
        """Wait for the batches under way."""
        await asyncio.gather(*self._lane_tasks)

    def _enqueue(self, requested: NewRegistration, context: RequestContext) -> WaitingRegistration | None:
        """None when it can't share a batch with those that are there."""
        if not self.is_open or context.idempotency is None or context.audit_entry is None:
            return None
        response: asyncio.Future[ReplayableResponse | None] = asyncio.get_running_loop().create_future()
        waiting = WaitingRegistration(requested, context, context.idempotency, context.audit_entry, response)
        if requested.adviser_id in self._advisers or waiting.key in self._keys:
            return None
        self._advisers.add(requested.adviser_id)
        self._keys.add(waiting.key)
        self._waiting.append(waiting)
        if len(self._waiting) >= OPENS_NEXT_LANE[min(self._open_lanes, len(OPENS_NEXT_LANE) - 1)]:
            self._open_lanes += 1
            lane = asyncio.create_task(self._run_lane())
            self._lane_tasks.add(lane)
            lane.add_done_callback(self._lane_tasks.discard)
        return waiting

    async def _run_lane(self) -> None:
        """Carry out batches as long as somebody waits; whoever comes after the last look opens a lane."""
        try:
            while self._waiting:
                await self._run_batch([self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))])
        finally:
            self._open_lanes -= 1

    async def _run_batch(self, batch: list[WaitingRegistration]) -> None:
        """Respond to each of them."""
        try:
            await self._carry_out([waiting for waiting in batch if not waiting.response.cancelled()])
        except CommitOutcomeUnknown as unknown:
            for waiting in batch:
                waiting.fail(unknown)
        except Exception as failure:  # noqa: BLE001  # of one of them, or of the database: each finds out by itself
            _LOG.warning("a batch of registrations failed", registrations=len(batch), exc_info=failure)
        finally:
            for waiting in batch:
                self._advisers.discard(waiting.requested.adviser_id)
                self._keys.discard(waiting.key)
                waiting.respond(None)

    async def _carry_out(self, batch: list[WaitingRegistration]) -> None:
        """Respond to those that are plain. Raise CommitOutcomeUnknown, and whatever else the database does."""
        async with self.database.writer() as connection:
            rows = await registration_batches.read_files(connection, [waiting.file_request() for waiting in batch])
            decided = dict[UUID, tuple[WaitingRegistration, DecidedRegistration]]()
            for row in rows:
                waiting = batch[int(row["place"]) - 1]
                if (each := await self._decided(waiting, row)) is not None:
                    decided[each.adviser] = waiting, each
            if not decided:
                return
            written = await registration_batches.write(
                connection, [each for _, each in decided.values()], is_timed=self.database.has_real_clock
            )
        self.database.changed.set()
        for adviser in written:
            waiting, each = decided[adviser]
            count_decisions(each.changes.decisions)
            waiting.respond(each.response)

    async def _decided(self, waiting: WaitingRegistration, row: Row) -> DecidedRegistration | None:
        """None when it is not plain: what is wrong with it, its transaction will say."""
        requested, context = waiting.requested, waiting.context
        try:
            snapshot = snapshot_of(row, await load_policies(self.database, row["policy_versions"]))
            change_set = decide_registration(requested, snapshot, context)
            changes, response = change_set.changes_and_response()
        except Exception:  # noqa: BLE001  # its transaction raises it again, and is answered and logged
            return None
        if len(changes.registrations) > 1 or seat_changes(change_set.before, change_set.cascade.file):
            return None
        return DecidedRegistration(
            requested.adviser_id,
            row["file_version"],
            requested.id,
            changes,
            response,
            waiting.idempotency,
            waiting.audit_entry,
        )
