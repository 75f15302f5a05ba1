"""A version of the policy as it is asked for: the groups of section 8 of the domain page.

What a group gained since the first release has the published value when it is left out.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.api.administration.policy_fields import (
    MAX_DATES,
    MAX_VALUES,
    AttendanceMotive,
    Days,
    Grace,
    Months,
    Since,
    Units,
    Year,
    check_distinct,
    check_in_order,
)
from app.api.certifications.certification_schemas import AbsenceMotive
from app.api.http.fields.field_types import CivilDate, Email, Hours, RequestBody
from app.domain.facts.policy import Policy
from app.persistence.administration.policies import POLICY


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


AttendanceMotives = Annotated[
    list[AttendanceMotive], Field(min_length=1, max_length=MAX_VALUES), AfterValidator(check_distinct)
]


class OverQuotaBody(RequestBody):
    """R26 : combien de jours le conseiller a pour répondre ; null, sans limite. Sans réponse, il est relancé une fois,
    `remind_days` jours avant le premier jour."""

    reply_days: Days | None
    remind_days: Days = 7


class RequestsBody(RequestBody):
    """Une session commence au plus tard tant de mois après aujourd’hui."""

    months_ahead: Months = 36


class AttendancePolicyBody(RequestBody):
    """R17 : combien de jours un organisme peut corriger la présence qu’il a saisie, et les motifs d’une absence
    justifiée."""

    correction_days: Days = 30
    valid_absence_motives: AttendanceMotives = Field(default=["medical_certificate", "force_majeure", "employer_need"])


class SupportBody(RequestBody):
    """En combien de jours une demande au support a sa réponse."""

    answer_days: Days = 60


class PathHoursBody(RequestBody):
    """Les durées de parcours, en heures, à partir d’une date."""

    since: Since
    value: Annotated[list[Hours], Field(min_length=1, max_length=MAX_VALUES), AfterValidator(check_distinct)]


class PresentationMonthsBody(RequestBody):
    """Un délai de présentation, en mois, à partir d’une date."""

    since: Since
    value: Months


class AbsenceMotivesBody(RequestBody):
    """Les motifs valables d’absence, à partir d’une date."""

    since: Since
    value: Annotated[list[AbsenceMotive], Field(min_length=1, max_length=MAX_VALUES), AfterValidator(check_distinct)]


PathHours = Annotated[list[PathHoursBody], Field(min_length=1, max_length=MAX_DATES), AfterValidator(check_in_order)]
PresentationMonths = Annotated[
    list[PresentationMonthsBody], Field(min_length=1, max_length=MAX_DATES), AfterValidator(check_in_order)
]
AbsenceMotives = Annotated[
    list[AbsenceMotivesBody], Field(min_length=1, max_length=MAX_DATES), AfterValidator(check_in_order)
]


class InitialTrainingPolicyBody(RequestBody):
    """R11 : combien de parcours financés par conseiller. R12 : ce que peut donner un test de positionnement. Elle est
    commencée dans les `enter_within_months` mois du premier jour en poste ; null, sans limite. Une absence injustifiée
    n’y vaut une entrée que si `unjustified_absence_counts`."""

    max_funded: Units
    path_hours: PathHours
    enter_within_months: Months | None = None
    unjustified_absence_counts: Annotated[bool, Field(strict=True)] = False


class CertificationPolicyBody(RequestBody):
    """R37 : le délai de présentation, selon la fin de la formation initiale. R38 : les motifs valables d’absence."""

    presentation_months: PresentationMonths
    valid_absence_motives: AbsenceMotives


class PolicyRequest(RequestBody):
    """Une version de la politique, entière : en vigueur de `effective_from`, inclus, jusqu’à la version suivante. La
    première valeur d’une liste par date vaut aussi pour les jours qui la précèdent. Ce qu’un appelant ne connaît pas
    encore, il peut l’omettre : la valeur publiée s’applique."""

    effective_from: CivilDate
    two_modules: TwoModulesBody
    civil_year: CivilYearBody
    supplementary: SupplementaryBody
    over_quota: OverQuotaBody
    requests: RequestsBody = RequestsBody()
    attendance: AttendancePolicyBody = AttendancePolicyBody()
    support: SupportBody = SupportBody()
    initial_training: InitialTrainingPolicyBody
    certification: CertificationPolicyBody
    unjustified_absence_consumes: Annotated[bool, Field(strict=True)]
    support_email: Email

    def to_policy(self) -> Policy:
        return POLICY.validate_python(self.model_dump())
