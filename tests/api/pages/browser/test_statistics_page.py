"""An administrator opens the statistics with a key, and sees why registrations are refused."""

import pytest
from playwright.async_api import Browser, expect

from tests.api.pages.browser.accessibility import violations
from tests.api.pages.browser.chromium import DESKTOP_SIZE, PHONE_SIZE, BrowserSession, browser_session
from tests.live_server import LiveServer
from tests.nodejs import needs_packages

SIZES = {"desk": DESKTOP_SIZE, "phone": PHONE_SIZE}
KEPT = ("value", "path", "httpOnly", "sameSite")


async def _enter(session: BrowserSession, key: str) -> None:
    await session.open("/statistics")
    await session.page.get_by_label("Votre clé d’API").fill(key)
    await session.page.get_by_role("button", name="Ouvrir").click()
    await session.page.wait_for_load_state("networkidle")


@needs_packages
@pytest.mark.parametrize("size", SIZES)
async def test_it_says_why_and_is_accessible_without_scripts(
    browser: Browser, served_demonstration: LiveServer, size: str
) -> None:
    async with browser_session(browser, served_demonstration.base_url, SIZES[size]) as session:
        await _enter(session, served_demonstration.keys["admin"])

        await expect(session.page.get_by_role("heading", name="Pourquoi des inscriptions")).to_be_visible()
        await expect(session.page.get_by_text("Une personne a accordé")).to_be_visible()
        assert await violations(session) == []
        assert await session.page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
        assert (session.reported_problems, session.foreign_requests) == ([], [])


async def test_a_wrong_key_opens_nothing(browser: Browser, served_demonstration: LiveServer) -> None:
    async with browser_session(browser, served_demonstration.base_url, scripts=False) as session:
        await _enter(session, "insc_unknown")

        await expect(session.page.get_by_text("Cette clé est inconnue")).to_be_visible()
        assert await session.page.context.cookies() == []


async def test_the_key_is_in_no_address_and_in_no_readable_cookie(
    browser: Browser, served_demonstration: LiveServer
) -> None:
    async with browser_session(browser, served_demonstration.base_url, scripts=False) as session:
        await _enter(session, served_demonstration.keys["admin"])

        ((value, *rest),) = [[*map(cookie.get, KEPT)] for cookie in await session.page.context.cookies()]
        assert rest == ["/statistics", True, "Strict"]
        assert served_demonstration.keys["admin"] not in f"{session.page.url} {value}"
