"""The types of request fields: strict, bounded, and told apart from what looks like them."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
CIVIL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
EARLIEST, LATEST = date(1950, 1, 1), date(2099, 12, 31)


class Body(BaseModel):
    """A request body: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _civil_date(value: Any) -> Any:
    """Only `YYYY-MM-DD`: pydantic alone would take an instant or a number of seconds."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not CIVIL_DATE.fullmatch(value):
        raise PydanticCustomError("date_format", "doit être une date AAAA-MM-JJ")
    return value


def _plausible(value: date) -> date:
    if not EARLIEST <= value <= LATEST:
        raise PydanticCustomError("date_range", "doit être comprise entre 1950-01-01 et 2099-12-31")
    return value


def _printable(value: str) -> str:
    """PostgreSQL stores no NUL; no field needs a control character."""
    if not value.isprintable() and _CONTROL.search(value):
        raise PydanticCustomError("control_character", "ne doit pas contenir de caractère de contrôle")
    return value


CivilDate = Annotated[date, BeforeValidator(_civil_date), AfterValidator(_plausible)]


def _text(longest: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest, strict=True)


Name = Annotated[str, _text(200), AfterValidator(_printable)]
Motive = Annotated[str, _text(2000), AfterValidator(_printable)]
Reference = Annotated[str, _text(100), AfterValidator(_printable)]
ModuleCodeText = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60, strict=True)]
Email = Annotated[
    str,
    StringConstraints(pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+$", max_length=254, strict=True),
]
Department = Annotated[
    str, StringConstraints(pattern=r"^(0[1-9]|1[0-9]|2[1-9AB]|[3-8][0-9]|9[0-5]|9[78][0-9])$", strict=True)
]
Hours = Annotated[int, Field(ge=1, le=2000, strict=True)]

_SIRET_LENGTH, _RIDET_LENGTHS = 14, (7, 10)
LA_POSTE = "356000000"


def _luhn(digits: str) -> bool:
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
        raise PydanticCustomError("siret", "doit être un SIRET (14 chiffres) ou un RIDET (7 ou 10 chiffres)")
    if len(digits) in _RIDET_LENGTHS:
        return digits
    if len(digits) != _SIRET_LENGTH:
        raise PydanticCustomError("siret", "doit être un SIRET (14 chiffres) ou un RIDET (7 ou 10 chiffres)")
    la_poste = digits.startswith(LA_POSTE) and sum(map(int, digits)) % 5 == 0
    if not (_luhn(digits) or la_poste):
        raise PydanticCustomError("siret", "n’est pas un SIRET valide : la clé de contrôle est fausse")
    return digits


Siret = Annotated[str, StringConstraints(strict=True, max_length=20), AfterValidator(_establishment)]
