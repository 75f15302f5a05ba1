"""E-mails: one attempt to send, and what the mail server's answer means."""

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

from app.outbox.delivery_settlement import Outcome
from app.outbox.email_composer import Writer
from app.outbox.mail_server import MailServer
from app.outbox.retry_policy import Failure, Sequel
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.delivery_claims import Claimed, Tried
from app.persistence.outbox.messages import read_letter
from app.wording.email_addresses import InvalidEmailAddress
from app.wording.emails.emails import LostEventError

# An attempt ends before its lease does.
CONNECT_SECONDS = 5.0
OPENING_SECONDS = 15.0  # encryption and password included
SENDING_SECONDS = 30.0
IDLE_SECONDS = 2.0
SERVICE_CLOSING = 421
PERMANENT = 500
HANDED_OVER = 250
NOT_KNOWN_THERE = frozenset({530, 535, 538})
NOT_PERMITTED = "5.7."  # security or policy (RFC 3463): a relay that does not know us says so of every recipient

Refusal = SMTPDataError | SMTPRecipientRefused | SMTPRecipientsRefused
MISSED = (TimeoutError, OSError, ValueError, SMTPException)

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.outbox")


class MailSender:
    """Sends through connections that serve again while there is something to send."""

    def __init__(self, database: Database, server: MailServer, writer: Writer) -> None:
        self._database = database
        self._server = server
        self._writer = writer
        self._idle: list[SMTP] = []
        self._closing: asyncio.TimerHandle | None = None
        self._farewells = set[asyncio.Task[None]]()

    async def __call__(self, claimed: Claimed) -> Outcome:
        """One attempt. Raise only when the database is away, or when it is cancelled."""
        row = await read_letter(self._database, claimed.id)
        message = self._message(claimed, row) if row is not None else "lost"
        if isinstance(message, str):
            return Outcome(Tried(0, None, message), Failure(Sequel.NEVER_AGAIN, of_lane=False))
        started = monotonic()
        outcome = await self._tried(message)
        took = round((monotonic() - started) * 1000)
        return Outcome(Tried(took, outcome.tried.status, outcome.tried.error), outcome.failure)

    def _message(self, claimed: Claimed, row: Row) -> EmailMessage | str:
        """The message, or the code of why there is none."""
        try:
            letter = self._writer.written(row)
        except LostEventError:
            return "event-forgotten"
        if not letter.address:
            return "no-address"
        message_id = self._writer.message_id(claimed.id, row["replay"])
        try:
            return self._writer.message(letter, letter.address, message_id, claimed.at)
        except InvalidEmailAddress:
            return "bad-address"

    async def _tried(self, message: EmailMessage) -> Outcome:
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                client = await self._connected()
        except MISSED as failure:
            return _not_let_in(failure)
        heard = None
        try:
            outcome = await _sent(client, message)
            heard = outcome.tried.status
        finally:
            self._put_back(client, is_sound=heard not in {None, SERVICE_CLOSING})
        return outcome

    async def _connected(self) -> SMTP:
        while self._idle:
            client = self._idle.pop()
            if client.is_connected:
                return client
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=self._writer.domain,
            timeout=SENDING_SECONDS,
            use_tls=server.encrypted,
            start_tls=server.starttls,
            username=server.username,
            password=server.password,
            tls_context=server.trust,
        )
        await client.connect(timeout=CONNECT_SECONDS)
        return client

    def _put_back(self, client: SMTP, *, is_sound: bool) -> None:
        """For the next message, or to say goodbye once there is none for a while."""
        if not is_sound:
            client.close()
            return
        self._idle.append(client)
        if self._closing is not None:
            self._closing.cancel()
        self._closing = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._leave)

    def _leave(self) -> None:
        farewell = asyncio.create_task(self.close())
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    async def close(self) -> None:
        """End the connections that nobody uses."""
        if self._closing is not None:
            self._closing.cancel()
        while self._idle:
            client = self._idle.pop()
            with suppress(TimeoutError, OSError, SMTPException):
                await client.quit(timeout=CONNECT_SECONDS)
            client.close()


async def _sent(client: SMTP, message: EmailMessage) -> Outcome:
    try:
        async with asyncio.timeout(SENDING_SECONDS):
            await client.send_message(message)
    except (SMTPDataError, SMTPRecipientRefused, SMTPRecipientsRefused) as refusal:
        return _refused(refusal)
    except SMTPNotSupported:
        return Outcome(Tried(0, None, "address-not-supported"), Failure(Sequel.NEVER_AGAIN, of_lane=False))
    except SMTPSenderRefused as failure:
        return _not_let_in(failure)
    except MISSED as failure:
        return _failed(failure)
    return Outcome(Tried(0, HANDED_OVER))


def _not_let_in(failure: Exception) -> Outcome:
    """The mail server is away, or our settings do not suit it: no message is given up for that."""
    tried = _failed(failure).tried
    _LOG.warning("the mail server takes no e-mail", error=tried.error, status=tried.status)
    return Outcome(tried, Failure(overloaded=isinstance(failure, TimeoutError), is_ours=True))


def _failed(failure: Exception) -> Outcome:
    match failure:
        case SMTPResponseException():
            return Outcome(Tried(0, failure.code if failure.code > 0 else None, "not-accepted"), Failure())
        case TimeoutError():
            return Outcome(Tried(0, None, "timeout"), Failure(overloaded=True))
        case _:
            return Outcome(Tried(0, None, "no-connection"), Failure())


def _refused(refusal: Refusal) -> Outcome:
    """What is of the message or of its recipient, who may have no mailbox any more."""
    answer = refusal.recipients[0] if isinstance(refusal, SMTPRecipientsRefused) else refusal
    if answer.code in NOT_KNOWN_THERE:
        return _not_let_in(SMTPResponseException(answer.code, ""))
    if answer.code >= PERMANENT and not answer.message.startswith(NOT_PERMITTED):
        return Outcome(Tried(0, answer.code, "refused"), Failure(Sequel.NEVER_AGAIN, of_lane=False))
    return Outcome(Tried(0, answer.code, "deferred"), Failure(of_lane=answer.code == SERVICE_CLOSING))


async def keep_in_mailbox(_: Claimed) -> Outcome:
    """Without a mail server: everything stays where the mailbox page reads it."""
    return Outcome(Tried(0))
