"""The e-mails: what happened, what to do, who must do it, by which rule, and how to contest it. In French.

A template holds the words of one event, for each of its recipients; the same words are laid out as plain text and as
HTML. The facts are those of the event and of its decision; names are those known now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.domain.events import EventType, Recipient
from app.persistence.engine.driver_types import Row
from app.wording.emails.email_context import email_context
from app.wording.emails.email_layout import HTML_TEMPLATES, TEXT_TEMPLATES, with_no_break_spaces
from app.wording.emails.endpoint_warning_context import endpoint_warning_context
from app.wording.emails.returned_adviser_context import returned_adviser_context

# With a personal link to answer.
EVENTS_WITH_LINK = frozenset({EventType.REGISTRATION_OVER_QUOTA, EventType.REGISTRATION_REGULARISABLE})


class LostEventError(Exception):
    """What the e-mail tells of is not kept any more."""


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """An e-mail as its reader gets it, who answers to `support`; `address` is None when none is known."""

    address: str | None
    support: str
    subject: str
    text: str
    html: str


def decision_to_answer(row: Row) -> UUID | None:
    """The decision that the e-mail of a row of `messages.LETTER` asks its reader to answer, if it asks anything."""
    asks = row["type"] in EVENTS_WITH_LINK and row["recipient"] == Recipient.ADVISER
    return row["decision_id"] if asks else None


def render_email(row: Row, support_email: str, base_url: str, link: str | None = None) -> RenderedEmail:
    """The e-mail of a row of `messages.LETTER`; `link` is the personal one, if it asks for an answer. `support_email`
    stands in for the policy's, and for an owner's. Raise LostEventError."""
    if row["warning"] is not None:
        address = row["training_organisation_email"] or support_email
        return render_template("endpoint.jinja", address, support_email, endpoint_warning_context(row, base_url))
    if row["data"] is None:
        raise LostEventError
    if row["type"] == EventType.ADVISER_RETURNED:
        address = row["support_email"] or support_email
        return render_template("returned.jinja", address, address, returned_adviser_context(row, base_url))
    facts = email_context(row)
    template, address = f"{row['type'].partition('.')[2]}.jinja", row[f"{row['recipient']}_email"]
    shown = None if facts["is_late"] else link
    return render_template(template, address, row["support_email"] or support_email, {**facts, "link": shown})


def render_template(template: str, address: str | None, support: str, values: Mapping[str, Any]) -> RenderedEmail:
    """A template's words in their two forms."""
    known = {**values, "support": support}
    text_template = TEXT_TEMPLATES.get_template(template)
    subject = "".join(text_template.blocks["subject"](text_template.new_context({**known, "layout": "layout.txt"})))
    title = with_no_break_spaces(" ".join(subject.split()))
    text = text_template.render({**known, "layout": "layout.txt"})
    html = HTML_TEMPLATES.get_template(template).render({**known, "layout": "layout.html", "title": title})
    return RenderedEmail(address, support, title, text, html)
