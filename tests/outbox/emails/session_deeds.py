"""What is done of sessions over HTTP, carried out as the worker does, and the e-mails that follow."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx

from app.outbox.session_loop import do_session_work
from app.persistence.engine.database import open_database
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.messages import list_newest_email_contexts
from app.use_cases.notifications.sequence_events import sequence_events
from tests.api.registration_states import post_action
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser_in_post
from tests.live_server import idempotency_headers
from tests.outbox.emails.smtp_server import SmtpServer, running_smtp_server, send_due_emails, without_tls
from tests.session_builders import a_session, register_in_session

FIRST_DAY, LAST_DAY = "2026-09-15", "2026-09-16"
HOURS = [
    {"on": FIRST_DAY, "from": "09:00", "until": "12:30"},
    {"on": FIRST_DAY, "from": "14:00", "until": "17:00"},
    {"on": LAST_DAY, "from": "09:00", "until": "12:00"},
]
TWO_DAYS: dict[str, Any] = {"starts_on": FIRST_DAY, "ends_on": LAST_DAY, "hours": HOURS}


def ask(client: httpx.Client, session_id: str, deed: str, **body: Any) -> None:
    """`confirmation` or `cancellation`."""
    path = f"/v1/sessions/{session_id}/{deed}"
    client.post(path, json=body or None, headers=idempotency_headers()).raise_for_status()


def change(client: httpx.Client, session_id: str, **fields: Any) -> None:
    """Last writer wins."""
    client.patch(f"/v1/sessions/{session_id}", json=fields, headers={"If-Match": "*"}).raise_for_status()


def hold_sessions(client: httpx.Client) -> None:
    """Sessions published, changed, confirmed, moved, cancelled; one whose only seat goes to whoever waits for it."""
    for deed in ("confirmation", "cancellation"):
        session = a_session(client, **TWO_DAYS)
        register_in_session(client, an_adviser_in_post(client), session)
        ask(client, session, deed)
    session = a_session(client, **TWO_DAYS)
    register_in_session(client, an_adviser_in_post(client), session)
    change(client, session, seats={"maximum": 12})
    change(client, session, starts_on="2026-10-06", ends_on="2026-10-06", hours=[])
    session = a_session(client, **TWO_DAYS, seats={"maximum": 1})
    seated, _ = (register_in_session(client, an_adviser_in_post(client), session) for _ in range(2))
    post_action(client, seated, "cancellation").raise_for_status()


async def _worked(url: str, now: datetime) -> list[Row]:
    database = open_database(url, pool_size=2)
    try:
        while await do_session_work(database, now):
            pass
        while await sequence_events(database, now):
            pass
        return await list_newest_email_contexts(database, 1000)
    finally:
        await database.close()


def emails_after(url: str, former: Sequence[Row] = (), now: datetime = MORNING) -> list[Row]:
    """Those that are new since `former` once everything asked for is carried out."""
    known = {row["id"] for row in former}
    return [row for row in asyncio.run(_worked(url, now)) if row["id"] not in known]


async def _sent(url: str) -> SmtpServer:
    database = open_database(url, pool_size=2)
    try:
        async with running_smtp_server() as smtp_server:
            while await send_due_emails(database, without_tls(smtp_server)):
                pass
            return smtp_server
    finally:
        await database.close()


def sent_emails(url: str) -> SmtpServer:
    """What a mail server received of everything that was due."""
    return asyncio.run(_sent(url))
