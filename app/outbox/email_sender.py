"""Send an e-mail: one attempt over SMTP, and what the mail server's reply means."""

import asyncio
from contextlib import suppress
from email.message import EmailMessage
from time import monotonic

import structlog
from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from app.outbox.delivery_settlement import AttemptOutcome
from app.outbox.email_composer import EmailComposer
from app.outbox.mail_server import MailServer
from app.outbox.retry_policy import Failure, FailureKind
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.delivery_claims import ClaimedDelivery
from app.persistence.outbox.delivery_results import AttemptResult
from app.persistence.outbox.messages import read_email_context
from app.wording.email_addresses import InvalidEmailAddress
from app.wording.emails.emails import LostEventError

# Together, less than the lease of an attempt.
CONNECT_SECONDS = 5.0
OPENING_SECONDS = 15.0  # TLS and authentication included
SENDING_SECONDS = 30.0
IDLE_SECONDS = 2.0
SMTP_SERVICE_CLOSING = 421
SMTP_PERMANENT = 500
SMTP_ACCEPTED = 250
SMTP_AUTHENTICATION_CODES = frozenset({530, 535, 538})
SMTP_POLICY_REFUSAL = (
    "5.7."  # security or policy (RFC 3463): a mail server that does not accept us says so of every recipient
)

RecipientRefused = SMTPDataError | SMTPRecipientRefused | SMTPRecipientsRefused
SEND_ERRORS = (TimeoutError, OSError, ValueError, SMTPException)

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.outbox")


class EmailSender:
    """Sends over connections that are kept open while there is something to send."""

    def __init__(self, database: Database, server: MailServer, composer: EmailComposer) -> None:
        self._database = database
        self._server = server
        self._composer = composer
        self._idle: list[SMTP] = []
        self._closing: asyncio.TimerHandle | None = None
        self._close_tasks = set[asyncio.Task[None]]()

    async def __call__(self, claimed: ClaimedDelivery) -> AttemptOutcome:
        """Attempt once. Raise only when the database is unavailable, or when cancelled."""
        row = await read_email_context(self._database, claimed.id)
        message = self._message(claimed, row) if row is not None else "lost"
        if isinstance(message, str):
            return AttemptOutcome(
                AttemptResult(0, None, message), Failure(FailureKind.PERMANENT, counts_for_lane=False)
            )
        started = monotonic()
        outcome = await self._attempt(message)
        duration_ms = round((monotonic() - started) * 1000)
        return AttemptOutcome(AttemptResult(duration_ms, outcome.result.status, outcome.result.error), outcome.failure)

    def _message(self, claimed: ClaimedDelivery, row: Row) -> EmailMessage | str:
        """The message, or the error code of why there is none."""
        try:
            email = self._composer.compose(row)
        except LostEventError:
            return "event-forgotten"
        if not email.address:
            return "no-address"
        message_id = self._composer.message_id(claimed.id, row["replay"])
        try:
            return self._composer.to_message(email, email.address, message_id, claimed.at)
        except InvalidEmailAddress:
            return "bad-address"

    async def _attempt(self, message: EmailMessage) -> AttemptOutcome:
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                client = await self._connection()
        except SEND_ERRORS as failure:
            return _session_refused(failure)
        status = None
        try:
            outcome = await _send(client, message)
            status = outcome.result.status
        finally:
            self._release(client, reusable=status not in {None, SMTP_SERVICE_CLOSING})
        return outcome

    async def _connection(self) -> SMTP:
        while self._idle:
            if (client := self._idle.pop()).is_connected:
                return client
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=self._composer.domain,
            timeout=SENDING_SECONDS,
            use_tls=server.encrypted,
            start_tls=server.starttls,
            username=server.username,
            password=server.password,
            tls_context=server.tls_context,
        )
        await client.connect(timeout=CONNECT_SECONDS)
        return client

    def _release(self, client: SMTP, *, reusable: bool) -> None:
        """Keep it for the next message; it is closed after IDLE_SECONDS without one."""
        if not reusable:
            client.close()
            return
        self._idle.append(client)
        if self._closing is not None:
            self._closing.cancel()
        self._closing = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        task = asyncio.create_task(self.close())
        self._close_tasks.add(task)
        task.add_done_callback(self._close_tasks.discard)

    async def close(self) -> None:
        """Close the idle connections."""
        if self._closing is not None:
            self._closing.cancel()
        while self._idle:
            client = self._idle.pop()
            with suppress(TimeoutError, OSError, SMTPException):
                await client.quit(timeout=CONNECT_SECONDS)
            client.close()


async def _send(client: SMTP, message: EmailMessage) -> AttemptOutcome:
    try:
        async with asyncio.timeout(SENDING_SECONDS):
            await client.send_message(message)
    except (SMTPDataError, SMTPRecipientRefused, SMTPRecipientsRefused) as refusal:
        return _recipient_refused(refusal)
    except SMTPNotSupported:
        return AttemptOutcome(
            AttemptResult(0, None, "address-not-supported"), Failure(FailureKind.PERMANENT, counts_for_lane=False)
        )
    except SMTPSenderRefused as failure:
        return _session_refused(failure)
    except SEND_ERRORS as failure:
        return _connection_failed(failure)
    return AttemptOutcome(AttemptResult(0, SMTP_ACCEPTED))


def _session_refused(failure: Exception) -> AttemptOutcome:
    """The mail server is unavailable or rejects our settings: no message is given up for that."""
    result = _connection_failed(failure).result
    _LOG.warning("the mail server takes no e-mail", error=result.error, status=result.status)
    return AttemptOutcome(result, Failure(overloaded=isinstance(failure, TimeoutError), is_our_fault=True))


def _connection_failed(failure: Exception) -> AttemptOutcome:
    match failure:
        case SMTPResponseException():
            return AttemptOutcome(
                AttemptResult(0, failure.code if failure.code > 0 else None, "not-accepted"), Failure()
            )
        case TimeoutError():
            return AttemptOutcome(AttemptResult(0, None, "timeout"), Failure(overloaded=True))
        case _:
            return AttemptOutcome(AttemptResult(0, None, "no-connection"), Failure())


def _recipient_refused(refusal: RecipientRefused) -> AttemptOutcome:
    """The reply concerns this message or its recipient, not the server (authentication excepted)."""
    reply = refusal.recipients[0] if isinstance(refusal, SMTPRecipientsRefused) else refusal
    if reply.code in SMTP_AUTHENTICATION_CODES:
        return _session_refused(SMTPResponseException(reply.code, ""))
    if reply.code >= SMTP_PERMANENT and not reply.message.startswith(SMTP_POLICY_REFUSAL):
        return AttemptOutcome(
            AttemptResult(0, reply.code, "refused"), Failure(FailureKind.PERMANENT, counts_for_lane=False)
        )
    return AttemptOutcome(
        AttemptResult(0, reply.code, "deferred"), Failure(counts_for_lane=reply.code == SMTP_SERVICE_CLOSING)
    )


async def leave_in_mailbox_page(_: ClaimedDelivery) -> AttemptOutcome:
    """The sender without a mail server: e-mails stay in the database, where the mailbox page shows them."""
    return AttemptOutcome(AttemptResult(0))
