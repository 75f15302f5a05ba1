"""The recorded responses to the examples (`answers.json`), and the key that an example is sent with.

`make examples` records them; a test asks again.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

RECORDED_ANSWERS: Mapping[str, Mapping[str, Any]] = orjson.loads(
    (files("app.api.openapi") / "answers.json").read_bytes()
)

# What an example does not bring about is shown as another operation answers it, under the name of its own example.
SHOWN_WITH = {
    "confirmSession": ("getSession", "Lire"),
    "cancelSession": ("getSession", "Annuler"),
    "patchSession": ("getSession", "Autre jour, plus de places"),
    "putSession 202": ("patchSession 202", "Une session de votre agenda"),
}


def idempotency_key_of(operation_id: str) -> UUID:
    """The `Idempotency-Key` of an example: the same at each request, so that a second one is a replay."""
    return uuid5(NAMESPACE_URL, f"urn:inscriptions:exemple:{operation_id}")


def recorded_answers(recorded_as: str) -> dict[str, Any]:
    """The recorded responses to the examples of an operation. `recorded_as` is its id, followed by the media type when
    that is not the usual one."""
    recorded = RECORDED_ANSWERS.get(recorded_as, {})
    if not recorded and recorded_as in SHOWN_WITH:
        other, name = SHOWN_WITH[recorded_as]
        recorded = {name: next(iter(RECORDED_ANSWERS[other].values()))}
    return {name: {"summary": name, "value": body} for name, body in recorded.items()}
