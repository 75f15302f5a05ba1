"""/v1/events: the feed of what happened, followed by a cursor."""

import asyncio
import re
from dataclasses import dataclass
from time import monotonic
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import conditional_json_response
from app.api.http.pagination import CURSOR_SCHEMA, DEFAULT_LIMIT, MAX_CURSOR_LENGTH, Limit
from app.api.http.pagination_cursors import CursorSigner
from app.api.http.problems.problem_details import Problem, invalid_parameter
from app.api.http.request_headers import IfNoneMatch
from app.api.http.routing import StrictRoute, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.notifications.event_resources import FeedPage, event_resource
from app.domain.events import EventType, types_matching
from app.persistence.engine.database import Reader
from app.persistence.outbox.event_feed import FeedWindow, read_feed, read_head
from app.persistence.outbox.feed_positions import GLOBAL_FEED_ID
from app.use_cases.notifications.sequence_events import sequence_events
from app.wording.languages import Sentence

PATH = "/v1/events"
router = APIRouter(prefix=PATH, tags=["Flux"], route_class=StrictRoute)

FeedAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.EVENTS_READ))]

HEAD_CURSOR = "now"
MAX_WAIT_SECONDS = 30
RESPONSE_MARGIN_SECONDS = 10.0  # what is left of a request's time when it has waited
_WAIT_PREFERENCE = re.compile(r'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,6})"?\s*(?=[;,]|$)', re.ASCII | re.IGNORECASE)

UNKNOWN_TYPE = Sentence(
    fr=f"Des types séparés par des virgules, parmi {', '.join(EventType)} ; `registration.*` les prend tous.",
    en=f"Types separated by commas, among {', '.join(EventType)}; `registration.*` takes them all.",
)
CURSOR_EXPIRED = Sentence(
    fr="Ce qui suivait ce curseur n’est plus gardé, ou a été perdu avec le serveur qui l’avait donné.",
    en="What followed this cursor is no longer kept, or was lost with the server that gave it.",
)

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


@dataclass(frozen=True, slots=True)
class FeedReader:
    """One client's reading of its feed: all events, or those of a training organisation. `types` is as written."""

    authorised: AuthorisedRequest
    limit: int
    types: str | None

    @property
    def feed_id(self) -> UUID:
        return self.authorised.owner or GLOBAL_FEED_ID

    async def start(self, after: str | None) -> FeedWindow:
        """Read from the cursor, whatever waits placed first: a feed needs no worker to move. Raise Problem."""
        await sequence_events(self.authorised.service.database, self.authorised.now)
        if after is None:
            return await self._read(None)
        if after == HEAD_CURSOR:
            return await self._read(await read_head(self._reader, self.feed_id))
        epoch, position, *event = self._cursor_signer.decode_values(after)
        known = UUID(event[0]) if event and event[0] else None  # cursors of former versions name none
        return self._unless_expired(await self._read(position, known), UUID(epoch))

    async def long_poll(self, reading: FeedWindow, seconds: int, disconnected: asyncio.Future[None]) -> FeedWindow:
        """Read on until there is an event, the time is over or the client gone. Raise Problem."""
        until, watch = monotonic() + seconds, self.authorised.service.long_polls
        while not reading.events and await watch.wait_until_moved(
            self.feed_id, reading.scanned_to, until - monotonic(), disconnected
        ):
            reading = self._unless_expired(await self._read(reading.scanned_to, reading.scanned_event), reading.epoch)
        return reading

    def to_response(self, reading: FeedWindow, if_none_match: str | None) -> Response:
        # Events never change: what follows a position depends on how far the feed has come, and on which events came.
        seen = reading.scanned_event.hex if reading.scanned_event else ""
        tag = f'"{reading.epoch.hex[:8]}-{reading.after}-{reading.head}-{seen[-12:]}"'
        cursor = self._cursor_signer.encode([reading.epoch.hex, reading.scanned_to, seen])
        following = {"after": cursor, "limit": self.limit} | ({"types": self.types} if self.types else {})
        body = {
            "data": [event_resource(row) for row in reading.events],
            "next": cursor,
            "up_to_date": reading.scanned_to == reading.head,
        }
        response = conditional_json_response(body, self.authorised.language, tag, if_none_match)
        response.headers["Link"] = f'<{self._url}?{urlencode(following)}>; rel="next"'
        return response

    async def _read(self, position: int | None, event: UUID | None = None) -> FeedWindow:
        types = _parse_types(self.types) if self.types is not None else None
        return await read_feed(self._reader, self.feed_id, after=position, limit=self.limit, types=types, event=event)

    def _unless_expired(self, reading: FeedWindow, epoch: UUID) -> FeedWindow:
        if reading.has_gap or reading.epoch != epoch:
            raise Problem("cursor-expired", CURSOR_EXPIRED, headers={"Link": f'<{self._url}>; rel="start"'})
        return reading

    @property
    def _reader(self) -> Reader:
        return self.authorised.database.for_tenant(self.authorised.owner)

    @property
    def _cursor_signer(self) -> CursorSigner:
        return CursorSigner(self.authorised.service.secrets, orjson.dumps([PATH, str(self.authorised.client.id)]))

    @property
    def _url(self) -> str:
        return f"{self.authorised.service.base_url}{PATH}"


def _parse_types(types: str) -> frozenset[EventType]:
    """Raise Problem."""
    named = [types_matching(item.strip()) for item in types.split(",")]
    if not all(named):
        raise invalid_parameter("types", UNKNOWN_TYPE)
    return frozenset[EventType]().union(*named)


def _requested_wait(prefer: str | None) -> int:
    """How many seconds the client would wait; a preference that can't be read is none (RFC 7240)."""
    found = _WAIT_PREFERENCE.search(prefer or "")
    return min(int(found[1]), MAX_WAIT_SECONDS) if found else 0


async def _disconnection(request: Request) -> None:
    """Return when the client is gone."""
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
