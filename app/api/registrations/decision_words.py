"""The words of decisions, put in where PostgreSQL left a place for them in the text of a page.

The text of a page is made by `registration_texts`: all of `RegistrationResource` but the reasons and the summary of the
decision, which are worded. There are few different ones, so that the JSON of each is kept.
"""

from functools import lru_cache
from uuid import UUID

from app.api.http.bodies.json_responses import to_json
from app.api.registrations.decision_resources import reasons_from_json, summary_text
from app.persistence.engine.reads.json_templates import MARK
from app.wording.languages import Language

WORDS_CACHE_SIZE = 2048


def put_words_in(texts: str, language: Language, owner: UUID | None) -> str:
    """The JSON of resources, of theirs with marks; `owner` is the training organisation that asks, None for others."""
    parts = texts.split(MARK)
    parts[1::2] = [_words(keys, language, owner) for keys in parts[1::2]]
    return "".join(parts)


@lru_cache(maxsize=WORDS_CACHE_SIZE)
def _words(keys: str, language: Language, owner: UUID | None) -> str:
    """The fields `reasons` and `summary`, of the outcome, the funding, the entitlement and the stored reasons."""
    outcome, funding, entitlement, stored = keys.split("|", 3)
    reasons = reasons_from_json(stored, language, owner)
    summary = summary_text(outcome, funding or None, entitlement or None, len(reasons), language)
    return to_json({"reasons": reasons, "summary": summary}).decode()[1:-1]
