"""/v1/obligations: the trainings that each adviser has to follow, and how far (section 7)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.advisers.training_record_resources import obligation_resource
from app.api.advisers.training_record_schemas import ObligationResource
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.fields.field_checks import EARLIEST_DATE, LATEST_DATE
from app.api.http.pagination import UnversionedPaging
from app.api.http.routing import StrictRoute, page_model
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.domain.facts.calendar import civil_date
from app.domain.record.obligations import ObligationStatus
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows
from app.use_cases.advisers.list_exams_and_obligations import FileScan, modules_to_follow

router = APIRouter(prefix="/v1/obligations", tags=["Conseillers"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.OBLIGATIONS_READ))]
YearFilter = Annotated[
    int | None,
    Query(
        ge=EARLIEST_DATE.year,
        le=LATEST_DATE.year,
        description="L’année civile au titre de laquelle le module est dû, qu’un délai de grâce ne change pas ; pour "
        "la première année, celle où elle s’achève ; pour la formation initiale, chacune depuis celle du premier jour "
        "en poste.",
    ),
]


class AdviserObligationResource(ObligationResource):
    """Ce qu’un conseiller doit suivre dans une période, et ce qu’il a suivi."""

    adviser_id: UUID


def _adviser_obligation_resource(row: Row) -> AdviserObligationResource:
    return {"adviser_id": row["adviser_id"], **obligation_resource(row["found"])}


@router.get(
    "",
    operation_id="listObligations",
    summary="Lister les obligations de suivi",
    response_model=page_model(AdviserObligationResource),
)
async def list_obligations(
    authorised: ReadAccess,
    paging: UnversionedPaging,
    year: YearFilter = None,
    status: Annotated[ObligationStatus | None, Query(description="Remplie, attendue, en retard ou excusée.")] = None,
) -> Response:
    """Aujourd’hui, par conseiller : pour l’année qui s’achève, `year` et `status=due`.

    La formation initiale y est, pour qui est en poste et n’y est ni entré, ni dispensé.

    Les règles lisent chaque dossier, un nombre limité par page : une page courte, ou vide, peut avoir une suite.
    """

    async def read(reader: Reader, page: PageQuery) -> PageRows:
        return await modules_to_follow(
            FileScan(authorised.database, reader), page, year, status, civil_date(authorised.now)
        )

    return await authorised.run_heavy_work(
        lambda: paging.respond(authorised, read, [], _adviser_obligation_resource, subject_column="adviser_id")
    )
