"""The reading of the feed of one client, from a cursor and while it waits."""

import asyncio
from dataclasses import dataclass, replace
from time import monotonic
from urllib.parse import urlencode
from uuid import UUID

import orjson
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import conditional_json_response
from app.api.http.pagination_cursors import CursorSigner
from app.api.http.problems.problem_details import Problem, invalid_parameter
from app.domain.events import EventType, types_matching
from app.persistence.engine.database import Reader
from app.persistence.outbox.assign_feed_positions import BATCH, GLOBAL_FEED_ID
from app.persistence.outbox.event_feed import FeedWindow, read_feed, read_head
from app.use_cases.notifications.sequence_events import sequence_events
from app.wording.languages import Sentence

PATH = "/v1/events"
HEAD_CURSOR = "now"
BATCHES_PER_REQUEST = 4

UNKNOWN_TYPE = Sentence(
    fr=f"Des types séparés par des virgules, parmi {', '.join(EventType)} ; `registration.*` les prend tous.",
    en=f"Types separated by commas, among {', '.join(EventType)}; `registration.*` takes them all.",
)
CURSOR_EXPIRED = Sentence(
    fr="Ce qui suivait ce curseur n’est plus gardé, ou a été perdu avec le serveur qui l’avait donné.",
    en="What followed this cursor is no longer kept, or was lost with the server that gave it.",
)


@dataclass(frozen=True, slots=True)
class FeedReader:
    """Reads the feed of one client: all events, or those of a training organisation. `types` is the parameter as it was
    given."""

    authorised: AuthorisedRequest
    limit: int
    types: str | None

    @property
    def feed_id(self) -> UUID:
        return self.authorised.owner or GLOBAL_FEED_ID

    async def start(self, after: str | None) -> FeedWindow:
        """Read from the cursor. Raise Problem.

        A feed moves without a worker: no page ends at the head while events wait that this process could sequence. A
        page that ends before it leaves them alone, and one statement tells both. Row security hides from an
        organisation what waits: they are sequenced before it reads.
        """
        if self.authorised.owner is not None:
            more_wait = await self._sequence()
            return replace(await self._read_from(after), has_waiting=more_wait)
        reading = await self._read_from(after)
        if reading.has_waiting and reading.scanned_to == reading.head:
            more_wait = await self._sequence()
            return replace(await self._read_from(after), has_waiting=more_wait)
        return reading

    async def _sequence(self) -> bool:
        """Whether more may wait than a request sequences: the feed then does not say that it is up to date."""
        for _ in range(BATCHES_PER_REQUEST):
            if await sequence_events(self.authorised.service.database, self.authorised.now) < BATCH:
                return False
        return True

    async def _read_from(self, after: str | None) -> FeedWindow:
        """Raise Problem when the cursor is malformed, of another client or too old."""
        if after is None:
            return await self._read(None)
        if after == HEAD_CURSOR:
            return await self._read(await read_head(self._reader, self.feed_id))
        epoch, position, *event = self._cursor_signer.decode_values(after)
        known = UUID(event[0]) if event and event[0] else None  # cursors of earlier releases name none
        return self._unless_expired(await self._read(position, known), UUID(epoch))

    async def long_poll(self, reading: FeedWindow, seconds: int, disconnected: asyncio.Future[None]) -> FeedWindow:
        """Read on until there is an event, the seconds are over or the client has disconnected. Raise Problem."""
        until, long_polls = monotonic() + seconds, self.authorised.service.long_polls
        while not reading.events and await long_polls.wait_until_moved(
            self.feed_id, reading.scanned_to, until - monotonic(), disconnected
        ):
            reading = self._unless_expired(await self._read(reading.scanned_to, reading.scanned_event), reading.epoch)
        return reading

    def to_response(self, reading: FeedWindow, if_none_match: str | None) -> Response:
        # Events never change: a page depends on its first position, on the head of the feed and on the event read last.
        seen = reading.scanned_event.hex if reading.scanned_event else ""
        waits = "-waiting" if reading.has_waiting else ""
        tag = f'"{reading.epoch.hex[:8]}-{reading.after}-{reading.head}-{seen[-12:]}{waits}"'
        cursor = self._cursor_signer.encode([reading.epoch.hex, reading.scanned_to, seen])
        next_query = {"after": cursor, "limit": self.limit} | ({"types": self.types} if self.types else {})
        body = {
            "data": orjson.Fragment(f"[{','.join(reading.events)}]"),
            "next": cursor,
            "up_to_date": reading.scanned_to == reading.head and not reading.has_waiting,
        }
        response = conditional_json_response(body, self.authorised.language, tag, if_none_match)
        response.headers["Link"] = f'<{self._url}?{urlencode(next_query)}>; rel="next"'
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
    """Raise Problem when no event type has one of these names."""
    named = [types_matching(item.strip()) for item in types.split(",")]
    if not all(named):
        raise invalid_parameter("types", UNKNOWN_TYPE)
    return frozenset[EventType]().union(*named)
