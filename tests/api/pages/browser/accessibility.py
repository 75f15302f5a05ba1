"""What axe-core finds in a page, best practices included."""

from typing import Any

from tests.api.pages.browser.chromium import BrowserSession
from tests.nodejs import PACKAGES

AXE = PACKAGES / "axe-core" / "axe.min.js"


async def violations(session: BrowserSession) -> list[dict[str, Any]]:
    """Evaluated through the debugger, to which no content security policy applies."""
    await session.page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = await session.page.evaluate("async () => (await axe.run()).violations")
    return [{"rule": item["id"], "where": [node["html"][:200] for node in item["nodes"]]} for item in found]
