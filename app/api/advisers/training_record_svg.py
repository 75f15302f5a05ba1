"""/v1/advisers/{id}/training-record.svg: the training record as a picture, to be looked at and printed."""

from functools import partial
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.advisers.adviser_routes import DayParameter, parse_day_parameter
from app.api.advisers.timeline.timeline_picture import build_timeline, render_timeline
from app.api.advisers.timeline.timeline_rows import CatalogueTitles
from app.api.http.bodies.json_responses import PRIVATE_NO_CACHE, replayable_response
from app.api.http.fields.field_types import Id
from app.api.http.language_negotiation import language_headers
from app.api.http.request_headers import IfNoneMatch, etag_matches
from app.api.http.routing import StrictRoute
from app.api.identity.authorisation import AuthorisedRequest, RequireScope, Scope
from app.persistence.catalogue import MODULES, QUALIFICATIONS
from app.use_cases.advisers.show_training_record import show_training_record
from app.wording.languages import Language

router = APIRouter(prefix="/v1/advisers", tags=["Conseillers"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.ADVISERS_READ))]


SVG_SCHEMA = {"type": "string", "pattern": "^<svg ", "maxLength": 5_000_000}


class SvgResponse(Response):
    media_type = "image/svg+xml"


async def _titles(authorised: AuthorisedRequest) -> CatalogueTitles:
    modules, qualifications = [
        {row["code"]: row["title"] for row in await kept.read_all(authorised.reader)}
        for kept in (MODULES, QUALIFICATIONS)
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
    obligations sur un seul axe du temps. En français, lisible une fois imprimé en noir et blanc, sans nom ni adresse.

    Un organisme de formation y voit ses propres inscriptions, et le seul contrat qui couvre le jour demandé, s’il est
    celui d’une de ses sessions.
    """
    record, registrations = await show_training_record(
        authorised.database,
        adviser_id,
        on=parse_day_parameter(on),
        history=True,
        context=authorised.request_context(partial(replayable_response, language=authorised.language)),
    )
    contracts = [each for each in record.post.contracts if authorised.owner is None or each == record.post.contract]
    svg = render_timeline(build_timeline(adviser_id, record, contracts, registrations, await _titles(authorised)))
    tag = f'"{sha256(svg).hexdigest()[:32]}"'
    headers = {"Cache-Control": PRIVATE_NO_CACHE, **language_headers(Language.FRENCH), "ETag": tag}
    is_unchanged = etag_matches(if_none_match, tag)
    return await authorised.audit_read(
        Response(status_code=304, headers=headers) if is_unchanged else SvgResponse(svg, headers=headers), adviser_id
    )
