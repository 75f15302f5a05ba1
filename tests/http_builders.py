"""What tests of the API start from: an adviser, a contract, a registration, made over HTTP with admitting defaults."""

from typing import Any
from uuid import uuid4

import httpx

from app.seed.published_catalogue import LA_MEDNUM
from tests.fake_clock import MORNING
from tests.live_server import idempotency_headers

SIRET = "21350238800019"
TODAY = str(MORNING.date())


def adviser_body(**fields: Any) -> dict[str, Any]:
    """An adviser of category E."""
    return {
        "conum_id": uuid4().int % 10**12,
        "first_name": "Camille",
        "last_name": "Exemple",
        "email": "camille@example.org",
        "department": "35",
        "in_scheme": True,
        "initial_training": {"entered_on": "2022-03-14", "ended_on": None},
        **fields,
    }


def contract_body(adviser_id: str, **fields: Any) -> dict[str, Any]:
    """A complete open-ended contract with a public employer."""
    return {
        "adviser_id": adviser_id,
        "type": "CDI",
        "starts_on": "2022-01-10",
        "employer": {"siret": SIRET, "name": "Ville d’exemple", "legal_form": "public", "department": "35"},
        "administrative_file": {
            "ds_file_number": "1234567",
            "contract_uploaded_on": "2022-01-17",
            "validated_on": "2022-01-20",
        },
        **fields,
    }


def registration_body(adviser_id: str, **fields: Any) -> dict[str, Any]:
    """A thematic module on 2025-05-13; `starts_on` moves the whole session. One that has started says so."""
    starts_on = fields.pop("starts_on", "2025-05-13")
    first_day = fields.get("session", {}).get("starts_on", starts_on)
    return {
        "adviser_id": adviser_id,
        "module_code": "numerique-responsable",
        "training_organisation_id": str(LA_MEDNUM),
        "session": {"starts_on": starts_on, "ends_on": starts_on, "format": "remote"},
        "requested_on": "2025-04-01",
        **({"regularisation": True} if first_day <= TODAY else {}),
        **fields,
    }


def policy_body(**groups: Any) -> dict[str, Any]:
    """The published values, in force from 2098 by default."""
    return {
        "effective_from": "2098-01-01",
        "two_modules": {"entered_on_or_after": "2024-01-01", "count": 2, "window_months": 12},
        "civil_year": {"count": 1, "first_year": 2024, "grace": {"2024": "2025-03-31"}},
        "supplementary": {"from": "2025-01-01", "count": 1},
        "over_quota": {"reply_days": None, "remind_days": 7},
        "requests": {"months_ahead": 36},
        "attendance": {
            "correction_days": 30,
            "valid_absence_motives": ["medical_certificate", "force_majeure", "employer_need"],
        },
        "support": {"answer_days": 60},
        "initial_training": {
            "max_funded": 1,
            "path_hours": [
                {"from": "2021-01-01", "value": [105, 280, 350, 420]},
                {"from": "2024-03-01", "value": [70, 175, 315]},
                {"from": "2025-10-21", "value": [175]},
            ],
            "enter_within_months": None,
            "unjustified_absence_counts": False,
        },
        "certification": {
            "presentation_months": [{"from": "2021-01-01", "value": 6}, {"from": "2024-01-01", "value": 2}],
            "valid_absence_motives": [
                {"from": "2021-01-01", "value": ["medical_certificate", "force_majeure", "covid_positive_test"]},
                {"from": "2023-11-29", "value": ["medical_certificate", "force_majeure"]},
            ],
        },
        "unjustified_absence_consumes": True,
        "support_email": "support@example.org",
        **groups,
    }


def an_adviser(client: httpx.Client, **fields: Any) -> str:
    """The id of a new adviser."""
    answer = client.put(f"/v1/advisers/{uuid4()}", json=adviser_body(**fields)).raise_for_status()
    return str(answer.json()["id"])


def a_contract(client: httpx.Client, adviser_id: str, **fields: Any) -> str:
    """The id of a new contract."""
    answer = client.put(f"/v1/contracts/{uuid4()}", json=contract_body(adviser_id, **fields)).raise_for_status()
    return str(answer.json()["id"])


def an_adviser_in_post(client: httpx.Client, **fields: Any) -> str:
    adviser_id = an_adviser(client, **fields)
    a_contract(client, adviser_id)
    return adviser_id


def register(client: httpx.Client, adviser_id: str, **fields: Any) -> httpx.Response:
    return client.post("/v1/registrations", json=registration_body(adviser_id, **fields), headers=idempotency_headers())
