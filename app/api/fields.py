"""The types of request fields: strict, bounded, and told apart from what looks like them."""

import re
from datetime import date, datetime
from typing import Annotated, Any, LiteralString
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError, PydanticKnownError

from app.wording.languages import Sentence

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
CIVIL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
EARLIEST, LATEST = date(1950, 1, 1), date(2099, 12, 31)


UUID_LENGTH = 36

_NOT_A_UUID = Sentence(fr="Doit être un UUID.", en="Must be a UUID.")
_NOT_A_DATE = Sentence(fr="Doit être une date AAAA-MM-JJ.", en="Must be a date YYYY-MM-DD.")
_IMPLAUSIBLE = Sentence(
    fr="Doit être comprise entre 1950-01-01 et 2099-12-31.", en="Must be between 1950-01-01 and 2099-12-31."
)
_NOT_AN_INSTANT = Sentence(
    fr="Doit être un instant RFC 3339 avec son décalage.", en="Must be an RFC 3339 instant with its offset."
)
_UNPRINTABLE = Sentence(
    fr="Ne doit pas contenir de caractère de contrôle.", en="Must not contain any control character."
)
_NO_SIRET = Sentence(
    fr="Doit être un SIRET (14 chiffres) ou un RIDET (7 ou 10 chiffres).",
    en="Must be a SIRET (14 digits) or a RIDET (7 or 10 digits).",
)
_WRONG_CHECK_DIGIT = Sentence(
    fr="N’est pas un SIRET valide : la clé de contrôle est fausse.",
    en="Is not a valid SIRET: the check digit is wrong.",
)


def objection(code: LiteralString, said: Sentence) -> PydanticCustomError:
    """What a validator of ours raises: the code that the answer will have, and its sentence."""
    return PydanticCustomError(code, "{said}", {"said": said})


class Body(BaseModel):
    """A request body: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def check_order(earlier: str, later: str, first: date | None, last: date | None) -> None:
    """`earlier` and `later` are the names of two fields. Raise an objection when both are known and disagree."""
    if first is not None and last is not None and last < first:
        said = Sentence(fr=f"{later} précède {earlier}.", en=f"{later} is before {earlier}.")
        raise objection("order", said)


def _civil_date(value: Any) -> Any:
    """Only `YYYY-MM-DD`: pydantic alone would take an instant or a number of seconds."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not CIVIL_DATE.fullmatch(value):
        raise objection("invalid-date", _NOT_A_DATE)
    return value


def _plausible(value: date) -> date:
    if not EARLIEST <= value <= LATEST:
        raise objection("date-range", _IMPLAUSIBLE)
    return value


def _printable(value: str) -> str:
    """PostgreSQL stores no NUL; no field needs a control character."""
    if not value.isprintable() and _CONTROL.search(value):
        raise objection("control-character", _UNPRINTABLE)
    return value


def _instant(value: Any) -> Any:
    """Only RFC 3339 with its offset: pydantic alone would take a number of seconds, or an instant of no zone."""
    if not isinstance(value, str) or not INSTANT.fullmatch(value):
        raise objection("invalid-instant", _NOT_AN_INSTANT)
    return value


def _as_written(value: Any) -> Any:
    """Only 8-4-4-4-12: pydantic alone would take braces and `urn:uuid:`."""
    if isinstance(value, str) and len(value) != UUID_LENGTH:
        raise objection("invalid-uuid", _NOT_A_UUID)
    return value


def _stripped(value: str) -> str:
    stripped = value.strip()
    if not stripped:
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return stripped


def _announced(**keywords: Any) -> Any:
    """What a validator checks, as JSON Schema says it."""
    return Field(json_schema_extra=keywords)


_A_CHARACTER = r"^[^\u0000-\u0008\u000b-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u0008\u000b-\u001f\u007f]*$"

# Counted as they were sent, then stripped of the spaces around them.
_TEXT = (AfterValidator(_printable), AfterValidator(_stripped), _announced(pattern=_A_CHARACTER))

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strict=True), *_TEXT]
Motive = Annotated[str, StringConstraints(min_length=1, max_length=2000, strict=True), *_TEXT]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=100, strict=True), *_TEXT]
ModuleCodeText = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60, strict=True)]
Email = Annotated[
    str,
    StringConstraints(pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+$", max_length=254, strict=True),
]
Department = Annotated[
    str,
    StringConstraints(pattern=r"^(0[1-9]|1[0-9]|2[1-9AB]|[3-8][0-9]|9[0-5]|9[78][0-9])$", max_length=3, strict=True),
]
CivilDate = Annotated[
    date,
    BeforeValidator(_civil_date),
    AfterValidator(_plausible),
    _announced(pattern="^(19[5-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}$"),
]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Hours = Annotated[int, Field(ge=1, le=2000, strict=True)]

_SIRET_LENGTH, _RIDET_LENGTHS = 14, (7, 10)
LA_POSTE = "356000000"


def has_luhn_key(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004  # the sum of a number's two digits
    return total % 10 == 0


def _establishment(value: str) -> str:
    """SIRET: Luhn on 14 digits; for La Poste, whose branches outnumber it, the sum of digits is a multiple of five.
    RIDET (New Caledonia): 7 digits, or 10 with the establishment, without a check digit that is published."""
    digits = value.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        raise objection("siret", _NO_SIRET)
    if len(digits) in _RIDET_LENGTHS:
        return digits
    if len(digits) != _SIRET_LENGTH:
        raise objection("siret", _NO_SIRET)
    la_poste = digits.startswith(LA_POSTE) and sum(map(int, digits)) % 5 == 0
    if not (has_luhn_key(digits) or la_poste):
        raise objection("siret", _WRONG_CHECK_DIGIT)
    return digits


Siret = Annotated[
    str,
    StringConstraints(strict=True, max_length=20),
    AfterValidator(_establishment),
    _announced(format="siret", pattern="^ *[0-9][0-9 ]*$", minLength=7),
]

Id = Annotated[UUID, BeforeValidator(_as_written)]

LARGEST_COUNT = 2**31 - 1
LONGEST_ADDRESS = 2_083
LONGEST_SAID = 1000

# What answers hold; nothing checks it, it is so.
Version = Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
BucketName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(first_year|civil_year:[0-9]{4}|supplementary:[a-z0-9-]{1,60}|carry_over:(first_year|civil_year:[0-9]{4}))$",
        max_length=80,
        strict=True,
    ),
]
RuleName = Annotated[str, StringConstraints(pattern="^R[0-9]{1,2}$", max_length=3)]
PolicyVersion = Annotated[
    str,
    Field(max_length=10, description="L’entrée en vigueur de la politique appliquée."),
    _announced(format="date"),
]
Address = Annotated[str, Field(max_length=LONGEST_ADDRESS), _announced(format="uri")]
Said = Annotated[
    str, Field(max_length=LONGEST_SAID, description="Un texte pour une personne."), _announced(pattern=_A_CHARACTER)
]
