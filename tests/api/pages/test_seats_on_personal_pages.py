"""The pages of personal links tell the adviser which place they have in a published session."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from app.api.pages.seat_words import CANCELLATION_SENTENCES, seat_sentence
from app.domain.facts.registration_terms import CancellationCause, Status
from app.persistence.engine.database import open_database
from app.persistence.registrations.recorded_sessions import NOTHING_KNOWN
from app.use_cases.sessions.give_seats import cancel_waiting_in_vain
from tests.api.pages.support_links import registration_path
from tests.api.registration_states import post_action, upcoming_registration
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser, an_adviser_in_post, register
from tests.live_server import LiveServer, idempotency_headers
from tests.outbox.emails.personal_links import over_quota_registration, personal_link_path
from tests.session_builders import a_session, register_in_session

UPCOMING = "2026-10-06"
KEEP = {"choice": "keep", "payer": "employer"}
FREED = "Votre place est libérée pour quelqu’un d’autre."


def words(page: httpx.Response) -> str:
    """What is read on the page."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.raise_for_status().text).split())


def full_session(client: httpx.Client) -> str:
    session = a_session(client, starts_on=UPCOMING, seats={"maximum": 1})
    register_in_session(client, an_adviser_in_post(client), session)
    return session


def over_quota_in(client: httpx.Client, session: str) -> dict[str, Any]:
    """A registration in this session of somebody whose right of the year is used."""
    adviser = an_adviser_in_post(client)
    register(client, adviser, starts_on="2026-09-01", module_code="handicap").raise_for_status()
    waiting = register_in_session(client, adviser, session)
    assert waiting["status"] == "awaiting_choice"
    return waiting


async def _cancel_in_vain(url: str) -> None:
    database = open_database(url, pool_size=1)
    while await cancel_waiting_in_vain(database, MORNING.replace(month=10, day=6)):
        pass
    await database.close()


def test_the_support_page_says_that_there_is_a_place(anonymous: httpx.Client, admin: httpx.Client) -> None:
    session = a_session(admin, starts_on=UPCOMING)
    path = registration_path(register_in_session(admin, an_adviser_in_post(admin), session))
    before = words(anonymous.get(path))
    admin.post(f"/v1/sessions/{session}/confirmation", headers=idempotency_headers()).raise_for_status()

    assert "Place Vous avez une place. Organisme" in before
    assert "Place Vous avez une place ; la session est confirmée. Organisme" in words(anonymous.get(path))
    assert "Les Champs libres" in before


def test_or_at_which_rank_it_is_waited_for(anonymous: httpx.Client, admin: httpx.Client) -> None:
    session = full_session(admin)
    waiting = [register_in_session(admin, an_adviser_in_post(admin), session) for _ in range(2)]

    said = [words(anonymous.get(registration_path(each))) for each in waiting]

    assert "Vous attendez une place, au 1er rang : elle vous est donnée dès qu’elle se libère." in said[0]
    assert "Vous attendez une place, au 2e rang" in said[1]


def test_or_that_there_was_none(own_service: LiveServer) -> None:
    with own_service.client("admin") as admin:
        session = full_session(admin)
        waiting = register_in_session(admin, an_adviser_in_post(admin), session)
        asyncio.run(_cancel_in_vain(own_service.database_url))

        said = words(httpx.get(f"{own_service.base_url}{registration_path(waiting)}"))

    assert "Votre inscription est annulée" in said
    assert CANCELLATION_SENTENCES[CancellationCause.NO_SEAT] in said


def test_nothing_is_said_of_a_session_that_is_not_published(anonymous: httpx.Client, admin: httpx.Client) -> None:
    support = words(anonymous.get(registration_path(upcoming_registration(admin))))
    answer = words(anonymous.get(personal_link_path(over_quota_registration(admin))))

    assert "Place " not in support
    assert "Place " not in answer
    assert FREED in answer


def test_nor_of_one_that_is_refused(anonymous: httpx.Client, admin: httpx.Client) -> None:
    refused = register_in_session(admin, an_adviser(admin), a_session(admin, starts_on=UPCOMING))

    assert refused["status"] == "refused"
    assert "Place " not in words(anonymous.get(registration_path(refused)))


def test_who_must_choose_has_no_place_yet(anonymous: httpx.Client, admin: httpx.Client) -> None:
    free, full = a_session(admin, starts_on=UPCOMING, seats={"maximum": 3}), full_session(admin)

    said = [words(anonymous.get(personal_link_path(over_quota_in(admin, each)))) for each in (free, full)]

    assert "Place Aucune place ne vous est encore donnée. Organisme" in said[0]
    assert "Une place de la session vous est alors donnée" in said[0]
    assert "Aucune place ne vous est encore donnée : la session est complète." in said[1]
    assert "La session est complète : vous attendez alors qu’une place se libère." in said[1]
    assert not any(FREED in each for each in said)


def test_who_kept_a_registration_to_a_full_session_is_told_that_they_wait(
    anonymous: httpx.Client, admin: httpx.Client
) -> None:
    waiting = over_quota_in(admin, full_session(admin))

    said = words(anonymous.post(personal_link_path(waiting), data=KEEP, follow_redirects=True))

    assert "Si une place se libère, vous suivrez ce module à la charge de votre structure employeuse." in said
    assert "Vous attendez une place, au 1er rang" in said


def test_who_kept_one_with_a_place_follows_it(anonymous: httpx.Client, admin: httpx.Client) -> None:
    waiting = over_quota_in(admin, a_session(admin, starts_on=UPCOMING))
    post_action(admin, waiting, "choice", **KEEP).raise_for_status()

    said = words(anonymous.get(personal_link_path(waiting)))

    assert "Vous suivrez ce module à la charge de votre structure employeuse." in said
    assert "Vous avez une place." in said


@pytest.mark.parametrize("status", Status)
def test_a_session_that_is_not_published_has_no_places(status: Status) -> None:
    assert seat_sentence(status, NOTHING_KNOWN) is None


def test_every_cause_of_a_cancellation_has_a_sentence() -> None:
    assert {*CANCELLATION_SENTENCES} == {*CancellationCause}
