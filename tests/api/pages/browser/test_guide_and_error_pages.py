"""The guide and the pages of errors, in a browser, on any screen."""

import pytest
from playwright.async_api import Browser

from tests.api.pages.browser.accessibility import violations
from tests.api.pages.browser.chromium import DESKTOP_SIZE, PHONE_SIZE, BrowserSession, browser_session
from tests.live_server import LiveServer
from tests.nodejs import needs_packages

READ = ("/guide", "/problems", "/problems/duplicate-registration", "/privacy")
SIZES = {"desk": DESKTOP_SIZE, "phone": PHONE_SIZE}


@needs_packages
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", READ)
async def test_a_page_is_accessible_fits_the_screen_and_loads_nothing_from_elsewhere(
    browser: Browser, served: LiveServer, path: str, size: str
) -> None:
    async with browser_session(browser, served.base_url, SIZES[size]) as session:
        await session.open(path)
        await session.page.wait_for_load_state("networkidle")

        assert await violations(session) == []
        assert await session.page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
        assert (session.reported_problems, session.foreign_requests) == ([], [])


@needs_packages
async def test_the_accessibility_check_finds_faults(served_session: BrowserSession) -> None:
    await served_session.open("/guide")
    await served_session.page.evaluate("document.querySelector('main').append(document.createElement('img'))")

    assert [item["rule"] for item in await violations(served_session)] == ["image-alt"]


async def test_every_link_of_the_guide_leads_somewhere(served_session: BrowserSession) -> None:
    await served_session.open("/guide")
    links: list[str] = await served_session.page.eval_on_selector_all(
        "a[href]", "links => links.map(link => link.href)"
    )
    inner = {link for link in links if link.startswith(f"{served_session.base_url}/")}

    pages = {link.partition("#")[0] for link in inner}
    statuses = {page: (await served_session.page.request.get(page)).status for page in pages}
    anchors = {link.partition("#")[2] for link in inner if link.startswith(f"{served_session.base_url}/guide#")}
    missing = [name for name in anchors if await served_session.page.locator(f"[id='{name}']").count() != 1]

    assert {page: status for page, status in statuses.items() if status != 200} == {}
    assert len(anchors) > 5
    assert missing == []


async def test_the_first_tab_stop_skips_to_the_content(served_session: BrowserSession) -> None:
    await served_session.open("/guide")

    await served_session.page.keyboard.press("Tab")
    await served_session.page.keyboard.press("Enter")

    assert served_session.page.url.endswith("#content")


async def test_the_guide_is_printed_without_its_navigation(served_session: BrowserSession) -> None:
    await served_session.open("/guide")

    await served_session.page.emulate_media(media="print")

    assert [await served_session.page.locator(name).is_visible() for name in ("nav.contents", "main h1")] == [
        False,
        True,
    ]
