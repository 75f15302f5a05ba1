"""Support links, as e-mails contain them, and what their pages are asked."""

from typing import Any
from uuid import UUID

import httpx

from app.use_cases.registrations.support_links import SupportSubject, support_link
from tests.live_server import PEPPER

TEXT = "J’étais hospitalisée ce jour-là : le certificat suit."


def registration_path(registration: dict[str, Any]) -> str:
    return support_link("", PEPPER.secrets, SupportSubject.REGISTRATION, UUID(registration["id"]))


def certification_path(certification: dict[str, Any]) -> str:
    return support_link("", PEPPER.secrets, SupportSubject.CERTIFICATION, UUID(certification["id"]))


def adviser_path(adviser: str) -> str:
    return support_link("", PEPPER.secrets, SupportSubject.ADVISER, UUID(adviser))


def requests_of(admin: httpx.Client, adviser: str) -> list[dict[str, Any]]:
    """Oldest first."""
    found: list[dict[str, Any]] = admin.get("/v1/support-requests", params={"adviser_id": adviser}).json()["data"]
    return found
