"""The sign-in sheet as a browser draws and prints it."""

import re

import httpx
import pytest
from playwright.async_api import Browser

from tests.api.pages.browser.accessibility import violations
from tests.api.pages.browser.chromium import BrowserSession, browser_session
from tests.http_builders import a_contract, an_adviser
from tests.live_server import LiveServer
from tests.nodejs import needs_packages
from tests.session_builders import a_session, register_in_session

EMPLOYER = {
    "siret": "21350238800019",
    "name": "Communauté de communes du Val d’Ille-Aubigné, espace numérique",
    "legal_form": "public",
    "department": "35",
}
A_DOZEN = 12
# What a person would not find: wider than the sheet, or a cell too small to sign in.
TOO_NARROW = """() => [...document.querySelectorAll("tbody td:empty")].filter(cell => {
  const {width, height} = cell.getBoundingClientRect()
  return width < 100 || height < 38
}).length + (document.documentElement.scrollWidth > document.documentElement.clientWidth ? 1 : 0)"""


@pytest.fixture
def session_of_a_dozen(admin: httpx.Client) -> str:
    """Two days, and twelve people whose names and employers are long."""
    session = a_session(admin, seats={"maximum": A_DOZEN})
    for number in range(A_DOZEN):
        adviser = an_adviser(admin, first_name="Jean-Sébastien", last_name=f"de La Villemarqué-Kergoat {number}")
        a_contract(admin, adviser, employer=EMPLOYER)
        register_in_session(admin, adviser, session)
    return session


async def opened(drawn: BrowserSession, served: LiveServer, session: str) -> None:
    await drawn.page.set_extra_http_headers({"Authorization": f"Bearer {served.keys['training_organisation']}"})
    await drawn.open(f"/v1/sessions/{session}/roster")


async def test_a_dozen_people_sign_on_one_page_a_day(
    browser: Browser, served: LiveServer, session_of_a_dozen: str
) -> None:
    async with browser_session(browser, served.base_url, scripts=False) as drawn:
        await opened(drawn, served, session_of_a_dozen)
        printed = await drawn.page.pdf(prefer_css_page_size=True)
        lines = await drawn.page.locator("tbody th[scope=row]").count()

    assert re.findall(rb"/Count (\d+)", printed) == [b"2"]
    assert lines == 2 * (A_DOZEN + 1), "everybody, and the trainer, each day"
    assert (drawn.reported_problems, drawn.foreign_requests) == ([], [])


async def test_there_is_room_to_sign(browser: Browser, served: LiveServer, session_of_a_dozen: str) -> None:
    async with browser_session(browser, served.base_url) as drawn:
        await opened(drawn, served, session_of_a_dozen)
        await drawn.page.emulate_media(media="print")
        assert await drawn.page.evaluate(TOO_NARROW) == 0
        assert await drawn.page.locator("tbody td:empty").count() == 4 * (A_DOZEN + 1)


@needs_packages
async def test_the_sheet_can_be_read_by_everybody(
    browser: Browser, served: LiveServer, session_of_a_dozen: str
) -> None:
    async with browser_session(browser, served.base_url) as drawn:
        await opened(drawn, served, session_of_a_dozen)

        assert await violations(drawn) == []
