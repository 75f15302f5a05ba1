"""An adviser answers through a personal link, and a developer reads the mailbox, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from app.domain.events import EventType, Recipient
from app.persistence.engine.database import open_database
from app.use_cases.notifications.sequence_events import sequence
from tests.api.pages.browser.accessibility import violations
from tests.api.pages.browser.chromium import DESK, PHONE, Visit, visiting
from tests.api.registration_states import act, read, refused
from tests.fake_clock import MORNING
from tests.live_server import Served
from tests.nodejs import needs_packages
from tests.outbox.emails.email_cases import written
from tests.outbox.emails.personal_links import over_quota, path_of

SIZES = {"desk": DESK, "phone": PHONE}
KEEP, CANCEL = "Conserver sans prise en charge", "Annuler l’inscription"


async def _press(visit: Visit, name: str) -> None:
    await visit.page.get_by_role("button", name=name).click()
    await visit.page.wait_for_load_state("networkidle")


async def _read_mail(served: Served) -> None:
    """Place the events told so far, so that their e-mails are written."""
    database = open_database(served.database_url, pool_size=2)
    while await sequence(database, MORNING):
        pass
    await database.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_an_adviser_keeps_the_registration(
    browser: Browser, served: Served, platform: httpx.Client, *, scripts: bool
) -> None:
    waiting = over_quota(platform)

    async with visiting(browser, served.base_url, PHONE, scripts=scripts) as visit:
        await visit.open(path_of(waiting))
        await visit.page.get_by_text("L’opérateur de compétences").last.click()
        await _press(visit, KEEP)

        await expect(visit.page.get_by_role("heading", level=1)).to_have_text(re.compile("conservée"))
        assert visit.complaints == []
    kept = read(platform, waiting)
    assert (kept["status"], kept["funding"], kept["payer"]) == ("accepted", "none", "opco")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_an_adviser_cancels_it(
    browser: Browser, served: Served, platform: httpx.Client, *, scripts: bool
) -> None:
    waiting = over_quota(platform)

    async with visiting(browser, served.base_url, scripts=scripts) as visit:
        await visit.open(path_of(waiting))
        await _press(visit, CANCEL)

        await expect(visit.page.get_by_role("heading", level=1)).to_have_text("Votre inscription est annulée")
        assert visit.complaints == []
    assert read(platform, waiting)["status"] == "cancelled"


async def test_it_is_done_with_the_keyboard_alone(browser: Browser, served: Served, platform: httpx.Client) -> None:
    waiting = over_quota(platform)

    async with visiting(browser, served.base_url) as visit:
        await visit.open(path_of(waiting))
        keyboard = visit.page.keyboard
        await keyboard.press("Tab")
        await expect(visit.page.get_by_role("link", name="Aller au contenu")).to_be_focused()
        await keyboard.press("Enter")
        await keyboard.press("Tab")
        await keyboard.press("ArrowDown")
        await keyboard.press("Tab")
        await expect(visit.page.get_by_role("button", name=KEEP)).to_be_focused()
        await keyboard.press("Enter")
        await expect(visit.page.get_by_role("heading", level=1)).to_have_text(re.compile("conservée"))
    assert read(platform, waiting)["status"] == "accepted"


async def test_who_pays_must_be_said(browser: Browser, served: Served, platform: httpx.Client) -> None:
    waiting = over_quota(platform)

    async with visiting(browser, served.base_url) as visit:
        await visit.open(path_of(waiting))
        await visit.page.get_by_role("button", name=KEEP).click()
        assert await visit.page.locator("input[name=payer]:invalid").count() == 3
        await visit.page.locator("form").first.evaluate("form => form.submit()")
        await expect(visit.page.get_by_text("Choisissez qui paiera")).to_be_visible()
    assert read(platform, waiting) == waiting


def _promoted(platform: httpx.Client) -> dict[str, Any]:
    waiting = over_quota(platform)
    query = {"adviser_id": waiting["adviser_id"], "status": "accepted"}
    act(platform, platform.get("/v1/registrations", params=query).json()["data"][0], "cancellation")
    return waiting


def _answered(platform: httpx.Client) -> dict[str, Any]:
    waiting = over_quota(platform)
    act(platform, waiting, "choice", choice="keep", payer="employer")
    return waiting


def _cancelled(platform: httpx.Client) -> dict[str, Any]:
    waiting = over_quota(platform)
    act(platform, waiting, "choice", choice="cancel")
    return waiting


def _late(platform: httpx.Client) -> dict[str, Any]:
    return over_quota(platform, starts_on="2026-06-09")


PAGES: dict[str, Callable[[httpx.Client], dict[str, Any]]] = {
    "open": over_quota,
    "answered": _answered,
    "cancelled": _cancelled,
    "promoted": _promoted,
    "late": _late,
    "refused": refused,
}


@needs_packages
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [*PAGES, "unknown", "wrong"])
async def test_each_page_is_accessible_fits_and_is_whole(
    browser: Browser, served: Served, platform: httpx.Client, name: str, size: str
) -> None:
    path = "/answer/unknown" if name == "unknown" else path_of(PAGES.get(name, over_quota)(platform))

    async with visiting(browser, served.base_url, SIZES[size]) as visit:
        await visit.open(path)
        if name == "wrong":
            await visit.page.locator("form").first.evaluate("form => form.submit()")
            await expect(visit.page.get_by_text("Choisissez qui paiera")).to_be_visible()
        await visit.page.wait_for_load_state("networkidle")

        assert await violations(visit) == []
        assert await visit.page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
        assert visit.strangers == []
        assert [said for said in visit.complaints if not re.search("status of 4(04|10|22)", said)] == []
        assert await visit.page.evaluate("document.fonts.check('1rem Marianne')")


@needs_packages
@pytest.mark.parametrize("size", SIZES)
async def test_the_mailbox_shows_messages_as_they_look(
    browser: Browser, served: Served, platform: httpx.Client, size: str
) -> None:
    waiting = over_quota(platform)
    await _read_mail(served)

    async with visiting(browser, served.base_url, SIZES[size]) as visit:
        await visit.open("/mailbox")
        assert await violations(visit) == []
        assert await visit.page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
        await visit.page.get_by_role("link", name=re.compile("À vous de choisir")).first.click()
        await visit.page.wait_for_load_state("networkidle")
        letter = visit.page.frame_locator("iframe")
        await expect(letter.get_by_role("heading", level=1)).to_have_text(re.compile("À vous de choisir"))
        link = letter.get_by_role("link", name=re.compile("Répondre"))
        assert await link.get_attribute("href") == f"{served.base_url}{path_of(waiting)}"
        assert await violations(visit) == []
        assert await visit.page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
        assert (visit.complaints, visit.strangers) == ([], [])


async def test_the_link_of_a_message_in_the_mailbox_opens_its_page(
    browser: Browser, served: Served, platform: httpx.Client
) -> None:
    over_quota(platform)
    await _read_mail(served)

    async with visiting(browser, served.base_url) as visit:
        await visit.open("/mailbox")
        await visit.page.get_by_role("link", name=re.compile("À vous de choisir")).first.click()
        for place in (visit.page.frame_locator("iframe"), visit.page.locator("pre")):
            async with visit.page.expect_popup() as opening:
                await place.get_by_role("link", name=re.compile("Répondre|answer")).first.click()
            page = await opening.value
            await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("à vous de choisir"))


@needs_packages
@pytest.mark.parametrize("event_type", [EventType.REGISTRATION_OVER_QUOTA, EventType.REGISTRATION_REFUSED])
async def test_a_letter_is_accessible_too(browser: Browser, served: Served, event_type: EventType) -> None:
    async with visiting(browser, served.base_url, PHONE) as visit:
        await visit.page.set_content(written(event_type, Recipient.ADVISER, legal_form="private").html)

        assert await violations(visit) == []
        assert await visit.page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
