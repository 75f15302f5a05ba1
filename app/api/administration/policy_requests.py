"""A version of the policy as it is asked for: the groups of section 8 of the domain page, each number within bounds."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema
from typing_extensions import TypeAliasType

from app.api.certifications.certification_schemas import AbsenceMotive
from app.api.http.fields import validation_messages
from app.api.http.fields.field_checks import validation_error, with_message
from app.api.http.fields.field_types import CivilDate, Email, Hours, RequestBody
from app.domain.facts.calendar import last_day
from app.domain.facts.policy import Policy
from app.persistence.administration.policies import POLICY
from app.wording.languages import Sentence

MAX_UNITS = 100
MAX_MONTHS = 120
MAX_DATES = 50
MAX_REPLY_DAYS = 366
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


def _check_distinct(values: list[Any]) -> list[Any]:
    if len({*values}) < len(values):
        raise validation_error("duplicate", DUPLICATE_VALUE)
    return values


def _check_in_order(values: list[Any]) -> list[Any]:
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


class TwoModulesBody(RequestBody):
    """R20 : `count` modules dans les `window_months` mois qui suivent une entrée à cette date, ou après."""

    entered_on_or_after: CivilDate
    count: Units
    window_months: Months


class CivilYearBody(RequestBody):
    """R21, R22 : `count` modules par année civile, à partir de `first_year` ; R23 : les délais de grâce."""

    count: Units
    first_year: Year
    grace: Grace


class SupplementaryBody(RequestBody):
    """R24 : `count` unités de chaque module que le catalogue marque, par conseiller, à partir de cette date."""

    since: Since
    count: Units


class OverQuotaBody(RequestBody):
    """R26 : combien de jours le conseiller a pour répondre ; null, sans limite."""

    reply_days: Annotated[int, Field(ge=1, le=MAX_REPLY_DAYS, strict=True)] | None


class PathHoursBody(RequestBody):
    """Les durées de parcours, en heures, à partir d’une date."""

    since: Since
    value: Annotated[list[Hours], Field(min_length=1, max_length=MAX_VALUES), AfterValidator(_check_distinct)]


class PresentationMonthsBody(RequestBody):
    """Un délai de présentation, en mois, à partir d’une date."""

    since: Since
    value: Months


class AbsenceMotivesBody(RequestBody):
    """Les motifs valables d’absence, à partir d’une date."""

    since: Since
    value: Annotated[list[AbsenceMotive], Field(min_length=1, max_length=MAX_VALUES), AfterValidator(_check_distinct)]


PathHours = Annotated[list[PathHoursBody], Field(min_length=1, max_length=MAX_DATES), AfterValidator(_check_in_order)]
PresentationMonths = Annotated[
    list[PresentationMonthsBody], Field(min_length=1, max_length=MAX_DATES), AfterValidator(_check_in_order)
]
AbsenceMotives = Annotated[
    list[AbsenceMotivesBody], Field(min_length=1, max_length=MAX_DATES), AfterValidator(_check_in_order)
]


class InitialTrainingPolicyBody(RequestBody):
    """R11 : combien de parcours financés par conseiller. R12 : ce que peut donner un test de positionnement."""

    max_funded: Units
    path_hours: PathHours


class CertificationPolicyBody(RequestBody):
    """R37 : le délai de présentation, selon la fin de la formation initiale. R38 : les motifs valables d’absence."""

    presentation_months: PresentationMonths
    valid_absence_motives: AbsenceMotives


class PolicyRequest(RequestBody):
    """Une version de la politique, entière : en vigueur de `effective_from`, inclus, jusqu’à la version suivante. La
    première valeur d’une liste par date vaut aussi pour les jours qui la précèdent."""

    effective_from: CivilDate
    two_modules: TwoModulesBody
    civil_year: CivilYearBody
    supplementary: SupplementaryBody
    over_quota: OverQuotaBody
    initial_training: InitialTrainingPolicyBody
    certification: CertificationPolicyBody
    unjustified_absence_consumes: Annotated[bool, Field(strict=True)]
    support_email: Email

    def to_policy(self) -> Policy:
        return POLICY.validate_python(self.model_dump())
