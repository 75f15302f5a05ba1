"""Versions of the policy, as a client is shown them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import orjson
from pydantic import Field
from typing_extensions import TypedDict

from app.api.administration.policy_fields import MAX_VALUES, AttendanceMotive, Days, Months, Units
from app.api.administration.policy_requests import (
    CertificationPolicyBody,
    CivilYearBody,
    PathHours,
    SupplementaryBody,
    TwoModulesBody,
)
from app.api.http.bodies.json_responses import format_instant
from app.api.http.fields.field_types import Email, PolicyVersion
from app.persistence.engine.driver_types import Row


class OverQuotaResource(TypedDict):
    """R26 : les jours pour répondre, null sans limite ; combien de jours avant la session le conseiller est relancé."""

    reply_days: Days | None
    remind_days: Days


class RequestsResource(TypedDict):
    """Une session commence au plus tard tant de mois après aujourd’hui."""

    months_ahead: Months


class AttendancePolicyResource(TypedDict):
    """R17 : combien de jours un organisme peut corriger une présence, et les motifs d’une absence justifiée."""

    correction_days: Days
    valid_absence_motives: Annotated[Sequence[AttendanceMotive], Field(max_length=MAX_VALUES)]


class SupportResource(TypedDict):
    """En combien de jours une demande au support a sa réponse."""

    answer_days: Days


class InitialTrainingPolicyResource(TypedDict):
    """R11, R12 ; dans combien de mois la formation initiale est commencée, null sans limite ; et si une absence
    injustifiée y vaut une entrée."""

    max_funded: Units
    path_hours: PathHours
    enter_within_months: Months | None
    unjustified_absence_counts: bool


class PolicyResource(TypedDict):
    """Une version de la politique, que rien ne change plus. `version` est son entrée en vigueur."""

    version: PolicyVersion
    effective_from: date
    two_modules: TwoModulesBody
    civil_year: CivilYearBody
    supplementary: SupplementaryBody
    over_quota: OverQuotaResource
    requests: RequestsResource
    attendance: AttendancePolicyResource
    support: SupportResource
    initial_training: InitialTrainingPolicyResource
    certification: CertificationPolicyBody
    unjustified_absence_consumes: bool
    support_email: Email
    created_at: datetime


def policy_resource(row: Row) -> Mapping[str, Any]:
    """The shape of PolicyResource."""
    # The domain says `since`, because `from` is a keyword of Python.
    stored = orjson.loads(row["content"].replace('"since":', '"from":'))
    return {"version": row["version"], **stored, "created_at": format_instant(row["created_at"])}
