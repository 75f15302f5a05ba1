"""The machine's own Chromium, and visits that keep what nobody sees: reports, errors, requests to strangers."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from shutil import which

from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "Chromium is missing: `apt-get install chromium`, or CHROMIUM=/path/to/it"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
DESK, PHONE = (1280, 900), (390, 844)


def found() -> str | None:
    """The path of a Chromium; `CHROMIUM` chooses it."""
    return os.environ.get("CHROMIUM") or next((path for name in NAMES if (path := which(name))), None)


@asynccontextmanager
async def launched(executable: str) -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        await browser.close()


@dataclass  # without slots: Playwright writes on whoever listens
class Visit:
    """One page at a served address. `complaints`: what the browser reported, policy violations among it."""

    page: Page
    base_url: str
    complaints: list[str] = field(default_factory=list[str])
    strangers: list[str] = field(default_factory=list[str])

    def listen(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.base_url}{path}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base_url}/", "data:", "blob:")):
            self.strangers.append(request.url)


@asynccontextmanager
async def visiting(
    browser: Browser, base_url: str, size: tuple[int, int] = DESK, *, scripts: bool = True
) -> AsyncGenerator[Visit]:
    """A visit without a past; French, as its readers."""
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="fr-FR", java_script_enabled=scripts
    )
    visit = Visit(await context.new_page(), base_url)
    visit.listen()
    yield visit
    await context.close()
