"""/v1/advisers/{id}: the export of what is held on a person, and its erasure."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypeAliasType, TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response
from app.api.http.bodies.resource_responses import found
from app.api.http.fields.field_types import DisplayText, Id
from app.api.http.request_headers import IfMatch, parse_if_match
from app.api.http.routing import StrictRoute
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence.advisers.advisers import ADVISERS
from app.persistence.advisers.personal_data import TableExport, read_everything
from app.use_cases.advisers.anonymise_adviser import anonymise
from app.wording.languages import Language

router = APIRouter(prefix="/v1/advisers", tags=["Conseillers"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.PERSONAL_DATA_READ))]
EraseAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.PERSONAL_DATA_ERASE))]

MAX_HOLDINGS = 100
MAX_ROWS = 1_000_000

HeldRow = TypeAliasType("HeldRow", dict[str, Any])


class HoldingResource(TypedDict):
    """Ce que garde une table, pourquoi, et combien de temps."""

    title: DisplayText
    purpose: DisplayText
    kept_for: DisplayText
    rows: Annotated[list[HeldRow], Field(max_length=MAX_ROWS)]


class ExportResource(TypedDict):
    """Tout ce qui est gardé sur un conseiller."""

    adviser_id: UUID
    exported_at: datetime
    holdings: Annotated[list[HoldingResource], Field(max_length=MAX_HOLDINGS)]


def _holding_resource(extract: TableExport, years: int) -> HoldingResource:
    return {
        "title": extract.title,
        "purpose": extract.purpose,
        "kept_for": extract.kept_for.format(years=years),
        "rows": extract.rows,
    }


@router.get(
    "/{adviser_id}/export",
    operation_id="exportAdviser",
    summary="Exporter tout ce qui est gardé sur un conseiller",
    response_model=ExportResource,
)
async def export_adviser(adviser_id: Id, authorised: ReadAccess) -> Response:
    """De quoi répondre à une demande d’accès (RGPD, article 15) : toutes les tables, en français, à un même instant.
    Des courriels on ne garde que l’envoi ; des liens personnels, rien."""
    adviser = found(await ADVISERS.read(authorised.database, adviser_id))
    tables = await authorised.run_heavy_work(lambda: read_everything(authorised.database, adviser, authorised.now))
    years = authorised.service.anonymise_after_years
    resource: ExportResource = {
        "adviser_id": adviser_id,
        "exported_at": authorised.now,
        "holdings": [_holding_resource(table, years) for table in tables],
    }
    return await authorised.audit_read(json_response(resource, Language.FRENCH), adviser_id)


@router.delete(
    "/{adviser_id}",
    status_code=204,
    operation_id="anonymiseAdviser",
    summary="Anonymiser un conseiller",
    response_class=Response,
)
async def anonymise_adviser(adviser_id: Id, authorised: EraseAccess, if_match: IfMatch = None) -> Response:
    """Définitif. Son identité et tout texte libre sont effacés partout ; ses inscriptions, leurs décisions et les
    statistiques restent, et ne changent plus : enregistrez d’abord l’assiduité et annulez ce qui est à venir. S’il
    revient un jour, une empreinte de son ID Conum le fait reconnaître : ce qu’il avait utilisé compte encore."""
    await anonymise(authorised.database, adviser_id, parse_if_match(if_match), authorised.now, authorised.audit_entry)
    return Response(status_code=204)
