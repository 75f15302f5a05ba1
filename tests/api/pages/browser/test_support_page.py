"""An adviser contests, justifies and withdraws through a support link, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.api.administration.support_request_builders import answer, open_request
from tests.api.pages.browser.accessibility import violations
from tests.api.pages.browser.chromium import DESKTOP_SIZE, PHONE_SIZE, BrowserSession, browser_session
from tests.api.pages.support_links import TEXT, adviser_path, certification_path, registration_path, requests_of
from tests.api.registration_states import attended_registration, refused_registration
from tests.http_builders import an_adviser_in_post
from tests.live_server import LiveServer
from tests.nodejs import needs_packages

SIZES = {"desk": DESKTOP_SIZE, "phone": PHONE_SIZE}
SEND, WITHDRAW = "Envoyer la demande", "Retirer cette demande"


async def _press(session: BrowserSession, name: str) -> None:
    await session.page.get_by_role("button", name=name).click()
    await session.page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_an_adviser_justifies_an_absence_and_withdraws_it(
    browser: Browser, served: LiveServer, admin: httpx.Client, *, scripts: bool
) -> None:
    missed = attended_registration(admin, "absent_unjustified")

    async with browser_session(browser, served.base_url, PHONE_SIZE, scripts=scripts) as session:
        await session.open(registration_path(missed))
        await session.page.get_by_text("Je justifie mon absence").click()
        await session.page.get_by_label("Votre explication").fill(TEXT)
        await _press(session, SEND)

        await expect(session.page.get_by_text("Votre demande est enregistrée")).to_be_visible()
        (asked,) = requests_of(admin, missed["adviser_id"])
        await _press(session, WITHDRAW)
        await expect(session.page.get_by_text("retirée", exact=True)).to_be_visible()
        assert session.reported_problems == []
    (withdrawn,) = requests_of(admin, missed["adviser_id"])
    assert (asked["kind"], asked["text"], asked["status"]) == ("justification", TEXT, "open")
    assert withdrawn["status"] == "withdrawn"


async def test_it_is_done_with_the_keyboard_alone(browser: Browser, served: LiveServer, admin: httpx.Client) -> None:
    missed = attended_registration(admin, "absent_unjustified")

    async with browser_session(browser, served.base_url) as session:
        await session.open(registration_path(missed))
        keyboard = session.page.keyboard
        await keyboard.press("Tab")
        await expect(session.page.get_by_role("link", name="Aller au contenu")).to_be_focused()
        await keyboard.press("Enter")
        await keyboard.press("Tab")
        await keyboard.press("ArrowDown")
        await keyboard.press("Tab")
        await keyboard.type(TEXT)
        await keyboard.press("Tab")
        await expect(session.page.get_by_role("button", name=SEND)).to_be_focused()
        await keyboard.press("Enter")
        await expect(session.page.get_by_text("Votre demande est enregistrée")).to_be_visible()
    assert [item["kind"] for item in requests_of(admin, missed["adviser_id"])] == ["contestation"]


async def test_a_text_is_required_and_what_was_typed_stays(
    browser: Browser, served: LiveServer, admin: httpx.Client
) -> None:
    missed = attended_registration(admin, "absent_unjustified")

    async with browser_session(browser, served.base_url) as session:
        await session.open(registration_path(missed))
        await session.page.get_by_role("button", name=SEND).click()
        assert await session.page.locator("textarea:invalid").count() == 1
        await session.page.get_by_role("textbox").fill(TEXT)
        await session.page.locator("form").last.evaluate("form => form.submit()")
        await expect(session.page.get_by_text("Choisissez ce que vous demandez")).to_be_visible()
        await expect(session.page.get_by_role("textbox")).to_have_value(TEXT)
    assert requests_of(admin, missed["adviser_id"]) == []


def _refused(client: httpx.Client) -> str:
    return registration_path(refused_registration(client))


def _missed(client: httpx.Client) -> str:
    return registration_path(attended_registration(client, "absent_unjustified"))


def _result(client: httpx.Client, adviser: str) -> dict[str, Any]:
    body = {"adviser_id": adviser, "qualification": "pix", "outcome": "absent_unjustified", "on": "2026-05-12"}
    made: dict[str, Any] = client.post("/v1/certifications", json=body).raise_for_status().json()
    return made


def _exam(client: httpx.Client) -> str:
    return certification_path(_result(client, an_adviser_in_post(client)))


def _whole_file(client: httpx.Client) -> str:
    """With requests in each state."""
    missed = attended_registration(client, "absent_unjustified")
    adviser = missed["adviser_id"]
    _result(client, adviser)
    answer(client, open_request(client, adviser, registration_id=missed["id"])).raise_for_status()
    answer(client, open_request(client, adviser), granted=False).raise_for_status()
    withdrawn = open_request(client, adviser)
    client.post(f"/v1/support-requests/{withdrawn['id']}/withdrawal").raise_for_status()
    httpx.post(f"{client.base_url}{adviser_path(adviser)}", data={"matter": "contestation", "text": TEXT})
    return adviser_path(adviser)


PAGES: dict[str, Callable[[httpx.Client], str]] = {
    "refused": _refused,
    "missed": _missed,
    "exam": _exam,
    "whole file": _whole_file,
}


@needs_packages
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [*PAGES, "wrong", "unknown"])
async def test_each_page_is_accessible_fits_and_is_whole(
    browser: Browser, served: LiveServer, admin: httpx.Client, name: str, size: str
) -> None:
    path = "/support/unknown" if name == "unknown" else PAGES.get(name, _missed)(admin)

    async with browser_session(browser, served.base_url, SIZES[size]) as session:
        await session.open(path)
        if name == "wrong":
            await session.page.locator("form").last.evaluate("form => form.submit()")
            await expect(session.page.get_by_text("Écrivez ce que vous demandez")).to_be_visible()
        await session.page.wait_for_load_state("networkidle")

        assert await violations(session) == []
        assert await session.page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
        assert session.foreign_requests == []
        assert [said for said in session.reported_problems if not re.search("status of 4(04|22)", said)] == []
        assert await session.page.evaluate("document.fonts.check('1rem Marianne')")
