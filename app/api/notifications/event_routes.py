"""/v1/events: the feed of what happened, followed by a cursor."""

import asyncio
import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.pagination import CURSOR_SCHEMA, DEFAULT_LIMIT, MAX_CURSOR_LENGTH, Limit
from app.api.http.request_headers import IfNoneMatch
from app.api.http.routing import StrictRoute, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.notifications.event_feed_reader import PATH, FeedReader
from app.api.notifications.event_resources import FeedPage
from app.persistence.outbox.event_feed import FeedWindow

router = APIRouter(prefix=PATH, tags=["Flux"], route_class=StrictRoute)

FeedAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.EVENTS_READ))]

MAX_WAIT_SECONDS = 30
RESPONSE_MARGIN_SECONDS = 10.0  # to respond, once the request has waited
_WAIT_PREFERENCE = re.compile(r'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,6})"?\s*(?=[;,]|$)', re.ASCII | re.IGNORECASE)

AfterCursor = Annotated[
    str | None,
    Query(
        max_length=MAX_CURSOR_LENGTH,
        description="Le `next` de la lecture précédente ; `now` pour ne lire que la suite ; rien pour le plus ancien.",
        json_schema_extra=CURSOR_SCHEMA,
    ),
]
TypesFilter = Annotated[
    str | None,
    Query(
        max_length=1000,
        description="Types séparés par des virgules ; `registration.*` les prend tous.",
        json_schema_extra={"pattern": r"^ *[a-z_.]+(\.\*)? *(, *[a-z_.]+(\.\*)? *)*$"},
    ),
]
PreferHeader = Annotated[
    str | None,
    Header(
        alias="Prefer",
        max_length=1000,
        description="`wait=20` attend un événement, au plus 30 secondes (RFC 7240).",
        pattern="^[ -~]*$",
    ),
]


def _requested_wait(prefer: str | None) -> int:
    """The seconds that the client would wait; a preference that cannot be parsed counts as absent (RFC 7240)."""
    found = _WAIT_PREFERENCE.search(prefer or "")
    return min(int(found[1]), MAX_WAIT_SECONDS) if found else 0


async def _disconnection(request: Request) -> None:
    """Return when the client has disconnected."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _long_poll(request: Request, feed: FeedReader, reading: FeedWindow, seconds: int) -> FeedWindow:
    request.scope["time_limit"].reschedule(asyncio.get_running_loop().time() + seconds + RESPONSE_MARGIN_SECONDS)
    disconnected = asyncio.create_task(_disconnection(request))
    try:
        return await feed.long_poll(reading, seconds, disconnected)
    finally:
        disconnected.cancel()


@router.get(
    "",
    operation_id="followEvents",
    summary="Suivre ce qui se passe",
    response_model=FeedPage,
    responses=problem_responses("invalid-cursor", "cursor-expired"),
)
async def follow_events(
    request: Request,
    authorised: FeedAccess,
    after: AfterCursor = None,
    types: TypesFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    prefer: PreferHeader = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Les événements qui vous concernent, du plus ancien au plus récent. Aucun ne manque jamais ; après une panne, il
    peut en venir deux fois un même, avec le même `id`.

    Pour commencer : prenez la tête du flux (`after=now`), lisez les listes, puis suivez le flux depuis cette tête.
    Ensuite, donnez à chaque lecture le `next` de la précédente, jusqu’à `up_to_date`. Un curseur de plus de 90 jours,
    ou dont la base a perdu la suite, reçoit 410 : recommencez ainsi. Un filtre ne change rien à l’avancée du curseur.
    """
    feed = FeedReader(authorised, limit, types)
    reading, seconds = await feed.start(after), _requested_wait(prefer)
    with authorised.service.long_polls.slot(authorised.client.id) as may_wait:
        if seconds and may_wait:
            reading = await _long_poll(request, feed, reading, seconds)
        response = feed.to_response(reading, if_none_match)
        if seconds and may_wait:
            response.headers["Preference-Applied"] = f"wait={seconds}"
        return response
