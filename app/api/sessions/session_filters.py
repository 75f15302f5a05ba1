"""What sessions are filtered by, in a list, a file or a calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Query

from app.api.http.fields.field_types import CodeFilter, DayText, Department, Id
from app.api.http.fields.filter_types import ReferenceFilter
from app.api.http.fields.list_parameters import first_day_filters
from app.api.http.pagination import equality_filters
from app.api.sessions.session_requests import MAX_SEATS
from app.domain.facts.published_session import SessionStatus
from app.domain.facts.session import SessionFormat
from app.persistence.engine.pagination import Filter
from app.persistence.sessions.sessions import SEATS_LEFT, STATUS_CONDITIONS

FormatFilter = Annotated[SessionFormat | None, Query(alias="format")]
_DAY_SCHEMA = {"format": "date"}
StartsFrom = Annotated[
    DayText | None, Query(description="Premier jour, au plus tôt, inclus.", json_schema_extra=_DAY_SCHEMA)
]
StartsUntil = Annotated[
    DayText | None, Query(description="Premier jour, au plus tard, inclus.", json_schema_extra=_DAY_SCHEMA)
]
SeatsLeft = Annotated[int | None, Query(ge=1, le=MAX_SEATS, description="Places que personne n’attend, au moins.")]


@dataclass(frozen=True, slots=True)
class SessionFilters:
    """Filters that hold on any day, and a status that depends on it."""

    fixed: Sequence[Filter]
    status: SessionStatus | None

    def on(self, today: date) -> list[Filter]:
        """All of them; `today` is the civil date in Paris."""
        by_status = [Filter(STATUS_CONDITIONS[self.status], today)] if self.status is not None else []
        return [*self.fixed, *by_status]


async def session_filters(
    module_code: CodeFilter | None = None,
    training_organisation_id: Id | None = None,
    department: Department | None = None,
    format_: FormatFilter = None,
    status: SessionStatus | None = None,
    starts_from: StartsFrom = None,
    starts_until: StartsUntil = None,
    reference: ReferenceFilter | None = None,
    seats_left: SeatsLeft = None,
) -> SessionFilters:
    """Raise Problem."""
    filters = equality_filters(
        module_code=module_code,
        training_organisation_id=training_organisation_id,
        place_department=department,
        format=format_,
        reference=reference,
    )
    filters += first_day_filters("starts_on", starts_from, starts_until)
    if seats_left is not None:
        filters.append(Filter(SEATS_LEFT, seats_left))
    return SessionFilters(filters, status)


Filters = Annotated[SessionFilters, Depends(session_filters)]
