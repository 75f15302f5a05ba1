"""The types of request fields, strict and bounded, and those of response fields."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.api.http.fields import validation_messages
from app.api.http.fields.field_checks import (
    check_civil_date,
    check_date_range,
    check_instant,
    check_mailbox,
    check_siret,
    check_text,
    check_uuid_length,
    with_message,
)
from app.wording.email_addresses import MAX_ADDRESS_LENGTH, TOO_LONG


class RequestBody(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _json_schema(**keywords: Any) -> Any:
    """The same as a validator checks, as keywords of JSON Schema."""
    return Field(json_schema_extra=keywords)


_VISIBLE_TEXT_PATTERN = (
    r"^[^\u0000-\u0008\u000b-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u0008\u000b-\u001f\u007f]*$"
)

_TEXT_CHECKS = (BeforeValidator(check_text), _json_schema(pattern=_VISIBLE_TEXT_PATTERN))

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strict=True), *_TEXT_CHECKS]
Motive = Annotated[str, StringConstraints(min_length=1, max_length=2000, strict=True), *_TEXT_CHECKS]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=100, strict=True), *_TEXT_CHECKS]
ModuleCodeText = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60, strict=True),
    with_message(validation_messages.CODE),
]
CodeFilter = Annotated[
    str, StringConstraints(pattern="^[a-z0-9-]+$", max_length=60), with_message(validation_messages.CODE)
]
Email = Annotated[
    str,
    StringConstraints(max_length=MAX_ADDRESS_LENGTH, strict=True),
    BeforeValidator(check_text),
    with_message(TOO_LONG),
    AfterValidator(check_mailbox),
    Field(description="Une seule adresse, sans nom ni guillemets ; le domaine peut porter des accents."),
    _json_schema(pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+$"),
]
Department = Annotated[
    str,
    StringConstraints(pattern=r"^(0[1-9]|1[0-9]|2[1-9AB]|[3-8][0-9]|9[0-5]|9[78][0-9])$", max_length=3, strict=True),
    with_message(validation_messages.DEPARTMENT),
]
CivilDate = Annotated[
    date,
    BeforeValidator(check_civil_date),
    AfterValidator(check_date_range),
    _json_schema(pattern="^(19[5-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}$"),
]
# In a query: parsed after validation, so that a mistake is named as that of a parameter.
DayText = Annotated[str, StringConstraints(max_length=10), with_message(validation_messages.DATE_PARAMETER)]
InstantText = Annotated[str, StringConstraints(max_length=40), with_message(validation_messages.INSTANT)]
Instant = Annotated[datetime, BeforeValidator(check_instant)]
Hours = Annotated[int, Field(ge=1, le=2000, strict=True)]


Siret = Annotated[
    str,
    StringConstraints(strict=True, max_length=20),
    BeforeValidator(check_text),
    with_message(validation_messages.SIRET),
    AfterValidator(check_siret),
    _json_schema(format="siret", pattern="^ *[0-9][0-9 ]*$", minLength=7),
]

Id = Annotated[UUID, BeforeValidator(check_uuid_length)]

MAX_COUNT = 2**31 - 1
MAX_URI_LENGTH = 2_083
MAX_DISPLAY_TEXT_LENGTH = 1000

# In responses: only described, never checked.
Version = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
BucketName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(first_year|civil_year:[0-9]{4}|supplementary:[a-z0-9-]{1,60}|carry_over:(first_year|civil_year:[0-9]{4})|derogation)$",
        max_length=80,
        strict=True,
    ),
    with_message(validation_messages.BUCKET),
]
PeriodName = Annotated[
    str, StringConstraints(pattern=r"^(initial_training|first_year|civil_year:[0-9]{4})$", max_length=20)
]
RuleName = Annotated[str, StringConstraints(pattern="^R[0-9]{1,2}$", max_length=3)]
PolicyVersion = Annotated[
    str,
    Field(max_length=10, description="L’entrée en vigueur de la politique appliquée."),
    _json_schema(format="date"),
]
Uri = Annotated[str, Field(max_length=MAX_URI_LENGTH), _json_schema(format="uri")]
DisplayText = Annotated[
    str,
    Field(max_length=MAX_DISPLAY_TEXT_LENGTH, description="Un texte pour une personne."),
    _json_schema(pattern=_VISIBLE_TEXT_PATTERN),
]
