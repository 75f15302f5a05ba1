"""The types of a policy's fields: each number within bounds, lists without duplicates, dates in order."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema
from typing_extensions import TypeAliasType

from app.api.http.fields import validation_messages
from app.api.http.fields.field_checks import validation_error, with_message
from app.api.http.fields.field_types import CivilDate
from app.domain.facts.calendar import last_day
from app.wording.languages import Sentence

MAX_UNITS = 100
MAX_MONTHS = 120
MAX_DATES = 50
MAX_DAYS = 366
MAX_VALUES = 20

NOT_IN_ORDER = Sentence(
    fr="Les dates `from` se suivent, de la plus ancienne à la plus récente, sans répétition.",
    en="The dates in `from` follow one another, oldest first, none twice.",
)
DUPLICATE_VALUE = Sentence(fr="Chaque valeur n’est donnée qu’une fois.", en="Each value is given only once.")
GRACE_ENDS_TOO_EARLY = Sentence(
    fr="Un délai de grâce prolonge l’année qu’il nomme : il finit après le 31 décembre.",
    en="A grace period prolongs the year it names: it ends after 31 December.",
)


def check_distinct(values: list[Any]) -> list[Any]:
    if len({*values}) < len(values):
        raise validation_error("duplicate", DUPLICATE_VALUE)
    return values


def check_in_order(values: list[Any]) -> list[Any]:
    days = [value.since for value in values]
    if days != sorted({*days}):
        raise validation_error("order", NOT_IN_ORDER)
    return values


def _check_grace(grace: dict[str, date]) -> dict[str, date]:
    if any(until <= last_day(int(year)) for year, until in grace.items()):
        raise validation_error("order", GRACE_ENDS_TOO_EARLY)
    return grace


Units = Annotated[int, Field(ge=1, le=MAX_UNITS, strict=True)]
Months = Annotated[int, Field(ge=1, le=MAX_MONTHS, strict=True)]
Days = Annotated[int, Field(ge=1, le=MAX_DAYS, strict=True)]
Year = Annotated[int, Field(ge=1950, le=2099, strict=True)]
Since = Annotated[CivilDate, Field(alias="from", description="Le premier jour, inclus.")]
YEAR_PATTERN = "^(19[5-9][0-9]|20[0-9]{2})$"
Grace = TypeAliasType(
    "Grace",
    Annotated[
        dict[
            Annotated[str, StringConstraints(pattern=YEAR_PATTERN), with_message(validation_messages.YEAR)], CivilDate
        ],
        Field(max_length=MAX_DATES),
        AfterValidator(_check_grace),
        WithJsonSchema(
            {
                "type": "object",
                "description": "Par année, le dernier jour, inclus, où son droit reste utilisable.",
                "propertyNames": {"pattern": YEAR_PATTERN},
                "additionalProperties": {"type": "string", "format": "date"},
                "maxProperties": MAX_DATES,
            }
        ),
    ],
)
AttendanceMotive = TypeAliasType("AttendanceMotive", Literal["medical_certificate", "force_majeure", "employer_need"])
