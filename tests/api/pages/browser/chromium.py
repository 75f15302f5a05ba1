"""The machine's own Chromium, and sessions that record console errors and requests to other hosts."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from shutil import which

from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

# The one without a window draws the same pages for half the work.
PROGRAM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_MISSING = "Chromium is missing: `apt-get install chromium-headless-shell`, or CHROMIUM=/path/to/it"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
DESKTOP_SIZE, PHONE_SIZE = (1280, 900), (390, 844)


def find_chromium() -> str | None:
    """The path of a Chromium; `CHROMIUM` chooses it."""
    return os.environ.get("CHROMIUM") or next((path for name in PROGRAM_NAMES if (path := which(name))), None)


@asynccontextmanager
async def launched_browser(executable: str) -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        await browser.close()


@dataclass  # without slots: Playwright writes on whoever listens
class BrowserSession:
    """One page at a served address. `complaints`: what the browser reported, policy violations among it."""

    page: Page
    base_url: str
    reported_problems: list[str] = field(default_factory=list[str])
    foreign_requests: list[str] = field(default_factory=list[str])

    def record_problems(self) -> None:
        self.page.on("console", self._record_console)
        self.page.on("pageerror", lambda error: self.reported_problems.append(str(error)))
        self.page.on("request", self._record_request)

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.base_url}{path}")

    def _record_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.reported_problems.append(message.text)

    def _record_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base_url}/", "data:", "blob:")):
            self.foreign_requests.append(request.url)


@asynccontextmanager
async def browser_session(
    browser: Browser, base_url: str, size: tuple[int, int] = DESKTOP_SIZE, *, scripts: bool = True
) -> AsyncGenerator[BrowserSession]:
    """A session without cookies or cache, in French."""
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="fr-FR", java_script_enabled=scripts
    )
    session = BrowserSession(await context.new_page(), base_url)
    session.record_problems()
    yield session
    await context.close()
