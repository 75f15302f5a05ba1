"""What the settings say of e-mails: which server, how to connect, and the mailbox page when there is none."""

import pytest

from app.outbox.mail_server import MailServer, parse_mail_server_url
from app.settings import Settings


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, starttls=True)),
        ("smtp://mail.example.org:25?starttls=false", MailServer("mail.example.org", 25, starttls=False)),
        ("smtp://a%40b:p%2Fw@mail.example.org", MailServer("mail.example.org", 587, "a@b", "p/w", starttls=True)),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, encrypted=True, starttls=False)),
    ],
)
def test_a_connection_is_encrypted_unless_the_address_says_otherwise(url: str, server: MailServer) -> None:
    assert parse_mail_server_url(url) == server


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://h?starttls=no", "smtp://h?tls=true"]
)
def test_a_wrong_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="attendu"):
        parse_mail_server_url(url)


@pytest.mark.parametrize(
    ("base_url", "smtp_url", "kept"),
    [
        (None, None, True),
        ("http://inscriptions.example.org", None, True),
        ("https://inscriptions.example.org", None, False),
        (None, "smtp://mail.example.org", False),
        ("https://inscriptions.example.org", "smtp://mail.example.org", False),
    ],
)
def test_messages_stay_for_anybody_to_read_on_a_development_server_alone(
    base_url: str | None,
    smtp_url: str | None,
    kept: bool,  # noqa: FBT001  # a parameter
) -> None:
    given = {"public_base_url": base_url, "smtp_url": smtp_url}

    assert Settings.model_validate(given).has_mailbox is kept


def test_where_to_contest_is_a_bare_address() -> None:
    """It stands in sentences and in links."""
    assert Settings.model_validate({"support_email": "Le support <support@example.org>"}).support_email == (
        "support@example.org"
    )
