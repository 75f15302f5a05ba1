"""The mail server that SMTP_URL names."""

import ssl
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from app.use_cases.notifications.egress_policy import is_host_name

DEFAULT_PORTS = {"smtp": 587, "smtps": 465}
URL_FORMAT = "smtp://user:password@host:587?starttls=true, ou smtps://…"


@dataclass(frozen=True, slots=True)
class MailServer:
    """`encrypted`: TLS from the first byte (smtps); `starttls`: it is required. `tls_context` None: the system's."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    encrypted: bool = False
    starttls: bool = True
    tls_context: ssl.SSLContext | None = None


def parse_mail_server_url(url: str) -> MailServer:
    """STARTTLS is required unless the URL says `starttls=false`. Raise ValueError, which says the format."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    starttls = options.pop("starttls", "true").lower()
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"le port doit être un nombre ; attendu : {URL_FORMAT}") from None
    host = parts.hostname or ""
    if parts.scheme not in DEFAULT_PORTS or not is_host_name(host) or options or starttls not in {"true", "false"}:
        raise ValueError(f"attendu : {URL_FORMAT}")
    return MailServer(
        host,
        port or DEFAULT_PORTS[parts.scheme],
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        encrypted=parts.scheme == "smtps",
        starttls=parts.scheme == "smtp" and starttls == "true",
    )
