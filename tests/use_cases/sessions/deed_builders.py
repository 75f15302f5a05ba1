"""Deeds on whole sessions, below the API: asked for, carried out, and what people were told of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.sessions import sessions
from app.persistence.sessions.sessions import SESSIONS
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.sessions.carry_out_session_deeds import carry_out_session_deeds
from app.use_cases.sessions.change_session import cancel_session, confirm_session, replace_session
from app.use_cases.sessions.publish_session import SessionDescription
from tests.fake_clock import MORNING
from tests.use_cases.sessions.session_builders import keep_the_platform, session_columns
from tests.use_cases.use_case_builders import a_request_context, day

LATER: Final = day("2026-10-06")
NEXT_YEAR: Final = day("2027-03-02")

Mail = tuple[str, str, tuple[str, ...]]


async def change(database: Database, session: UUID, *, now: datetime = MORNING, **columns: Any) -> Row:
    """Whatever else it had stays; a new first day moves the only day."""
    if "starts_on" in columns:
        columns = {"ends_on": columns["starts_on"], **columns}

    stored = await SESSIONS.read(database, session) or {}
    kept = {name: stored[name] for name in session_columns()}
    description = SessionDescription({**kept, **columns}, regularisation=kept["starts_on"] <= MORNING.date())
    await keep_the_platform(database)
    context = a_request_context(now=now)
    row, is_new = await replace_session(database, session, description, ANY_VERSION, context)
    assert not is_new
    return row


async def confirm(database: Database, session: UUID) -> None:
    await keep_the_platform(database)
    await confirm_session(database, session, a_request_context())


async def cancel(database: Database, session: UUID) -> None:
    await keep_the_platform(database)
    await cancel_session(database, session, "Trop peu d’inscrits", a_request_context())


async def carry_out(database: Database, now: datetime = MORNING) -> None:
    """All that can be done now."""
    while await carry_out_session_deeds(database, now):
        pass


async def deed_of(database: Database, session: UUID) -> Mapping[str, Any]:
    """The last one, as the session shows it."""
    row = await sessions.read(database, session)
    assert row is not None
    deed: Mapping[str, Any] = row["deed"]
    return deed


async def all_deeds(database: Database) -> list[tuple[str, int, int, bool]]:
    """The kind of each, how many it concerned, for how many it is done, and whether it is finished; oldest first."""
    rows = await database.many("SELECT * FROM session_deed ORDER BY id")
    return [(row["kind"], row["concerned"], row["done"], row["finished_at"] is not None) for row in rows]


async def head_of(database: Database) -> int:
    row = await database.one("SELECT coalesce(max(id), 0) AS head FROM outbox")
    assert row is not None
    return int(row["head"])


async def events_since(database: Database, head: int) -> list[Row]:
    return await database.many("SELECT * FROM outbox WHERE id > $1 ORDER BY id", head)


async def mails_since(database: Database, head: int) -> list[Mail]:
    """What is e-mailed: the type of the event, whom or what it is about, and who gets it; summaries last."""
    found = [
        (row["type"], str(row["subject_id"]), tuple(row["recipients"]))
        for row in await events_since(database, head)
        if row["recipients"]
    ]
    return sorted(found, key=lambda mail: mail[2] == ("training_organisation",))
