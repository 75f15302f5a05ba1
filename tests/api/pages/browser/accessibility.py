"""What axe-core finds in a page, best practices included."""

from typing import Any

from tests.api.pages.browser.chromium import Visit
from tests.nodejs import PACKAGES

AXE = PACKAGES / "axe-core" / "axe.min.js"


async def violations(visit: Visit) -> list[dict[str, Any]]:
    """Evaluated by the debugger, which no content policy concerns."""
    await visit.page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = await visit.page.evaluate("async () => (await axe.run()).violations")
    return [{"rule": item["id"], "where": [node["html"][:200] for node in item["nodes"]]} for item in found]
