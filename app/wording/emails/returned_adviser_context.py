"""What the template names that tells administrators of an anonymised adviser who is back, or may be."""

from collections import Counter
from datetime import date
from typing import Any

import orjson

from app.persistence.engine.driver_types import Row
from app.persistence.identities.identity_normalisation import CONUM_ID
from app.wording.dates import format_day
from app.wording.decision_summaries import entitlement_phrase


def returned_adviser_context(row: Row, base_url: str) -> dict[str, Any]:
    """Of a row of `messages.EMAIL_CONTEXT`. The adviser is named by an identifier only, as in events."""
    data: dict[str, Any] = orjson.loads(row["data"])
    used: Counter[str] = Counter(data["entitlements"])
    entered_on = data["initial_training_entered_on"]
    return {
        "recipient": row["recipient"],
        "reference": row["adviser_id"],
        "link": None,
        "anonymised": format_day(date.fromisoformat(data["anonymised_on"])).fr,
        "is_sure": data["recognised_by"] == CONUM_ID,
        "rights": [_entitlement_with_units(right, units) for right, units in used.items()],
        "entered": format_day(date.fromisoformat(entered_on)).fr if entered_on else None,
        "privacy": f"{base_url}/privacy",
        "api": f"{base_url}/v1/advisers/{row['adviser_id']}",
    }


def _entitlement_with_units(right: str, units: int) -> str:
    phrase = entitlement_phrase(right).fr
    return f"{phrase} ({units} unités)" if units > 1 else phrase
