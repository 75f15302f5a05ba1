"""Versions of the policy, and what a new one would change, as a client is shown them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field
from typing_extensions import TypedDict

from app.api.administration.policy_requests import (
    CertificationPolicyBody,
    CivilYearBody,
    InitialTrainingPolicyBody,
    OverQuotaBody,
    SupplementaryBody,
    TwoModulesBody,
)
from app.api.http.bodies.json_responses import format_instant
from app.api.http.fields.field_types import BucketName, Email, PolicyVersion
from app.api.registrations.decision_resources import Reasons, reason_resource
from app.domain.decisions.policy_dry_run import Difference, Standing
from app.domain.decisions.refusals import Reason
from app.domain.facts.registration import Funding, Status
from app.persistence.engine.driver_types import Row
from app.wording.languages import Language

MAX_DIFFERENCES = 1_000_000


class PolicyResource(TypedDict):
    """Une version de la politique, que rien ne change plus. `version` est son entrée en vigueur."""

    version: PolicyVersion
    effective_from: date
    two_modules: TwoModulesBody
    civil_year: CivilYearBody
    supplementary: SupplementaryBody
    over_quota: OverQuotaBody
    initial_training: InitialTrainingPolicyBody
    certification: CertificationPolicyBody
    unjustified_absence_consumes: bool
    support_email: Email
    created_at: datetime


class StandingResource(TypedDict):
    """Ce que les règles donnent à une inscription."""

    status: Status
    funding: Funding | None
    entitlement: BucketName | None
    reasons: Annotated[list[Reason], Field(max_length=len(Reason))]


DifferenceResource = TypedDict(
    "DifferenceResource",
    {
        "registration_id": UUID,
        "adviser_id": UUID,
        "status": Status,
        "from": StandingResource,
        "to": StandingResource,
        "reasons": Reasons,
    },
)
DifferenceResource.__doc__ = """Une inscription ouverte que la version proposée déciderait autrement : ce que les règles
lui donnent aujourd’hui (`from`), ce qu’elles lui donneraient (`to`), et pour quels motifs."""


class DryRunResource(TypedDict):
    """Les inscriptions ouvertes qui seraient décidées autrement."""

    data: Annotated[list[DifferenceResource], Field(max_length=MAX_DIFFERENCES)]


def policy_resource(row: Row) -> Mapping[str, Any]:
    """The shape of PolicyResource."""
    # The domain says `since`, because `from` is a keyword of Python.
    stored = orjson.loads(row["content"].replace('"since":', '"from":'))
    return {"version": row["version"], **stored, "created_at": format_instant(row["created_at"])}


def _standing_resource(standing: Standing) -> StandingResource:
    return {
        "status": standing.status,
        "funding": standing.funding,
        "entitlement": standing.entitlement,
        "reasons": [refusal.code for refusal in standing.refusals],
    }


def dry_run_resource(differences: Sequence[Difference], language: Language) -> DryRunResource:
    return {"data": [_difference_resource(difference, language) for difference in differences]}


def _difference_resource(difference: Difference, language: Language) -> DifferenceResource:
    return {
        "registration_id": difference.registration_id,
        "adviser_id": difference.adviser_id,
        "status": difference.status,
        "from": _standing_resource(difference.before),
        "to": _standing_resource(difference.after),
        "reasons": [reason_resource(refusal, language, None) for refusal in difference.after.refusals],
    }
