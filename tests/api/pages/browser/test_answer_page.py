"""An adviser answers through a personal link, and a developer reads the mailbox, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from app.domain.events import EventType, Recipient
from app.persistence.engine.database import open_database
from app.use_cases.notifications.sequence_events import sequence_events
from tests.api.pages.browser.accessibility import violations
from tests.api.pages.browser.chromium import DESKTOP_SIZE, PHONE_SIZE, BrowserSession, browser_session
from tests.api.registration_states import post_action, read_registration, refused_registration
from tests.fake_clock import MORNING
from tests.live_server import LiveServer
from tests.nodejs import needs_packages
from tests.outbox.emails.email_cases import email_for
from tests.outbox.emails.personal_links import over_quota_registration, personal_link_path

SIZES = {"desk": DESKTOP_SIZE, "phone": PHONE_SIZE}
KEEP, CANCEL = "Conserver sans prise en charge", "Annuler l’inscription"


async def _press(session: BrowserSession, name: str) -> None:
    await session.page.get_by_role("button", name=name).click()
    await session.page.wait_for_load_state("networkidle")


async def _read_mail(served: LiveServer) -> None:
    """Sequence the events so far, so that their e-mails are written."""
    database = open_database(served.database_url, pool_size=2)
    while await sequence_events(database, MORNING):
        pass
    await database.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_an_adviser_keeps_the_registration(
    browser: Browser, served: LiveServer, platform: httpx.Client, *, scripts: bool
) -> None:
    waiting = over_quota_registration(platform)

    async with browser_session(browser, served.base_url, PHONE_SIZE, scripts=scripts) as session:
        await session.open(personal_link_path(waiting))
        await session.page.get_by_text("L’opérateur de compétences").last.click()
        await _press(session, KEEP)

        await expect(session.page.get_by_role("heading", level=1)).to_have_text(re.compile("conservée"))
        assert session.reported_problems == []
    kept = read_registration(platform, waiting)
    assert (kept["status"], kept["funding"], kept["payer"]) == ("accepted", "none", "opco")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_an_adviser_cancels_it(
    browser: Browser, served: LiveServer, platform: httpx.Client, *, scripts: bool
) -> None:
    waiting = over_quota_registration(platform)

    async with browser_session(browser, served.base_url, scripts=scripts) as session:
        await session.open(personal_link_path(waiting))
        await _press(session, CANCEL)

        await expect(session.page.get_by_role("heading", level=1)).to_have_text("Votre inscription est annulée")
        assert session.reported_problems == []
    assert read_registration(platform, waiting)["status"] == "cancelled"


async def test_it_is_done_with_the_keyboard_alone(browser: Browser, served: LiveServer, platform: httpx.Client) -> None:
    waiting = over_quota_registration(platform)

    async with browser_session(browser, served.base_url) as session:
        await session.open(personal_link_path(waiting))
        keyboard = session.page.keyboard
        await keyboard.press("Tab")
        await expect(session.page.get_by_role("link", name="Aller au contenu")).to_be_focused()
        await keyboard.press("Enter")
        await keyboard.press("Tab")
        await keyboard.press("ArrowDown")
        await keyboard.press("Tab")
        await expect(session.page.get_by_role("button", name=KEEP)).to_be_focused()
        await keyboard.press("Enter")
        await expect(session.page.get_by_role("heading", level=1)).to_have_text(re.compile("conservée"))
    assert read_registration(platform, waiting)["status"] == "accepted"


async def test_who_pays_must_be_said(browser: Browser, served: LiveServer, platform: httpx.Client) -> None:
    waiting = over_quota_registration(platform)

    async with browser_session(browser, served.base_url) as session:
        await session.open(personal_link_path(waiting))
        await session.page.get_by_role("button", name=KEEP).click()
        assert await session.page.locator("input[name=payer]:invalid").count() == 3
        await session.page.locator("form").first.evaluate("form => form.submit()")
        await expect(session.page.get_by_text("Choisissez qui paiera")).to_be_visible()
    assert read_registration(platform, waiting) == waiting


def _promoted(platform: httpx.Client) -> dict[str, Any]:
    waiting = over_quota_registration(platform)
    query = {"adviser_id": waiting["adviser_id"], "status": "accepted"}
    post_action(platform, platform.get("/v1/registrations", params=query).json()["data"][0], "cancellation")
    return waiting


def _answered(platform: httpx.Client) -> dict[str, Any]:
    waiting = over_quota_registration(platform)
    post_action(platform, waiting, "choice", choice="keep", payer="employer")
    return waiting


def _cancelled(platform: httpx.Client) -> dict[str, Any]:
    waiting = over_quota_registration(platform)
    post_action(platform, waiting, "choice", choice="cancel")
    return waiting


def _late(platform: httpx.Client) -> dict[str, Any]:
    return over_quota_registration(platform, starts_on="2026-06-09")


PAGES: dict[str, Callable[[httpx.Client], dict[str, Any]]] = {
    "open": over_quota_registration,
    "answered": _answered,
    "cancelled": _cancelled,
    "promoted": _promoted,
    "late": _late,
    "refused": refused_registration,
}


@needs_packages
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [*PAGES, "unknown", "wrong"])
async def test_each_page_is_accessible_fits_and_is_whole(
    browser: Browser, served: LiveServer, platform: httpx.Client, name: str, size: str
) -> None:
    path = (
        "/answer/unknown"
        if name == "unknown"
        else personal_link_path(PAGES.get(name, over_quota_registration)(platform))
    )

    async with browser_session(browser, served.base_url, SIZES[size]) as session:
        await session.open(path)
        if name == "wrong":
            await session.page.locator("form").first.evaluate("form => form.submit()")
            await expect(session.page.get_by_text("Choisissez qui paiera")).to_be_visible()
        await session.page.wait_for_load_state("networkidle")

        assert await violations(session) == []
        assert await session.page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
        assert session.foreign_requests == []
        assert [said for said in session.reported_problems if not re.search("status of 4(04|10|22)", said)] == []
        assert await session.page.evaluate("document.fonts.check('1rem Marianne')")


@needs_packages
@pytest.mark.parametrize("size", SIZES)
async def test_the_mailbox_shows_messages_as_they_look(
    browser: Browser, served: LiveServer, platform: httpx.Client, size: str
) -> None:
    waiting = over_quota_registration(platform)
    await _read_mail(served)

    async with browser_session(browser, served.base_url, SIZES[size]) as session:
        await session.open("/mailbox")
        assert await violations(session) == []
        assert await session.page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
        await session.page.get_by_role("link", name=re.compile("À vous de choisir")).first.click()
        await session.page.wait_for_load_state("networkidle")
        letter = session.page.frame_locator("iframe")
        await expect(letter.get_by_role("heading", level=1)).to_have_text(re.compile("À vous de choisir"))
        link = letter.get_by_role("link", name=re.compile("Répondre"))
        assert await link.get_attribute("href") == f"{served.base_url}{personal_link_path(waiting)}"
        # Asked before the accessibility check, which tries to write into the frame and is turned away.
        assert (session.reported_problems, session.foreign_requests) == ([], [])
        assert await violations(session) == []
        assert await session.page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]


async def test_the_link_of_a_message_in_the_mailbox_opens_its_page(
    browser: Browser, served: LiveServer, platform: httpx.Client
) -> None:
    over_quota_registration(platform)
    await _read_mail(served)

    async with browser_session(browser, served.base_url) as session:
        await session.open("/mailbox")
        await session.page.get_by_role("link", name=re.compile("À vous de choisir")).first.click()
        for place in (session.page.frame_locator("iframe"), session.page.locator("pre")):
            async with session.page.expect_popup() as opening:
                await place.get_by_role("link", name=re.compile("Répondre|answer")).first.click()
            page = await opening.value
            await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("à vous de choisir"))


@needs_packages
@pytest.mark.parametrize("event_type", [EventType.REGISTRATION_OVER_QUOTA, EventType.REGISTRATION_REFUSED])
async def test_an_e_mail_in_the_mailbox_is_accessible(
    browser: Browser, served: LiveServer, event_type: EventType
) -> None:
    async with browser_session(browser, served.base_url, PHONE_SIZE) as session:
        await session.page.set_content(email_for(event_type, Recipient.ADVISER, legal_form="private").html)

        assert await violations(session) == []
        assert await session.page.evaluate("document.documentElement.scrollWidth") == PHONE_SIZE[0]
