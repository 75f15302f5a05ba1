"""E-mails: one attempt to send, and what the mail server's answer means."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from time import monotonic
from uuid import UUID

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from app.outbox.mail_server import MailServer
from app.outbox.retry import Failure, Sequel
from app.outbox.settlement import Outcome
from app.persistence.claims import Claimed, Tried
from app.persistence.database import Database
from app.persistence.driver import Row
from app.persistence.messages import read_letter
from app.use_cases.personal_links import link_to
from app.wording.letters import Letter, LostEventError, decision_to_answer, letter_of

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 10.0
# Those before it in the queue of a lane included, an attempt ends before its lease does.
TOTAL_SECONDS = 12.0
IDLE_SECONDS = 2.0
SERVICE_CLOSING = 421
PERMANENT = 500
HANDED_OVER = 250
OF_THE_MESSAGE = (SMTPDataError, SMTPRecipientRefused, SMTPRecipientsRefused)


@dataclass(frozen=True, slots=True)
class Writer:
    """In whose name: `sender` is an address that may have a name, `secrets` sign the personal links."""

    sender: str
    support_email: str
    base_url: str
    secrets: Sequence[str]

    def written(self, row: Row) -> Letter:
        """The e-mail of a row of `messages.LETTER`. Raise LostEventError."""
        decision = decision_to_answer(row)
        link = link_to(self.base_url, self.secrets, decision) if decision is not None else None
        return letter_of(row, self.support_email, self.base_url, link)

    def message_id(self, delivery: UUID, replay: int) -> str:
        """The same at every attempt; one that an administrator asked for again is another message."""
        domain = parseaddr(self.sender)[1].rpartition("@")[2]
        return f"<{delivery}{f'.{replay}' if replay else ''}@{domain}>"


def message_of(letter: Letter, writer: Writer, message_id: str, at: datetime) -> EmailMessage:
    """Raise ValueError when the recipient's address is none."""
    message = EmailMessage(policy=SMTP_POLICY)
    name, address = parseaddr(writer.sender)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=letter.address or "")
    message["Reply-To"] = Address(addr_spec=writer.support_email)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # no out-of-office reply (RFC 3834)
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = "fr"  # last: whoever sets the content takes the headers of the former one away
    return message


class MailSender:
    """Sends one after the other through one connection, which ends with the batch."""

    def __init__(self, database: Database, server: MailServer, writer: Writer) -> None:
        self._database = database
        self._server = server
        self._writer = writer
        self._turn = asyncio.Lock()
        self._client: SMTP | None = None
        self._waiting = 0
        self._closing: asyncio.TimerHandle | None = None
        self._farewells = set[asyncio.Task[None]]()

    async def __call__(self, claimed: Claimed) -> Outcome:
        """One attempt. Raise only when the database is away, or when it is cancelled."""
        row = await read_letter(self._database, claimed.id)
        message = self._message(claimed, row) if row is not None else "lost"
        if isinstance(message, str):
            return Outcome(Tried(0, None, message), Failure(Sequel.NEVER_AGAIN, of_lane=False))
        started = monotonic()
        self._waiting += 1
        try:
            async with self._turn:
                started = monotonic()
                outcome = await self._tried(message)
        finally:
            self._waiting -= 1
            self._rest()
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
        if not letter.address.isascii():
            return "bad-address"
        message_id = self._writer.message_id(claimed.id, row["replay"])
        try:
            return message_of(letter, self._writer, message_id, claimed.at)
        except ValueError:
            return "bad-address"

    async def _tried(self, message: EmailMessage) -> Outcome:
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                client = await self._connected()
                await client.send_message(message)
        except OF_THE_MESSAGE as refusal:
            return _refused(refusal)
        except (TimeoutError, OSError, ValueError, SMTPException) as failure:
            self._forget()
            return _failed(failure)
        except asyncio.CancelledError:
            self._forget()
            raise
        return Outcome(Tried(0, HANDED_OVER))

    async def _connected(self) -> SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            timeout=COMMAND_SECONDS,
            use_tls=server.encrypted,
            start_tls=server.starttls,
            username=server.username,
            password=server.password,
            tls_context=server.trust,
        )
        self._client = client
        await client.connect(timeout=CONNECT_SECONDS)
        return client

    def _forget(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _rest(self) -> None:
        """Say goodbye once nobody has come for a while."""
        if self._closing is not None:
            self._closing.cancel()
        if not self._waiting:
            self._closing = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._leave)

    def _leave(self) -> None:
        farewell = asyncio.create_task(self.close())
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    async def close(self) -> None:
        """End the connection, when nobody uses it."""
        if self._closing is not None:
            self._closing.cancel()
        async with self._turn:
            client, self._client = self._client, None
            if client is not None and client.is_connected:
                with suppress(TimeoutError, OSError, SMTPException):
                    await client.quit(timeout=CONNECT_SECONDS)
                client.close()


def _failed(failure: Exception) -> Outcome:
    """What is of the mail server, or of our settings: a wrong password must not cost anybody a message."""
    match failure:
        case SMTPResponseException():
            return Outcome(Tried(0, failure.code if failure.code > 0 else None, "not-accepted"), Failure())
        case TimeoutError():
            return Outcome(Tried(0, None, "timeout"), Failure(overloaded=True))
        case _:
            return Outcome(Tried(0, None, "no-connection"), Failure())


def _refused(refusal: SMTPDataError | SMTPRecipientRefused | SMTPRecipientsRefused) -> Outcome:
    """What is of the message or of its recipient, who may have no mailbox any more."""
    code = refusal.recipients[0].code if isinstance(refusal, SMTPRecipientsRefused) else refusal.code
    if code >= PERMANENT:
        return Outcome(Tried(0, code, "refused"), Failure(Sequel.NEVER_AGAIN, of_lane=False))
    return Outcome(Tried(0, code, "deferred"), Failure(of_lane=code == SERVICE_CLOSING))


async def keep_in_mailbox(_: Claimed) -> Outcome:
    """Without a mail server: everything stays where the mailbox page reads it."""
    return Outcome(Tried(0))
