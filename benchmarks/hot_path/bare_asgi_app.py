"""A bare ASGI app: the service's own statements through asyncpg; nothing is decided, checked or formatted."""

import sys
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from uuid_utils.compat import uuid7

from app.domain.decisions.recorded_decisions import RULES_VERSION
from app.persistence.advisers.adviser_file_statements import READ_FILE_BY_TARGET
from app.persistence.engine.connection_pool import SERVICE_ROLE, session_settings
from app.persistence.engine.database import MAX_WRITERS
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.registrations.registrations import WRITE_WITH_RESPONSE
from app.seed.published_catalogue import LA_MEDNUM
from benchmarks.dataset import MODULE, NOW

CLIENT = UUID(int=1)
NOW_TEXT = NOW.isoformat()


class BareApp:
    def __init__(self, url: str) -> None:
        self.url = url
        self.pool: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer = await self._register(orjson.loads(body)) if body else b""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.pool = await asyncpg.create_pool(
                    self.url, min_size=MAX_WRITERS, max_size=MAX_WRITERS, server_settings=session_settings(SERVICE_ROLE)
                )
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.pool.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _register(self, body: dict[str, Any]) -> bytes:
        lock = AdviserLock(LockTarget.ADVISER, UUID(body["adviser_id"]))
        registration, decision, key = str(uuid7()), str(uuid7()), str(uuid7())
        async with self.pool.acquire() as connection:
            await connection.execute(f"BEGIN; SELECT 1 FROM adviser WHERE id = {lock.adviser} FOR NO KEY UPDATE")
            arguments = (lock.id, MODULE, LA_MEDNUM, CLIENT, key)
            row = await connection.fetchrow(READ_FILE_BY_TARGET[LockTarget.ADVISER], *arguments)
            rows = _rows_to_write(body, registration, decision, row["file"])
            answer = orjson.dumps(rows[0])
            await connection.execute(WRITE_WITH_RESPONSE, *rows[1:], CLIENT, key, b"f", 201, "{}", answer, NOW)
            await connection.execute("COMMIT")
        return answer


def _rows_to_write(body: dict[str, Any], registration: str, decision: str, facts: str) -> tuple[Any, str, str, str]:
    session = body["session"]
    row: dict[str, Any] = {
        "id": registration,
        "adviser_id": body["adviser_id"],
        "module_code": body["module_code"],
        "training_organisation_id": str(LA_MEDNUM),
        "session_starts_on": session["starts_on"],
        "session_ends_on": session["ends_on"],
        "session_format": "remote",
        "requested_on": body["requested_on"],
        "employer_agreement": False,
        "status": "accepted",
        "funding": "state",
        "payer": "state",
        "unit": "civil_year:2026#1",
        "offered_payers": [],
        "derogated": False,
        "absence_counts": False,
        "attendance_corrected": False,
        "decision_id": decision,
        "version": 1,
        "created_at": NOW_TEXT,
        "updated_at": NOW_TEXT,
    }
    decided = {
        "id": decision,
        "registration_id": registration,
        "adviser_id": body["adviser_id"],
        "cause": "request",
        "outcome": "accepted",
        "reasons": [],
        "rules": ["R22"],
        "funding": "state",
        "unit": "civil_year:2026#1",
        "policy_version": "2021-01-01",
        "rules_version": RULES_VERSION,
        "waived": [],
        "facts": orjson.Fragment(facts),
        "automatic": True,
        "decided_by": str(CLIENT),
        "decided_at": NOW_TEXT,
    }
    event: dict[str, Any] = {
        "event_id": str(uuid7()),
        "type": "registration.accepted",
        "subject_type": "registration",
        "subject_id": registration,
        "subject_version": 1,
        "adviser_id": body["adviser_id"],
        "training_organisation_id": str(LA_MEDNUM),
        "data": {"status": "accepted", "funding": "state", "reasons": []},
        "occurred_at": NOW_TEXT,
        "history": False,
        "recipients": ["adviser", "training_organisation"],
        "decision_id": decision,
    }
    return row, orjson.dumps([row]).decode(), orjson.dumps([decided]).decode(), orjson.dumps([event]).decode()


if __name__ == "__main__":
    uvicorn.run(BareApp(sys.argv[1]), port=int(sys.argv[2]), log_level="warning", access_log=False)
