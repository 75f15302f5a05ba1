"""The types of request fields: strict, bounded, and told apart from what looks like them."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, LiteralString
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from app.api.http.fields import validation_messages
from app.api.http.fields.siret_validation import siret_error
from app.api.http.fields.text_normalisation import REPLACEMENT_CHARACTER, normalise_text
from app.wording.email_addresses import MAX_ADDRESS_LENGTH, TOO_LONG, InvalidEmailAddress, parse_mailbox
from app.wording.languages import Sentence

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
CIVIL_DATE_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSTANT_PATTERN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
EARLIEST_DATE, LATEST_DATE = date(1950, 1, 1), date(2099, 12, 31)


UUID_LENGTH = 36
# The mistakes of form, by pydantic's name for them, and the code that the answer has for each.
FORMAT_ERROR_CODES: Mapping[str, LiteralString] = {
    "string_pattern_mismatch": "invalid-format",
    "string_too_long": "too-long",
    "string_too_short": "too-short",
    "greater_than_equal": "out-of-range",
    "less_than_equal": "out-of-range",
}


def validation_error(code: LiteralString, said: Sentence, at: str | None = None) -> PydanticCustomError:
    """What a validator of ours raises: the code that the answer will have, and its sentence. Whoever looks at a whole
    object says `at` which of its fields."""
    return PydanticCustomError(code, "{said}", {"said": said, "at": at})


def with_message(said: Sentence) -> WrapValidator:
    """Say in this sentence that the form, the length or the size is not right."""

    def checked(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError as wrong:
            kind = wrong.errors(include_url=False)[0]["type"]
            if kind not in FORMAT_ERROR_CODES:
                raise
            raise validation_error(FORMAT_ERROR_CODES[kind], said) from None

    return WrapValidator(checked)


class RequestBody(BaseModel):
    """A request body: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def check_date_order(earlier: str, later: str, first: date | None, last: date | None) -> None:
    """`earlier` and `later` are the names of two fields. Raise an objection to the later one when both are known and
    disagree."""
    if first is not None and last is not None and last < first:
        said = Sentence(fr=f"{later} précède {earlier}.", en=f"{later} is before {earlier}.")
        raise validation_error("order", said, later)


def _check_civil_date(value: Any) -> Any:
    """Only `YYYY-MM-DD`: pydantic alone would take an instant or a number of seconds."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not CIVIL_DATE_PATTERN.fullmatch(value):
        raise validation_error("invalid-date", validation_messages.CIVIL_DATE)
    return value


def _check_date_range(value: date) -> date:
    if not EARLIEST_DATE <= value <= LATEST_DATE:
        raise validation_error("date-range", validation_messages.DATE_IN_RANGE)
    return value


def _normalise(value: Any) -> Any:
    """A text as it was meant, before anything is counted. PostgreSQL stores no NUL; no field needs a control
    character."""
    if not isinstance(value, str):
        return value
    if not value.isprintable() and _CONTROL.search(value):
        raise validation_error("control-character", validation_messages.NO_CONTROL_CHARACTER)
    if REPLACEMENT_CHARACTER in value:
        raise validation_error("unreadable-character", validation_messages.NO_REPLACEMENT_CHARACTER)
    return normalise_text(value)


def _check_mailbox(value: str) -> str:
    try:
        parse_mailbox(value)
    except InvalidEmailAddress as problem:
        raise validation_error("invalid-format", problem.reason) from None
    return value


def _check_instant(value: Any) -> Any:
    """Only RFC 3339 with its offset: pydantic alone would take a number of seconds, or an instant of no zone."""
    if not isinstance(value, str) or not INSTANT_PATTERN.fullmatch(value):
        raise validation_error("invalid-instant", validation_messages.INSTANT)
    return value


def _check_uuid_length(value: Any) -> Any:
    """Only 8-4-4-4-12: pydantic alone would take braces and `urn:uuid:`."""
    if isinstance(value, str) and len(value) != UUID_LENGTH:
        raise validation_error("invalid-uuid", validation_messages.UUID)
    return value


def _json_schema(**keywords: Any) -> Any:
    """What a validator checks, as JSON Schema says it."""
    return Field(json_schema_extra=keywords)


_VISIBLE_TEXT_PATTERN = (
    r"^[^\u0000-\u0008\u000b-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u0008\u000b-\u001f\u007f]*$"
)

_TEXT_CHECKS = (BeforeValidator(_normalise), _json_schema(pattern=_VISIBLE_TEXT_PATTERN))

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
    BeforeValidator(_normalise),
    with_message(TOO_LONG),
    AfterValidator(_check_mailbox),
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
    BeforeValidator(_check_civil_date),
    AfterValidator(_check_date_range),
    _json_schema(pattern="^(19[5-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}$"),
]
# Of a query, where they are read further on.
DayText = Annotated[str, StringConstraints(max_length=10), with_message(validation_messages.DATE_PARAMETER)]
InstantText = Annotated[str, StringConstraints(max_length=40), with_message(validation_messages.INSTANT)]
Instant = Annotated[datetime, BeforeValidator(_check_instant)]
Hours = Annotated[int, Field(ge=1, le=2000, strict=True)]


def _check_siret(value: str) -> str:
    """Without the spaces that digits are grouped with."""
    digits = "".join(value.split())
    if (said := siret_error(digits)) is not None:
        raise validation_error("siret", said)
    return digits


Siret = Annotated[
    str,
    StringConstraints(strict=True, max_length=20),
    BeforeValidator(_normalise),
    with_message(validation_messages.SIRET),
    AfterValidator(_check_siret),
    _json_schema(format="siret", pattern="^ *[0-9][0-9 ]*$", minLength=7),
]

Id = Annotated[UUID, BeforeValidator(_check_uuid_length)]

MAX_COUNT = 2**31 - 1
MAX_URI_LENGTH = 2_083
MAX_DISPLAY_TEXT_LENGTH = 1000

# What answers hold; nothing checks it, it is so.
Version = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
BucketName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(first_year|civil_year:[0-9]{4}|supplementary:[a-z0-9-]{1,60}|carry_over:(first_year|civil_year:[0-9]{4}))$",
        max_length=80,
        strict=True,
    ),
    with_message(validation_messages.BUCKET),
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
