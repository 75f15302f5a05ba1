"""The JSON of an event, which PostgreSQL writes for the feed, is what Python makes of the same row for a webhook."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest

from app.api.http.bodies.json_responses import to_json
from app.api.notifications.event_resources import EventResource, SubjectResource
from app.domain.events import EventType, Subject
from app.persistence.engine.database import Database
from app.use_cases.notifications.event_payloads import event_resource_values
from tests.persistence.outbox.event_builders import place_waiting_events, read_page

INSERT = """INSERT INTO outbox (event_id, type, subject_type, subject_id, subject_version, adviser_id, data,
    occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8)
RETURNING event_id, type, subject_type, subject_id, subject_version, adviser_id, occurred_at"""

INSTANTS = [
    datetime(2026, 6, 15, 8, 30, tzinfo=UTC),
    datetime(2026, 6, 15, 8, 30, 59, 123456, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, 59, 120000, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
]
DATA: list[dict[str, Any]] = [
    {},
    {"status": "refused", "funding": None, "reasons": ["R04", "R07"], "session_starts_on": "2026-09-15"},
    {"units": 2, "exams": [{"qualification": "pix", "next_attempt_payer": "state"}], "due_on": "2026-07-01"},
    {"a text": 'says "so": {}, [], \\ and é\n\u0001', "numbers": [0, -1, 1.5, 12345678901], "yes": True},
]


async def inserted(database: Database, occurred_at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    values = (uuid4(), [*EventType][len(data)], Subject.REGISTRATION, uuid4(), 7, uuid4(), orjson.dumps(data).decode())
    row = await database.one(INSERT, *values, occurred_at)
    assert row is not None
    # jsonb has an order of its own for the fields of `data`, which everybody is given.
    written = await database.one("SELECT data::text AS data FROM outbox WHERE event_id = $1", row["event_id"])
    assert written is not None
    return {**row, "data": orjson.loads(written["data"])}


@pytest.mark.parametrize("occurred_at", INSTANTS)
async def test_postgresql_writes_what_python_would(database: Database, occurred_at: datetime) -> None:
    rows = [await inserted(database, occurred_at, data) for data in DATA]
    await place_waiting_events(database)

    told = (await read_page(database)).events

    expected = [event_resource_values({**row, "position": place}) for place, row in enumerate(rows, start=1)]
    # Byte for byte, but for the spaces that jsonb leaves in `data`.
    assert [orjson.dumps(orjson.loads(text)) for text in told] == [to_json(event) for event in expected]
    without_data = [text.partition(',"data":')[0] for text in told]
    assert without_data == [to_json(event).decode().partition(',"data":')[0] for event in expected]


async def test_the_fields_are_those_of_the_resource_in_its_order(database: Database) -> None:
    await inserted(database, INSTANTS[0], {})
    await place_waiting_events(database)

    (event,) = map(orjson.loads, (await read_page(database)).events)

    assert [*event] == [*EventResource.__annotations__]
    assert [*event["subject"]] == [*SubjectResource.__annotations__]
