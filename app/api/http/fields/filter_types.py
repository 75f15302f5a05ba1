"""Filters of lists: a value of another form is refused. Their JSON Schema stays as it was first published."""

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from app.api.http.fields.field_checks import validation_error
from app.api.http.fields.field_types import Email, Reference, Siret
from app.wording.languages import Sentence

_SPACE = Sentence(
    fr="Une adresse n’a pas d’espace ; dans une URL, un + s’écrit %2B.",
    en="An address has no space; in a URL, a + is written %2B.",
)


def _without_space(value: Any) -> Any:
    """A `+` that the client forgot to encode arrives as a space."""
    if isinstance(value, str) and " " in value:
        raise validation_error("space-in-address", _SPACE)
    return value


EmailFilter = Annotated[
    Email,
    BeforeValidator(_without_space),
    WithJsonSchema({"type": "string", "maxLength": 254, "pattern": r"^[^\x00-\x1f]+$"}),
]
SiretFilter = Annotated[Siret, WithJsonSchema({"type": "string", "maxLength": 14, "pattern": "^[0-9]{7,14}$"})]
ReferenceFilter = Annotated[
    Reference, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"^[^\x00-\x1f]+$"})
]
