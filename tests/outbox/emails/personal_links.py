"""Personal links, as e-mails contain them."""

from typing import Any
from uuid import UUID

import httpx

from app.use_cases.registrations.personal_links import personal_link
from tests.api.registration_states import UPCOMING_DAY
from tests.http_builders import a_contract, an_adviser, contract_body, register
from tests.live_server import PEPPER


def personal_link_path(registration: dict[str, Any]) -> str:
    """The path of the page that the message about its decision links to."""
    return personal_link("", PEPPER.secrets, UUID(registration["decision"]["id"]))


def over_quota_registration(client: httpx.Client, legal_form: str = "private", **fields: Any) -> dict[str, Any]:
    """A registration that waits for the adviser's choice; the employer is private unless said otherwise."""
    adviser = an_adviser(client)
    employer = contract_body(adviser)["employer"] | {"legal_form": legal_form}
    a_contract(client, adviser, employer=employer)
    register(client, adviser, starts_on="2026-09-08").raise_for_status()
    waiting = register(client, adviser, **{"starts_on": UPCOMING_DAY, "module_code": "cybersecurite", **fields}).json()
    assert waiting["status"] == "awaiting_choice", waiting
    return dict(waiting)
