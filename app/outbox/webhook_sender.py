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
from app.outbox.delivery_settlement import AttemptOutcome
from app.outbox.egress_filter import (
    BlockedAddressError,
    EgressBackend,
    HostResolver,
    UnknownHostError,
    trusted_authorities,
)
from app.outbox.retry_policy import Failure, FailureKind
from app.persistence.engine.secrets.secret_box import SealedByAnotherKeyError, SecretBox
from app.persistence.outbox.delivery_claims import ClaimedDelivery
from app.persistence.outbox.delivery_results import AttemptResult
from app.use_cases.notifications.egress_policy import EgressPolicy, EgressRefusal, EgressRefused

# To connect, and again for the handshake: both end before a delivery does, since the library leaves a connection open
# whose handshake is cancelled.
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
MAX_BYTES_READ = 16_384
MAX_CHARACTERS_STORED = 4_000  # characters, of at most four bytes

GONE, OVERLOADED = 410, frozenset({429, 502, 503, 504})
CONTROL_HEADER = b"webhook-delivery"  # by which a receiver may say what it wants
CONTROL_KINDS = {b"disable": FailureKind.GONE, b"abort-message": FailureKind.PERMANENT}


@dataclass(slots=True)
class _Response:
    status: int | None = None
    headers: Mapping[bytes, bytes] | None = None
    beginning: bytes = b""


class WebhookSender:
    """Sends to the addresses that `egress_policy` admits; never follows a redirect, asks no proxy."""

    def __init__(
        self, secret_box: SecretBox, egress_policy: EgressPolicy, tls_context: ssl.SSLContext | None = None
    ) -> None:
        self._secret_box = secret_box
        self._egress_policy = egress_policy
        self._resolver = HostResolver()
        self._pools = ConnectionPools(
            EgressBackend(egress_policy, self._resolver), tls_context or trusted_authorities()
        )

    async def close(self) -> None:
        await self._pools.close()
        self._resolver.close()

    async def __call__(self, claimed: ClaimedDelivery) -> AttemptOutcome:
        """One attempt; never raises but when it is cancelled."""
        started, answer, error = monotonic(), _Response(), None
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                await self._post(claimed, answer)
        except (OSError, EgressRefused, SealedByAnotherKeyError, httpcore2.NetworkError) as failure:
            error = _error_code(failure)  # an SSLError among them, of which the library makes no error of its own
        except (httpcore2.TimeoutException, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as failure:
            error = _error_code(failure)
        return _outcome(answer, error, claimed.at, round((monotonic() - started) * 1000))

    async def _post(self, claimed: ClaimedDelivery, answer: _Response) -> None:
        url, body = claimed.url or "", claimed.body or b""
        self._egress_policy.check(url)
        secrets = [self._secret_box.open(sealed) for sealed in claimed.secrets]
        signed, limits = signed_headers(claimed, secrets, body), {"timeout": {"connect": CONNECT_SECONDS}}
        pool = await self._pools.to(claimed.lane_id)
        async with pool.stream("POST", url, headers=signed, content=body, extensions=limits) as response:
            answer.status = response.status
            answer.headers = {name.lower(): value for name, value in response.headers}
            await _read_beginning(response, answer)


async def _read_beginning(response: httpcore2.Response, answer: _Response) -> None:
    async with aclosing(response.aiter_stream()) as stream:
        async for chunk in stream:
            answer.beginning += chunk[: MAX_BYTES_READ - len(answer.beginning)]
            if len(answer.beginning) >= MAX_BYTES_READ:
                break


def signed_headers(claimed: ClaimedDelivery, secrets: list[str], body: bytes) -> list[tuple[str, str]]:
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


def _error_code(failure: Exception) -> str:
    """The code under which an owner reads it."""
    match failure:
        case EgressRefused(reason=EgressRefusal.HOST) | UnknownHostError():
            return "unknown-name"
        case EgressRefused() | BlockedAddressError():
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


def _outcome(answer: _Response, error: str | None, at: datetime, duration_ms: int) -> AttemptOutcome:
    """A status that was read stands, whatever became of the rest of the answer."""
    status = answer.status
    if status is None:
        failure = Failure(overloaded=error == "timeout")
        return AttemptOutcome(AttemptResult(duration_ms, None, error), failure)
    shown = _storable_text(answer.beginning)
    if 200 <= status < 300:  # noqa: PLR2004  # what Standard Webhooks takes for a success
        return AttemptOutcome(AttemptResult(duration_ms, status, None, shown))
    named = "redirect" if 300 <= status < 400 else "refused"  # noqa: PLR2004  # the class of redirects
    return AttemptOutcome(AttemptResult(duration_ms, status, named, shown), _failure(status, answer.headers or {}, at))


def _failure(status: int, response_headers: Mapping[bytes, bytes], at: datetime) -> Failure:
    order = CONTROL_KINDS.get(response_headers.get(CONTROL_HEADER, b"").strip().lower())
    if status == GONE or order is not None:
        sequel = order or FailureKind.GONE
        return Failure(sequel, counts_for_lane=sequel is FailureKind.GONE)
    return Failure(
        overloaded=status in OVERLOADED,
        retry_after=parse_retry_after(response_headers.get(b"retry-after", b"").decode("latin-1"), at),
    )


def parse_retry_after(said: str, at: datetime) -> timedelta | None:
    """Seconds or a date (RFC 9110); None when it says neither, or a time that has passed."""
    value = said.strip()
    try:
        wait = (
            timedelta(seconds=int(value)) if value.isascii() and value.isdigit() else parsedate_to_datetime(value) - at
        )
    except (ValueError, TypeError, OverflowError):
        return None
    return wait if wait > timedelta() else None


def _storable_text(beginning: bytes) -> str:
    """As an owner may read it: PostgreSQL stores no NUL."""
    return beginning.decode("utf-8", "replace").replace("\0", "\ufffd")[:MAX_CHARACTERS_STORED]
