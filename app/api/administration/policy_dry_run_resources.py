"""What a version of the policy would change, as a client is shown it."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.api.http.fields.field_types import MAX_COUNT, BucketName, Count, Department
from app.api.registrations.decision_resources import Reasons, reason_resource
from app.domain.decisions.policy_dry_run import Difference, Standing, Totals, summarise
from app.domain.decisions.refusals import Reason
from app.domain.facts.registration_terms import Funding, Status
from app.wording.languages import Language

MAX_DIFFERENCES = 1_000_000
MAX_DEPARTMENTS = 200
MAX_ORGANISATIONS = 10_000


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


class UnitsResource(TypedDict):
    """Les droits qu’elles consomment selon la politique d’aujourd’hui (`before`), selon celle proposée (`after`), et
    l’écart. Une inscription refusée n’en consomme aucun."""

    before: Count
    after: Count
    difference: Annotated[int, Field(ge=-MAX_COUNT, le=MAX_COUNT)]


class TotalsResource(TypedDict):
    """Combien de personnes et d’inscriptions seraient concernées, et les droits de ces inscriptions."""

    people: Count
    registrations: Count
    units: UnitsResource


class DepartmentTotalsResource(TotalsResource):
    """Les mêmes nombres pour les conseillers d’un département ; null, inconnu."""

    department: Department | None


class OrganisationTotalsResource(TotalsResource):
    """Les mêmes nombres pour un organisme de formation."""

    training_organisation_id: UUID


class SummaryResource(TotalsResource):
    """Les totaux, et leur répartition."""

    by_department: Annotated[list[DepartmentTotalsResource], Field(max_length=MAX_DEPARTMENTS)]
    by_training_organisation: Annotated[list[OrganisationTotalsResource], Field(max_length=MAX_ORGANISATIONS)]


class DryRunResource(TypedDict):
    """Les inscriptions ouvertes qui seraient décidées autrement, et leurs totaux."""

    data: Annotated[list[DifferenceResource], Field(max_length=MAX_DIFFERENCES)]
    totals: SummaryResource


def _standing_resource(standing: Standing) -> StandingResource:
    return {
        "status": standing.status,
        "funding": standing.funding,
        "entitlement": standing.entitlement,
        "reasons": [refusal.code for refusal in standing.refusals],
    }


def dry_run_resource(differences: Sequence[Difference], language: Language) -> DryRunResource:
    data = [_difference_resource(difference, language) for difference in differences]
    return {"data": data, "totals": _summary_resource(differences)}


def _totals_resource(totals: Totals) -> TotalsResource:
    before, after = totals.units_before, totals.units_after
    return {
        "people": totals.people,
        "registrations": totals.registrations,
        "units": {"before": before, "after": after, "difference": after - before},
    }


def _summary_resource(differences: Sequence[Difference]) -> SummaryResource:
    summary = summarise(differences)
    return {
        **_totals_resource(summary.whole),
        "by_department": [
            {"department": department, **_totals_resource(totals)}
            for department, totals in summary.by_department.items()
        ],
        "by_training_organisation": [
            {"training_organisation_id": organisation, **_totals_resource(totals)}
            for organisation, totals in summary.by_organisation.items()
        ],
    }


def _difference_resource(difference: Difference, language: Language) -> DifferenceResource:
    return {
        "registration_id": difference.registration_id,
        "adviser_id": difference.adviser_id,
        "status": difference.status,
        "from": _standing_resource(difference.before),
        "to": _standing_resource(difference.after),
        "reasons": [reason_resource(refusal, language, None) for refusal in difference.after.refusals],
    }
