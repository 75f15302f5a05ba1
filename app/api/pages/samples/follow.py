"""Tenir une copie des inscriptions à jour, en relançant ce programme. Il faut `pip install httpx`."""

import json
import os
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

COPY = Path(os.environ.get("COPY", "copy.json"))


def whole_list(api: httpx.Client) -> Iterator[dict[str, Any]]:
    """Toutes les pages : le lien `next` garde les filtres et la taille."""
    address: str | None = "/v1/registrations?limit=500"
    while address is not None:
        page = api.get(address).raise_for_status()
        yield from page.json()["data"]
        address = page.links.get("next", {}).get("url")


def first_copy(api: httpx.Client) -> dict[str, Any]:
    """La tête du flux, puis la liste : ce qui change pendant la lecture sera dans la suite."""
    head = api.get("/v1/events", params={"after": "now"}).raise_for_status().json()["next"]
    return {"cursor": head, "registrations": {row["id"]: row for row in whole_list(api)}}


def follow(api: httpx.Client, copy: dict[str, Any]) -> None:
    """Un événement peut venir deux fois : ne relire que ce qui est plus récent que la copie."""
    registrations, up_to_date = copy["registrations"], False
    while not up_to_date:
        following = {"after": copy["cursor"], "types": "registration.*"}
        page = api.get("/v1/events", params=following)
        if page.status_code == HTTPStatus.GONE:  # copie trop ancienne : recommencer
            copy |= first_copy(api)
            return
        events = page.raise_for_status().json()
        for subject in (event["subject"] for event in events["data"]):
            if subject["version"] > registrations.get(subject["id"], {"version": 0})["version"]:
                registration = api.get(f"/v1/registrations/{subject['id']}").raise_for_status().json()
                registrations[subject["id"]] = registration
        copy["cursor"], up_to_date = events["next"], events["up_to_date"]


with httpx.Client(
    base_url=os.environ["BASE_URL"], headers={"Authorization": f"Bearer {os.environ['API_KEY']}"}
) as client:
    if COPY.exists():
        kept = json.loads(COPY.read_text())
        follow(client, kept)
    else:
        kept = first_copy(client)
COPY.write_text(json.dumps(kept))
print(len(kept["registrations"]), "inscriptions à jour")
