"""Everybody is told who chose, whichever way the choice was made."""

import asyncio
from typing import Any

import httpx
import pytest

from app.domain.events import Recipient
from app.persistence.engine.database import open_database
from app.persistence.outbox.messages import list_newest_email_contexts
from app.use_cases.notifications.sequence_events import sequence_events
from tests.api.registration_states import post_action
from tests.fake_clock import MORNING
from tests.live_server import LiveServer
from tests.outbox.emails.email_cases import plain_text
from tests.outbox.emails.personal_links import over_quota_registration, personal_link_path
from tests.outbox.emails.smtp_server import COMPOSER

KEEP = {"choice": "keep", "payer": "employer"}
CANCEL = {"choice": "cancel"}
ROLES = ("platform", "training_organisation", "admin")


async def _written(url: str, registration: str) -> str:
    """The newest e-mail to the adviser about this registration."""
    database = open_database(url, pool_size=2)
    while await sequence_events(database, MORNING):
        pass
    rows = await list_newest_email_contexts(database, 100)
    await database.close()
    own = (row for row in rows if str(row["registration_id"]) == registration)
    return plain_text(COMPOSER.compose(next(row for row in own if row["recipient"] == Recipient.ADVISER)))


def _told(served: LiveServer, registration: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The last event about it, and what the adviser's e-mail says."""
    letter = asyncio.run(_written(served.database_url, registration["id"]))
    with served.client("platform") as platform:
        read: list[dict[str, Any]] = []
        page = platform.get("/v1/events", params={"limit": 500}).json()
        while page["data"]:
            read += page["data"]
            page = platform.get("/v1/events", params={"limit": 500, "after": page["next"]}).json()
    data: dict[str, Any] = [event for event in read if event["subject"]["id"] == registration["id"]][-1]["data"]
    return data, letter


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("choice", [KEEP, CANCEL], ids=lambda choice: choice["choice"])
def test_whoever_chooses_in_the_place_of_the_adviser_is_named(
    served: LiveServer, platform: httpx.Client, role: str, choice: dict[str, str]
) -> None:
    waiting = over_quota_registration(platform)

    with served.client(role) as client:
        post_action(client, waiting, "choice", **choice).raise_for_status()

    data, letter = _told(served, waiting)
    assert data["chosen_by"] == role
    assert "à votre place" in letter


@pytest.mark.parametrize("role", ROLES)
def test_so_is_whoever_cancels_what_waits(served: LiveServer, platform: httpx.Client, role: str) -> None:
    waiting = over_quota_registration(platform)

    with served.client(role) as client:
        post_action(client, waiting, "cancellation").raise_for_status()

    data, letter = _told(served, waiting)
    assert data["chosen_by"] == role
    assert "l’a annulée, à votre place" in letter


@pytest.mark.parametrize("choice", [KEEP, CANCEL], ids=lambda choice: choice["choice"])
def test_the_adviser_s_own_answer_is_theirs(served: LiveServer, platform: httpx.Client, choice: dict[str, str]) -> None:
    waiting = over_quota_registration(platform)

    with httpx.Client(base_url=served.base_url) as visitor:
        assert visitor.post(personal_link_path(waiting), data=choice).status_code == 303

    data, letter = _told(served, waiting)
    assert data["chosen_by"] == "adviser"
    assert "à votre place" not in letter
