"""What the templates of reminders name: exams that are due, rights that expire, initial training that is owed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from app.domain.record.reminders import Stage
from app.wording.dates import format_day
from app.wording.decision_summaries import entitlement_phrase


def reminder_context(data: Mapping[str, Any], titles: str | None) -> dict[str, Any]:
    """Of the data of an event. `titles` is a JSON object of the titles of exams, by code; a code without a title stands
    for itself."""
    titles_by_code: dict[str, str] = orjson.loads(titles or "{}")
    exams = [
        {"title": titles_by_code.get(exam["qualification"], exam["qualification"]), "payer": exam["next_attempt_payer"]}
        for exam in data.get("exams", ())
    ]
    is_ending = "expires_on" in data
    return {
        "exams": exams,
        "exams_due_on": _french_day(data.get("due_on")),
        "is_deadline": data.get("stage") == Stage.DEADLINE,
        "right_ending": entitlement_phrase(data["bucket"]).fr if is_ending else None,
        "right_ends_on": _french_day(data.get("expires_on")),
        "units_left": data["units"] if is_ending else None,
        "in_post_since": _french_day(data.get("since")),
        "entry_due_on": _french_day(data.get("due_on")),
        "is_entry_late": data.get("is_late", False),
    }


def _french_day(day: str | None) -> str | None:
    return format_day(date.fromisoformat(day)).fr if day else None
