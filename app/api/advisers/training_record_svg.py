"""/v1/advisers/{id}/training-record.svg: the training record as a picture, to be read on screen and printed."""

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.advisers.timeline.timeline_picture import build_timeline, render_timeline
from app.api.advisers.timeline.timeline_rows import CatalogueTitles
from app.api.advisers.training_record_routes import DayParameter
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import PRIVATE_NO_CACHE
from app.api.http.bodies.resource_responses import no_response
from app.api.http.fields.day_parameter import parse_day_parameter
from app.api.http.fields.field_types import Id
from app.api.http.language_negotiation import language_headers
from app.api.http.request_headers import IfNoneMatch, etag_matches
from app.api.http.routing import StrictRoute
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence.catalogue import MODULES, QUALIFICATIONS
from app.persistence.registrations.recorded_sessions import read_recorded_sessions
from app.use_cases.advisers.show_training_record import show_training_record
from app.wording.languages import Language

router = APIRouter(prefix="/v1/advisers", tags=["Conseillers"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.ADVISERS_READ))]


SVG_SCHEMA = {"type": "string", "pattern": "^<svg ", "maxLength": 5_000_000}


class SvgResponse(Response):
    media_type = "image/svg+xml"


async def _titles(authorised: AuthorisedRequest) -> CatalogueTitles:
    modules, qualifications = [
        {row["code"]: row["title"] for row in await table.read_all(authorised.reader)}
        for table in (MODULES, QUALIFICATIONS)
    ]
    return CatalogueTitles(modules, qualifications)


@router.get(
    "/{adviser_id}/training-record.svg",
    operation_id="drawTrainingRecord",
    summary="Voir le dossier de formation",
    response_class=SvgResponse,
    responses={200: {"content": {SvgResponse.media_type: {"schema": SVG_SCHEMA}}}},
)
async def draw_training_record(
    adviser_id: Id, authorised: ReadAccess, on: DayParameter = None, if_none_match: IfNoneMatch = None
) -> Response:
    """Le même dossier en image, avec les droits expirés : poste, formation initiale et examens, droits, sessions et
    obligations sur un seul axe du temps. En français, lisible une fois imprimé en noir et blanc, sans nom ni adresse de
    personne ; une session publiée y a son lieu et sa référence.

    Un organisme de formation y voit ses propres inscriptions, et le seul contrat qui couvre le jour demandé, s’il est
    celui d’une de ses sessions.
    """
    record, registrations = await show_training_record(
        authorised.database,
        adviser_id,
        on=parse_day_parameter(on),
        history=True,
        context=authorised.request_context(no_response),
    )
    contracts = [item for item in record.post.contracts if authorised.owner is None or item == record.post.contract]
    recorded, titles = await read_recorded_sessions(authorised.database, adviser_id), await _titles(authorised)
    svg = render_timeline(build_timeline(adviser_id, record, contracts, registrations, recorded, titles))
    return await authorised.audit_read(_svg_response(svg, if_none_match), adviser_id)


def _svg_response(svg: bytes, if_none_match: str | None) -> Response:
    """304 when the client has this very picture."""
    tag = f'"{sha256(svg).hexdigest()[:32]}"'
    headers = {"Cache-Control": PRIVATE_NO_CACHE, **language_headers(Language.FRENCH), "ETag": tag}
    is_unchanged = etag_matches(if_none_match, tag)
    return Response(status_code=304, headers=headers) if is_unchanged else SvgResponse(svg, headers=headers)
