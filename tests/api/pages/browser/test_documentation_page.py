"""The documentation page, used as an administrator would: in a real browser, with a real key."""

import json
import re
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.api.pages.browser.chromium import DESKTOP_SIZE, PHONE_SIZE, BrowserSession, browser_session
from tests.live_server import LiveServer

PAGES = (("Guide", "/guide"), ("Erreurs", "/problems"), ("OpenAPI", "/openapi.json"))
# A form with a file, a picture, separated values, a body with a secret, a list with filters: what is drawn differently.
ONE_OF_EACH_KIND = ("importFile", "drawTrainingRecord", "readStatistics", "addWebhookEndpoint", "listRegistrations")
OUR_CONFLICT = "Failed to load resource: the server responded with a status of 409 (Conflict)"


async def _authorise(session: BrowserSession, key: str) -> None:
    await session.page.get_by_role("button", name="Authorize").first.click()
    form = session.page.locator(".auth-container").first
    await form.get_by_role("textbox").fill(key)
    await form.get_by_role("button", name="Apply credentials").click()
    await form.get_by_role("button", name="Close").click()


async def _opened(session: BrowserSession, operation: str) -> Locator:
    """An operation, unfolded by a click as a person does."""
    block = session.page.locator(f"[id$='-{operation}']")
    await block.locator(".opblock-summary-control").click()
    await expect(block.get_by_role("button", name="Execute")).to_be_visible()
    return block


async def _executed(block: Locator, status: int) -> Any:
    """The response shown: its status must be this one, and a success must show its duration."""
    await block.get_by_role("button", name="Execute").click()
    shown = block.locator(".live-responses-table .response-col_status").last
    await expect(shown).to_have_text(re.compile(rf"^{status}"))
    if status < 400:
        await expect(block.get_by_text(re.compile(r"^\s*\d+ ms$"))).to_be_visible()
    return json.loads(await block.locator(".live-responses-table .highlight-code code").first.inner_text())


async def test_an_administrator_previews_registers_reads_and_is_told_of_a_conflict(
    demonstration_session: BrowserSession, served_demonstration: LiveServer
) -> None:
    await demonstration_session.open("/")
    assert demonstration_session.page.url == f"{served_demonstration.base_url}/docs"
    await _authorise(demonstration_session, served_demonstration.keys["platform"])

    previewed = await _executed(await _opened(demonstration_session, "previewRegistration"), 200)
    register = await _opened(demonstration_session, "registerAdviser")
    registered = await _executed(register, 201)
    reading = await _opened(demonstration_session, "getRegistration")
    await reading.get_by_placeholder("registration_id").fill(registered["id"])
    read = await _executed(reading, 200)
    conflict = await _executed(register, 409)

    assert previewed["outcome"] == registered["decision"]["outcome"] == read["decision"]["outcome"] == "accepted"
    assert read["decision"]["id"] == registered["decision"]["id"]
    assert conflict["code"] == "duplicate-registration"
    said = register.get_by_role("status")
    await expect(said).to_contain_text("409 Inscription déjà existante. ")
    await said.get_by_role("link").click()
    await expect(demonstration_session.page.get_by_role("heading", level=1)).to_have_text("Inscription déjà existante")
    assert (demonstration_session.reported_problems, demonstration_session.foreign_requests) == ([OUR_CONFLICT], [])


async def test_an_operation_has_an_address_and_a_key_is_remembered(
    served_session: BrowserSession, served: LiveServer
) -> None:
    await served_session.open("/docs#/Catalogue/listModules")
    await _authorise(served_session, served.keys["platform"])

    await served_session.page.reload()

    unfolded = served_session.page.locator("#operations-Catalogue-listModules.is-open")
    assert (await _executed(unfolded, 200))["data"]


@pytest.fixture(scope="module")
async def opened_page(browser: Browser, served: LiveServer) -> AsyncGenerator[BrowserSession]:
    """The page as it was opened once: loading it costs as much as all that these tests do with it."""
    async with browser_session(browser, served.base_url) as session:
        await session.open("/docs")
        await expect(session.page.locator(".opblock").first).to_be_visible()
        yield session


async def test_the_documentation_fits_the_screen(opened_page: BrowserSession) -> None:
    found = dict[str, int]()
    for name, (width, height) in {"phone": PHONE_SIZE, "desk": DESKTOP_SIZE}.items():
        await opened_page.page.set_viewport_size({"width": width, "height": height})
        found[name] = await opened_page.page.evaluate("document.documentElement.scrollWidth")

    assert found == {"phone": PHONE_SIZE[0], "desk": DESKTOP_SIZE[0]}


async def test_an_operation_says_who_may_call_it_and_its_errors_have_pages(
    opened_page: BrowserSession,
) -> None:
    block = await _opened(opened_page, "registerAdviser")

    await expect(block).to_contain_text("Accès : portée registrations:write (plateforme, organisme de formation")
    link = block.locator(".responses-table").get_by_role("link", name="duplicate-registration")
    await expect(link).to_have_attribute("href", "/problems/duplicate-registration")


@pytest.mark.parametrize(("name", "path"), PAGES)
async def test_the_documentation_leads_to_the_other_pages(opened_page: BrowserSession, name: str, path: str) -> None:
    link = opened_page.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name)

    context, address = opened_page.page.context, f"{opened_page.base_url}{path}"
    # Of the answer, not of the page: the browser may have loaded that before it says that it opened.
    async with (
        context.expect_event("response", lambda answer: answer.url == address) as answering,
        context.expect_page() as opening,
    ):
        await link.click(modifiers=["ControlOrMeta"])  # beside it
    assert (await answering.value).status == 200
    await (await opening.value).close()


async def test_the_documentation_runs_under_its_policy(opened_page: BrowserSession) -> None:
    for operation in ONE_OF_EACH_KIND:
        block = await _opened(opened_page, operation)
        await expect(block.locator(".responses-table").first).to_be_visible()

    answer = await opened_page.page.request.get(f"{opened_page.base_url}/docs")

    assert "unsafe" not in answer.headers["content-security-policy"]
    assert (opened_page.reported_problems, opened_page.foreign_requests) == ([], [])
