"""Recevoir chaque nuit ce qui a changé, en relançant ce programme. Il faut `pip install httpx`."""

import json
import os
from pathlib import Path
from typing import Any

import httpx

COPY = Path(os.environ.get("COPY", "changes.json"))
NOTHING: dict[str, Any] = {"since": "2020-01-01T00:00:00Z", "registrations": {}}


def read_changes(api: httpx.Client, copy: dict[str, Any]) -> int:
    """Toutes les pages, puis seulement la marque d’où repartir : interrompu, on recommence."""
    address: str | None = f"/v1/registrations?updated_since={copy['since']}&limit=500"
    read, watermark = 0, copy["since"]
    while address is not None:
        page = api.get(address).raise_for_status()
        content = page.json()
        for registration in content["data"]:  # certaines sont déjà connues : les remplacer
            copy["registrations"][registration["id"]] = registration
            read += 1
        watermark = content["pagination"]["watermark"]
        address = page.links.get("next", {}).get("url")
    copy["since"] = watermark
    return read


with httpx.Client(
    base_url=os.environ["BASE_URL"], headers={"Authorization": f"Bearer {os.environ['API_KEY']}"}
) as client:
    kept = json.loads(COPY.read_text()) if COPY.exists() else NOTHING
    print(read_changes(client, kept), "inscriptions lues")
COPY.write_text(json.dumps(kept))
