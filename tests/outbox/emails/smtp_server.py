"""A real SMTP server that replies as a test says, and e-mails caused by use cases."""

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache, partial
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.outbox.delivery_relay import OutboxRelay
from app.outbox.email_composer import EmailComposer
from app.outbox.email_sender import EmailSender
from app.outbox.mail_server import MailServer
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.deliveries import Channel
from tests.outbox.webhooks.webhook_builders import SECRETS

BASE_URL = "https://inscriptions.example.org"
SUPPORT = "support@example.org"
COMPOSER = EmailComposer("Inscriptions <inscriptions@example.org>", SUPPORT, BASE_URL, SECRETS)
USER, PASSWORD = "relay", "a password"  # of the test's own server
OK = "250 OK"

logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the server of the tests writes down whom it serves

SmtpAnswer = Callable[[], Awaitable[str]]


async def _accept() -> str:
    return OK


@dataclass(slots=True)
class SmtpServer:
    """A mail server: what it received, what it replies, and what it saw of its clients."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list[EmailMessage])
    recipients: list[str] = field(default_factory=list[str])
    encrypted: list[bool] = field(default_factory=list[bool])
    connections: int = 0
    supports_smtputf8: bool = True
    to_sender: SmtpAnswer = _accept
    to_recipient: SmtpAnswer = _accept
    to_message: SmtpAnswer = _accept

    async def handle_EHLO(self, _: Any, session: Any, __: Any, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802  # the names that the server calls
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, _: Any, __: Any, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802  # the names that the server calls
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self.to_sender()

    async def handle_RCPT(self, _: Any, __: Any, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802  # the names that the server calls
        answer = await self.to_recipient()
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(self, _: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802  # the names that the server calls
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        return await self.to_message()

    @property
    def ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.received]


def text_and_html(message: EmailMessage) -> tuple[str, str]:
    """The plain text and the HTML of a message."""
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


@cache
def certificate() -> tuple[bytes, bytes]:
    """A key and a self-signed certificate of the loopback address."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "office")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=3650))
        .not_valid_after(now + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, made.public_bytes(serialization.Encoding.PEM)


def trusting_context() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=certificate()[1].decode())


def _server_tls(folder: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = folder / "office.pem"
    file.write_bytes(b"".join(certificate()))
    context.load_cert_chain(file)
    return context


def _authenticated(_: Any, __: Any, ___: Any, mechanism: str, data: Any) -> AuthResult:
    del mechanism
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)


@asynccontextmanager
async def running_smtp_server(folder: Any = None) -> AsyncGenerator[SmtpServer]:
    """Run it until the block ends; with a `folder` for its certificate it requires STARTTLS and a password."""
    smtp_server = SmtpServer()
    options: dict[str, Any] = {}
    if folder is not None:
        options = {
            "tls_context": _server_tls(folder),
            "require_starttls": True,
            "auth_required": True,
            "authenticator": _authenticated,
        }

    def visited() -> SMTP:
        smtp_server.connections += 1
        return SMTP(
            smtp_server,
            hostname="office",
            loop=asyncio.get_running_loop(),
            enable_SMTPUTF8=smtp_server.supports_smtputf8,
            **options,
        )

    server = await asyncio.get_running_loop().create_server(visited, "127.0.0.1", 0)
    smtp_server.port = server.sockets[0].getsockname()[1]
    try:
        yield smtp_server
    finally:
        server.close()


@asynccontextmanager
async def tcp_server_saying(greeting: bytes | None) -> AsyncGenerator[int]:
    """A port whose server sends `greeting` and nothing else; nothing at all when None."""
    done = asyncio.Event()

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if greeting is not None:
            writer.write(greeting)
            await writer.drain()
        await done.wait()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    done.set()
    server.close()


def without_tls(smtp_server: SmtpServer) -> MailServer:
    return MailServer("127.0.0.1", smtp_server.port, starttls=False)


async def send_due_emails(
    database: Database, server: MailServer, *, turns: int = 1, writer: EmailComposer = COMPOSER
) -> int:
    """Attempt what is due, `turns` times; return the number of attempts."""
    sender, taken = EmailSender(database, server, writer), 0
    try:
        relay = OutboxRelay(database, {Channel.EMAIL: sender})
        for _ in range(turns):
            taken += await relay.claim_and_send()
            await relay.wait_until_idle()
    finally:
        await sender.close()
    return taken


async def messages_of(database: Database, **columns: object) -> list[Row]:
    """The e-mails, oldest first."""
    rows = await database.many("SELECT * FROM delivery WHERE channel = 'email' ORDER BY id")
    return [row for row in rows if all(row[name] == value for name, value in columns.items())]


async def errors_of(database: Database, message: UUID) -> list[str | None]:
    rows = await database.many("SELECT error FROM delivery_attempt WHERE delivery_id = $1 ORDER BY id", message)
    return [row["error"] for row in rows]


def answering_with(answer: str) -> SmtpAnswer:
    async def said() -> str:
        return answer

    return partial(said)
