"""The personal links of an e-mail to an adviser: to answer what it asks, and to contest or justify."""

from collections.abc import Sequence
from uuid import UUID

from app.domain.events import Recipient
from app.persistence.engine.driver_types import Row
from app.use_cases.registrations.personal_links import personal_link
from app.use_cases.support_links import SupportSubject, support_link


def adviser_links(row: Row, asked: UUID | None, base_url: str, secrets: Sequence[str]) -> tuple[str | None, str | None]:
    """Of a row of `messages.EMAIL_CONTEXT`: where the adviser answers, and where they contest; None to anybody else.

    `asked` is the decision that the e-mail asks to answer, None when it asks nothing; the first of `secrets` signs.
    """
    if row["recipient"] != Recipient.ADVISER:
        return None, None
    if row["registration_id"] is not None:
        kind, subject = SupportSubject.REGISTRATION, row["registration_id"]
    elif row["certification_id"] is not None:
        kind, subject = SupportSubject.CERTIFICATION, row["certification_id"]
    else:
        kind, subject = SupportSubject.ADVISER, row["adviser_id"]
    answer = personal_link(base_url, secrets, asked) if asked is not None else None
    return answer, support_link(base_url, secrets, kind, subject)
