"""An administrator opens the statistics with a key, and sees why registrations are refused."""

import pytest
from playwright.async_api import Browser, expect

from tests.api.pages.browser.accessibility import violations
from tests.api.pages.browser.chromium import DESK, PHONE, Visit, visiting
from tests.live_server import Served
from tests.nodejs import needs_packages

SIZES = {"desk": DESK, "phone": PHONE}
KEPT = ("value", "path", "httpOnly", "sameSite")


async def _enter(visit: Visit, key: str) -> None:
    await visit.open("/statistics")
    await visit.page.get_by_label("Votre clé d’API").fill(key)
    await visit.page.get_by_role("button", name="Ouvrir").click()
    await visit.page.wait_for_load_state("networkidle")


@needs_packages
@pytest.mark.parametrize("size", SIZES)
async def test_it_says_why_and_is_accessible_without_scripts(browser: Browser, demonstrated: Served, size: str) -> None:
    async with visiting(browser, demonstrated.base_url, SIZES[size]) as visit:
        await _enter(visit, demonstrated.keys["admin"])

        await expect(visit.page.get_by_role("heading", name="Pourquoi des inscriptions")).to_be_visible()
        assert await violations(visit) == []
        assert await visit.page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
        assert (visit.complaints, visit.strangers) == ([], [])


async def test_a_wrong_key_opens_nothing(browser: Browser, demonstrated: Served) -> None:
    async with visiting(browser, demonstrated.base_url, scripts=False) as visit:
        await _enter(visit, "insc_unknown")

        await expect(visit.page.get_by_text("Cette clé est inconnue")).to_be_visible()
        assert await visit.page.context.cookies() == []


async def test_the_key_is_in_no_address_and_in_no_readable_cookie(browser: Browser, demonstrated: Served) -> None:
    async with visiting(browser, demonstrated.base_url, scripts=False) as visit:
        await _enter(visit, demonstrated.keys["admin"])

        ((value, *rest),) = [[*map(cookie.get, KEPT)] for cookie in await visit.page.context.cookies()]
        assert rest == ["/statistics", True, "Strict"]
        assert demonstrated.keys["admin"] not in f"{visit.page.url} {value}"
