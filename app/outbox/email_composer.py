"""E-mails as they are sent: sender, recipient, headers, message identifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from uuid import UUID

from app.persistence.engine.driver_types import Row
from app.use_cases.registrations.personal_links import links_of_email
from app.wording.calendars.calendar_files import CALENDAR_MEDIA_TYPE
from app.wording.email_addresses import InvalidEmailAddress, parse_mailbox
from app.wording.emails.emails import PersonalLinks, RenderedEmail, decision_to_answer, render_email
from app.wording.emails.summons_files import CalendarFile


@dataclass(frozen=True, slots=True)
class EmailComposer:
    """`sender` is an address, with a display name or not; `secrets`, the values of SECRET_KEY, sign links."""

    sender: str
    support_email: str
    base_url: str
    secrets: Sequence[str]

    @property
    def domain(self) -> str:
        return parse_mailbox(parseaddr(self.sender)[1]).domain

    def compose(self, row: Row) -> RenderedEmail:
        """The e-mail of a row of `read_email_context`. Raise LostEventError."""
        links = PersonalLinks(*links_of_email(row, decision_to_answer(row), self.base_url, self.secrets))
        return render_email(row, self.support_email, self.base_url, links)

    def message_id(self, delivery: UUID, replay: int) -> str:
        """The same at every attempt; each replay that an administrator asked for is another message."""
        return f"<{delivery}{f'.{replay}' if replay else ''}@{self.domain}>"

    def to_message(self, email: RenderedEmail, address: str, message_id: str, at: datetime) -> EmailMessage:
        """Raise InvalidEmailAddress when nothing can be sent to `address`."""
        message = EmailMessage(policy=SMTP_POLICY)
        name, sender = parseaddr(self.sender)
        message["From"] = _header_address(sender, name)
        message["To"] = _header_address(address)
        message["Reply-To"] = self._reply_to(email.support)
        message["Subject"] = email.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"  # no out-of-office reply (RFC 3834)
        message.set_content(email.text, cte="quoted-printable")
        message.add_alternative(email.html, subtype="html", cte="quoted-printable")
        if email.calendar is not None:
            _attach(message, email.calendar)
        message["Content-Language"] = "fr"  # last: setting the content removes the headers of the former one
        return message

    def _reply_to(self, support: str) -> Address:
        """The policy's address; `support_email` when that one is invalid, as addresses were not always checked."""
        try:
            return _header_address(support)
        except InvalidEmailAddress:
            return _header_address(self.support_email)


def _attach(message: EmailMessage, calendar: CalendarFile) -> None:
    """Beside the text, never an alternative to it: Outlook would show the calendar in the place of the letter. The
    method is the one in the file, or it would be refused (RFC 6047, 2.4)."""
    message.add_attachment(
        calendar.content,
        *CALENDAR_MEDIA_TYPE.split("/"),
        filename=calendar.file_name,
        params={"charset": "utf-8", "method": calendar.method},
    )


def _header_address(address: str, name: str = "") -> Address:
    """The domain becomes ASCII; a local part beyond ASCII, accepted formerly, stays. Raise InvalidEmailAddress."""
    mailbox = parse_mailbox(address, allow_non_ascii=True)
    return Address(name, mailbox.local, mailbox.domain)
