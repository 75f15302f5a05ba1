"""Webhooks: one attempt to deliver, signed as Standard Webhooks says, and what its answer means."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic

import httpcore2
from standardwebhooks import Webhook

from app.outbox.connection_pools import ConnectionPools
from app.outbox.egress import BlockedAddressError, EgressBackend, Resolver, UnknownNameError, trusted
from app.outbox.retry import Failure, Sequel
from app.outbox.settlement import Outcome
from app.persistence.claims import Claimed, Tried
from app.persistence.safe import Safe, SealedByAnotherKeyError
from app.use_cases.reach import NotDeliverable, Reach, Unreachable

# To connect, and again for the handshake: both end before a delivery does, since the library leaves a connection open
# whose handshake is cancelled.
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
READ_AT_MOST = 16_384
KEPT_AT_MOST = 4_000  # characters, of at most four bytes

GONE, OVERLOADED = 410, frozenset({429, 502, 503, 504})
ORDER = b"webhook-delivery"  # by which a receiver may say what it wants
ORDERS = {b"disable": Sequel.GONE, b"abort-message": Sequel.NEVER_AGAIN}


@dataclass(slots=True)
class _Answer:
    status: int | None = None
    headers: Mapping[bytes, bytes] | None = None
    beginning: bytes = b""


class WebhookSender:
    """Sends to the addresses within `reach`; never follows a redirect, asks no proxy."""

    def __init__(self, safe: Safe, reach: Reach, trust: ssl.SSLContext | None = None) -> None:
        self._safe = safe
        self._reach = reach
        self._resolver = Resolver()
        self._pools = ConnectionPools(EgressBackend(reach, self._resolver), trust or trusted())

    async def close(self) -> None:
        await self._pools.close()
        self._resolver.close()

    async def __call__(self, claimed: Claimed) -> Outcome:
        """One attempt; never raises but when it is cancelled."""
        started, answer, error = monotonic(), _Answer(), None
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                await self._post(claimed, answer)
        except (OSError, NotDeliverable, SealedByAnotherKeyError, httpcore2.NetworkError) as failure:
            error = _named(failure)  # an SSLError among them, of which the library makes no error of its own
        except (httpcore2.TimeoutException, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as failure:
            error = _named(failure)
        return _outcome(answer, error, claimed.at, round((monotonic() - started) * 1000))

    async def _post(self, claimed: Claimed, answer: _Answer) -> None:
        url, body = claimed.url or "", claimed.body or b""
        self._reach.check(url)
        secrets = [self._safe.open(sealed) for sealed in claimed.secrets]
        signed, limits = headers(claimed, secrets, body), {"timeout": {"connect": CONNECT_SECONDS}}
        pool = await self._pools.to(claimed.lane_id)
        async with pool.stream("POST", url, headers=signed, content=body, extensions=limits) as response:
            answer.status = response.status
            answer.headers = {name.lower(): value for name, value in response.headers}
            await _begin_to_read(response, answer)


async def _begin_to_read(response: httpcore2.Response, answer: _Answer) -> None:
    async with aclosing(response.aiter_stream()) as stream:
        async for chunk in stream:
            answer.beginning += chunk[: READ_AT_MOST - len(answer.beginning)]
            if len(answer.beginning) >= READ_AT_MOST:
                break


def headers(claimed: Claimed, secrets: list[str], body: bytes) -> list[tuple[str, str]]:
    """One signature for each secret that is live."""
    message = str(claimed.event_id)
    # The library takes any instant for one in UTC, and whole seconds are what it signs.
    at = claimed.at.astimezone(UTC).replace(microsecond=0)
    signatures = [Webhook(secret).sign(message, at, body.decode()) for secret in secrets]
    return [
        ("Content-Type", "application/json"),
        ("User-Agent", "inscriptions-conseillers-numeriques"),
        ("webhook-id", message),
        ("webhook-timestamp", str(int(at.timestamp()))),
        ("webhook-signature", " ".join(signatures)),
    ]


def _named(failure: Exception) -> str:
    """The code under which an owner reads it."""
    match failure:
        case NotDeliverable(why=Unreachable.HOST) | UnknownNameError():
            return "unknown-name"
        case NotDeliverable() | BlockedAddressError():
            return "blocked-address"
        case SealedByAnotherKeyError():
            return "secret-unreadable"
        case TimeoutError() | httpcore2.TimeoutException():
            return "timeout"
        case httpcore2.ConnectError() if isinstance(failure.__context__, ssl.SSLError):
            return "tls"
        case httpcore2.ConnectError():
            return "no-connection"
        case _:
            return "broken-connection"


def _outcome(answer: _Answer, error: str | None, at: datetime, duration_ms: int) -> Outcome:
    """A status that was read stands, whatever became of the rest of the answer."""
    status = answer.status
    if status is None:
        failure = Failure(overloaded=error == "timeout")
        return Outcome(Tried(duration_ms, None, error), failure)
    shown = _text(answer.beginning)
    if 200 <= status < 300:  # noqa: PLR2004  # what Standard Webhooks takes for a success
        return Outcome(Tried(duration_ms, status, None, shown))
    named = "redirect" if 300 <= status < 400 else "refused"  # noqa: PLR2004  # the class of redirects
    return Outcome(Tried(duration_ms, status, named, shown), _failure(status, answer.headers or {}, at))


def _failure(status: int, said: Mapping[bytes, bytes], at: datetime) -> Failure:
    order = ORDERS.get(said.get(ORDER, b"").strip().lower())
    if status == GONE or order is not None:
        sequel = order or Sequel.GONE
        return Failure(sequel, of_lane=sequel is Sequel.GONE)
    return Failure(
        overloaded=status in OVERLOADED,
        retry_after=retry_after(said.get(b"retry-after", b"").decode("latin-1"), at),
    )


def retry_after(said: str, at: datetime) -> timedelta | None:
    """Seconds or a date (RFC 9110); None when it says neither, or a time that has passed."""
    value = said.strip()
    try:
        wait = (
            timedelta(seconds=int(value)) if value.isascii() and value.isdigit() else parsedate_to_datetime(value) - at
        )
    except (ValueError, TypeError, OverflowError):
        return None
    return wait if wait > timedelta() else None


def _text(beginning: bytes) -> str:
    """As an owner may read it: PostgreSQL stores no NUL."""
    return beginning.decode("utf-8", "replace").replace("\0", "\ufffd")[:KEPT_AT_MOST]
