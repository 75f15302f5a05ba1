from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Browser

from tests.api.pages.browser.chromium import MISSING, Visit, found, launched, visiting
from tests.live_server import Served


@pytest.fixture(scope="session")
async def browser() -> AsyncGenerator[Browser]:
    executable = found()
    if executable is None:
        pytest.skip(MISSING)
    async with launched(executable) as started:
        yield started


@pytest.fixture
async def reader(browser: Browser, served: Served) -> AsyncGenerator[Visit]:
    """Somebody who reads, on a service that anybody may have written to."""
    async with visiting(browser, served.base_url) as visit:
        yield visit


@pytest.fixture
async def worker(browser: Browser, demonstrated: Served) -> AsyncGenerator[Visit]:
    """Somebody at work, on a demonstration of their own."""
    async with visiting(browser, demonstrated.base_url) as visit:
        yield visit
