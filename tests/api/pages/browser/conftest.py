from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Browser, expect

from tests.api.pages.browser.chromium import (
    CHROMIUM_MISSING,
    BrowserSession,
    browser_session,
    find_chromium,
    launched_browser,
)
from tests.live_server import LiveServer

# The documentation page takes seconds to draw on a quiet machine, and these tests share theirs with others.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
async def browser() -> AsyncGenerator[Browser]:
    executable = find_chromium()
    if executable is None:
        pytest.skip(CHROMIUM_MISSING)
    async with launched_browser(executable) as started:
        yield started


@pytest.fixture
async def served_session(browser: Browser, served: LiveServer) -> AsyncGenerator[BrowserSession]:
    """On the service that tests share: to be read only."""
    async with browser_session(browser, served.base_url) as session:
        yield session


@pytest.fixture
async def demonstration_session(browser: Browser, served_demonstration: LiveServer) -> AsyncGenerator[BrowserSession]:
    """On a demonstration of its own, which may be changed."""
    async with browser_session(browser, served_demonstration.base_url) as session:
        yield session
