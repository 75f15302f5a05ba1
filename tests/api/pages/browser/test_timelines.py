"""The pictures of training records, as a browser draws them."""

from typing import Any

from playwright.async_api import Browser

from app.seed.demonstration import PEOPLE
from tests.api.pages.browser.chromium import DESKTOP_SIZE, browser_session
from tests.live_server import LiveServer

# What a person could not read: a label on another, or beyond the edge.
UNREADABLE = """() => {
  const page = document.documentElement.getBoundingClientRect()
  const said = [...document.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()])
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom - 2 && b.top + 2 < a.bottom - 2
  const beyond = ({left, right, top, bottom}) =>
    left < page.left || right > page.right || top < page.top || bottom > page.bottom
  return said.flatMap(([text, box], place) => [
    ...said.slice(place + 1).filter(([, other]) => meet(box, other)).map(([other]) => `${text} / ${other}`),
    ...(beyond(box) ? [text] : []),
  ])
}"""
PLANTED = "document.querySelector('text').setAttribute('transform', 'translate(0 20)')"


async def test_no_label_covers_another_for_anybody_in_the_demonstration(
    browser: Browser, served_demonstration: LiveServer
) -> None:
    with served_demonstration.client("admin") as admin:
        advisers = admin.get("/v1/advisers", params={"limit": 500}).raise_for_status().json()["data"]
    unreadable: dict[str, Any] = {}
    async with browser_session(browser, served_demonstration.base_url, DESKTOP_SIZE) as session:
        await session.page.set_extra_http_headers({"Authorization": f"Bearer {served_demonstration.keys['admin']}"})
        for adviser in advisers:
            await session.open(f"/v1/advisers/{adviser['id']}/training-record.svg")
            unreadable[adviser["conum_id"]] = await session.page.evaluate(UNREADABLE)
        await session.page.evaluate(PLANTED)
        planted = await session.page.evaluate(UNREADABLE)

    assert {name: found for name, found in unreadable.items() if found} == {}
    assert len(unreadable) == len(PEOPLE)
    assert len(planted) == 1
    assert (session.reported_problems, session.foreign_requests) == ([], [])
