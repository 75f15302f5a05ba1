"""The validators of request fields, and the errors that they raise."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, LiteralString

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from app.api.http.fields import validation_messages
from app.api.http.fields.siret_validation import siret_error
from app.api.http.fields.text_normalisation import REPLACEMENT_CHARACTER, normalise_text
from app.wording.email_addresses import InvalidEmailAddress, parse_mailbox
from app.wording.languages import Sentence

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
CIVIL_DATE_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSTANT_PATTERN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
EARLIEST_DATE, LATEST_DATE = date(1950, 1, 1), date(2099, 12, 31)


UUID_LENGTH = 36
# The mistakes of form by pydantic's name for them, and our code for each.
FORMAT_ERROR_CODES: Mapping[str, LiteralString] = {
    "string_pattern_mismatch": "invalid-format",
    "string_too_long": "too-long",
    "string_too_short": "too-short",
    "greater_than_equal": "out-of-range",
    "less_than_equal": "out-of-range",
}


def validation_error(code: LiteralString, said: Sentence, at: str | None = None) -> PydanticCustomError:
    """What our validators raise: the code of the error and its sentence. The validator of a whole object names as `at`
    the field that is wrong, or the way to it, as `hours/0/on`."""
    return PydanticCustomError(code, "{said}", {"said": said, "at": at})


def with_message(said: Sentence) -> WrapValidator:
    """Replaces what pydantic says of a wrong format, length or size by this sentence."""

    def validate(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            kind = error.errors(include_url=False)[0]["type"]
            if kind not in FORMAT_ERROR_CODES:
                raise
            raise validation_error(FORMAT_ERROR_CODES[kind], said) from None

    return WrapValidator(validate)


def check_date_order(earlier: str, later: str, first: date | None, last: date | None) -> None:
    """`earlier` and `later` are the names of two fields, `first` and `last` their values. Raise PydanticCustomError, at
    the later one, when both are known and in the wrong order."""
    if first is not None and last is not None and last < first:
        said = Sentence(fr=f"{later} précède {earlier}.", en=f"{later} is before {earlier}.")
        raise validation_error("order", said, later)


def check_civil_date(value: Any) -> Any:
    """Only `YYYY-MM-DD`: pydantic alone would accept an instant or a number of seconds."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not CIVIL_DATE_PATTERN.fullmatch(value):
        raise validation_error("invalid-date", validation_messages.CIVIL_DATE)
    return value


def check_date_range(value: date) -> date:
    if not EARLIEST_DATE <= value <= LATEST_DATE:
        raise validation_error("date-range", validation_messages.DATE_IN_RANGE)
    return value


def check_text(value: Any) -> Any:
    """The text normalised, before its length is checked. PostgreSQL stores no NUL; no field needs any
    other control character."""
    if not isinstance(value, str):
        return value
    if not value.isprintable() and _CONTROL.search(value):
        raise validation_error("control-character", validation_messages.NO_CONTROL_CHARACTER)
    if REPLACEMENT_CHARACTER in value:
        raise validation_error("unreadable-character", validation_messages.NO_REPLACEMENT_CHARACTER)
    return normalise_text(value)


def check_mailbox(value: str) -> str:
    try:
        parse_mailbox(value)
    except InvalidEmailAddress as invalid:
        raise validation_error("invalid-format", invalid.reason) from None
    return value


def check_instant(value: Any) -> Any:
    """Only RFC 3339 with its offset: pydantic alone would accept a number of seconds, or an instant without a zone."""
    if not isinstance(value, str) or not INSTANT_PATTERN.fullmatch(value):
        raise validation_error("invalid-instant", validation_messages.INSTANT)
    return value


def check_uuid_length(value: Any) -> Any:
    """Only 8-4-4-4-12: pydantic alone would accept braces and `urn:uuid:`."""
    if isinstance(value, str) and len(value) != UUID_LENGTH:
        raise validation_error("invalid-uuid", validation_messages.UUID)
    return value


def check_siret(value: str) -> str:
    """The digits, without the spaces between groups."""
    digits = "".join(value.split())
    if (said := siret_error(digits)) is not None:
        raise validation_error("siret", said)
    return digits
