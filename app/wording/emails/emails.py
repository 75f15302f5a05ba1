"""E-mails, in French: what happened, what to do, who must do it, by which rule, and how to contest it.

A template holds the words of one type of event, for each of its recipients, and is laid out as plain text and as HTML.
The facts are those of the event and of its decision; names are those known when the e-mail is written.
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

# To the adviser, with a personal link to answer.
EVENTS_WITH_LINK = frozenset({EventType.REGISTRATION_OVER_QUOTA, EventType.REGISTRATION_REGULARISABLE})


class LostEventError(Exception):
    """The event that the e-mail tells is not kept any more."""


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """An e-mail as it is sent to `address`, None when none is known. Whoever replies writes to `support`."""

    address: str | None
    support: str
    subject: str
    text: str
    html: str


def decision_to_answer(row: Row) -> UUID | None:
    """The decision that the e-mail of a row of `messages.EMAIL_CONTEXT` asks its reader to answer; None when it asks
    nothing."""
    asks = row["type"] in EVENTS_WITH_LINK and row["recipient"] == Recipient.ADVISER
    return row["decision_id"] if asks else None


def render_email(row: Row, support_email: str, base_url: str, link: str | None = None) -> RenderedEmail:
    """The e-mail of a row of `messages.EMAIL_CONTEXT`; `link` is the personal one, when it asks for an answer.
    `support_email` is used when the policy, or the owner of an endpoint, has no address. Raise LostEventError."""
    if row["warning"] is not None:
        address = row["training_organisation_email"] or support_email
        return render_template("endpoint.jinja", address, support_email, endpoint_warning_context(row, base_url))
    if row["data"] is None:
        raise LostEventError
    if row["type"] == EventType.ADVISER_RETURNED:
        address = row["support_email"] or support_email
        return render_template("returned.jinja", address, address, returned_adviser_context(row, base_url))
    context = email_context(row)
    template, address = f"{row['type'].partition('.')[2]}.jinja", row[f"{row['recipient']}_email"]
    shown_link = None if context["is_late"] else link
    return render_template(template, address, row["support_email"] or support_email, {**context, "link": shown_link})


def render_template(template: str, address: str | None, support: str, values: Mapping[str, Any]) -> RenderedEmail:
    """An e-mail from a template and what it names. `address` and `support` as in RenderedEmail."""
    context = {**values, "support": support}
    text_template = TEXT_TEMPLATES.get_template(template)
    subject = "".join(text_template.blocks["subject"](text_template.new_context({**context, "layout": "layout.txt"})))
    title = with_no_break_spaces(" ".join(subject.split()))
    text = text_template.render({**context, "layout": "layout.txt"})
    html = HTML_TEMPLATES.get_template(template).render({**context, "layout": "layout.html", "title": title})
    return RenderedEmail(address, support, title, text, html)
