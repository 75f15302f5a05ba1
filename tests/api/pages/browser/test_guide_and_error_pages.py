"""The pages that are read: the guide and the catalogue of errors, for everybody, on any screen."""

import pytest
from playwright.async_api import Browser

from tests.api.pages.browser.accessibility import violations
from tests.api.pages.browser.chromium import DESK, PHONE, Visit, visiting
from tests.live_server import Served
from tests.nodejs import needs_packages

READ = ("/guide", "/problems", "/problems/duplicate-registration", "/privacy")
SIZES = {"desk": DESK, "phone": PHONE}


@needs_packages
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", READ)
async def test_a_page_is_accessible(browser: Browser, served: Served, path: str, size: str) -> None:
    async with visiting(browser, served.base_url, SIZES[size]) as visit:
        await visit.open(path)

        assert await violations(visit) == []


@needs_packages
async def test_the_check_of_accessibility_finds_what_is_not(reader: Visit) -> None:
    await reader.open("/guide")
    await reader.page.evaluate("document.querySelector('main').append(document.createElement('img'))")

    assert [item["rule"] for item in await violations(reader)] == ["image-alt"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", [*READ, "/docs"])
async def test_a_page_fits_the_screen(browser: Browser, served: Served, path: str, size: str) -> None:
    async with visiting(browser, served.base_url, SIZES[size]) as visit:
        await visit.open(path)
        await visit.page.wait_for_load_state("networkidle")

        assert await visit.page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]


@pytest.mark.parametrize("path", READ)
async def test_a_page_is_whole_without_anybody_else(reader: Visit, path: str) -> None:
    await reader.open(path)
    await reader.page.wait_for_load_state("networkidle")

    assert (reader.complaints, reader.strangers) == ([], [])


async def test_every_link_of_the_guide_leads_somewhere(reader: Visit) -> None:
    await reader.open("/guide")
    links: list[str] = await reader.page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
    inner = {link for link in links if link.startswith(f"{reader.base_url}/")}

    pages = {link.partition("#")[0] for link in inner}
    statuses = {page: (await reader.page.request.get(page)).status for page in pages}
    anchors = {link.partition("#")[2] for link in inner if link.startswith(f"{reader.base_url}/guide#")}
    missing = [name for name in anchors if await reader.page.locator(f"[id='{name}']").count() != 1]

    assert {page: status for page, status in statuses.items() if status != 200} == {}
    assert len(anchors) > 5
    assert missing == []


async def test_the_first_tab_stop_skips_to_the_content(reader: Visit) -> None:
    await reader.open("/guide")

    await reader.page.keyboard.press("Tab")
    await reader.page.keyboard.press("Enter")

    assert reader.page.url.endswith("#content")


async def test_the_guide_is_printed_without_its_navigation(reader: Visit) -> None:
    await reader.open("/guide")

    await reader.page.emulate_media(media="print")

    assert [await reader.page.locator(name).is_visible() for name in ("nav.contents", "main h1")] == [False, True]
