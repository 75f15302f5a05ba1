"""What `GET /v1/registrations` is filtered by."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Query

from app.api.http.fields.field_types import CodeFilter, DayText, Id
from app.api.http.fields.filter_types import ReferenceFilter
from app.api.http.fields.list_parameters import first_day_filters, parse_uuids
from app.api.http.pagination import equality_filters
from app.domain.decisions.refusals import Reason
from app.domain.facts.registration_terms import Status
from app.persistence.engine.pagination import Filter
from app.persistence.registrations.registration_texts import reason_filter

IdsFilter = Annotated[
    str | None,
    Query(
        max_length=20_000,
        description="Identifiants séparés par des virgules.",
        json_schema_extra={"pattern": "^ *[0-9A-Fa-f-]{36} *(, *[0-9A-Fa-f-]{36} *)*$"},
    ),
]
_DAY_SCHEMA = {"format": "date"}
StartsFrom = Annotated[
    DayText | None, Query(description="Premier jour de la session, au plus tôt, inclus.", json_schema_extra=_DAY_SCHEMA)
]
StartsUntil = Annotated[
    DayText | None,
    Query(description="Premier jour de la session, au plus tard, inclus.", json_schema_extra=_DAY_SCHEMA),
]
SessionReference = Annotated[
    ReferenceFilter | None, Query(description="La référence de la session, telle qu’elle a été donnée.")
]
ReasonFilter = Annotated[Reason | None, Query(description="Un motif de la dernière décision.")]


async def registration_filters(
    adviser_id: Id | None = None,
    training_organisation_id: Id | None = None,
    status: Status | None = None,
    module_code: CodeFilter | None = None,
    ids: IdsFilter = None,
    session_id: Id | None = None,
    starts_from: StartsFrom = None,
    starts_until: StartsUntil = None,
    session_reference: SessionReference = None,
    reason: ReasonFilter = None,
) -> Sequence[Filter]:
    """Raise Problem."""
    filters = equality_filters(
        adviser_id=adviser_id,
        training_organisation_id=training_organisation_id,
        status=status,
        module_code=module_code,
        session_id=session_id,
        session_reference=session_reference,
    )
    if ids is not None:
        filters.append(Filter("{t}.id = ANY({})", parse_uuids("ids", ids)))
    if reason is not None:
        filters.append(reason_filter(reason))
    return [*filters, *first_day_filters("session_starts_on", starts_from, starts_until)]


RegistrationFilters = Annotated[Sequence[Filter], Depends(registration_filters)]
