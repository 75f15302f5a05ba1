"""E-mails, in French: what happened, what to do, who must do it, by which rule, and how to contest it.

A template holds the words of one type of event, for each of its recipients, and is laid out as plain text and as HTML.
The facts are those of the event and of its decision; names are those known when the e-mail is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from app.domain.events import EventType, Recipient, Subject
from app.domain.facts.registration_terms import Status
from app.persistence.engine.driver_types import Row
from app.wording.emails.email_context import email_context
from app.wording.emails.email_layout import HTML_TEMPLATES, TEXT_TEMPLATES, with_no_break_spaces
from app.wording.emails.endpoint_warning_context import endpoint_warning_context
from app.wording.emails.returned_adviser_context import returned_adviser_context
from app.wording.emails.summons_files import CalendarFile, calendar_of

# To the adviser, with a personal link: a choice over quota, or the notice that a refused registration is in order.
ASKING_EVENTS: Mapping[EventType, frozenset[Status]] = {
    EventType.REGISTRATION_OVER_QUOTA: frozenset({Status.AWAITING_CHOICE}),
    EventType.REGISTRATION_CHOICE_REMINDED: frozenset({Status.AWAITING_CHOICE}),
    EventType.REGISTRATION_REFUSED: frozenset({Status.REFUSED}),
    EventType.REGISTRATION_REGULARISABLE: frozenset({Status.REFUSED}),
    EventType.REGISTRATION_RESCHEDULED: frozenset({Status.AWAITING_CHOICE, Status.REFUSED}),
    EventType.SESSION_MOVED: frozenset({Status.AWAITING_CHOICE, Status.REFUSED}),
}
NAMED_IN_FULL = frozenset({Subject.SUPPORT_REQUEST, Subject.SESSION})


class LostEventError(Exception):
    """The event that the e-mail tells is not kept any more."""


@dataclass(frozen=True, slots=True)
class PersonalLinks:
    """Those of an adviser: where they answer what the e-mail asks, None when it asks nothing; and where they contest,
    or justify."""

    answer: str | None = None
    support: str | None = None


NO_LINKS = PersonalLinks()


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """An e-mail as it is sent to `address`, None when none is known. Whoever replies writes to `support`. `calendar` is
    attached, None when it changes nothing in a calendar."""

    address: str | None
    support: str
    subject: str
    text: str
    html: str
    calendar: CalendarFile | None = None


def decision_to_answer(row: Row) -> UUID | None:
    """The decision that the e-mail of a row of `messages.EMAIL_CONTEXT` asks its reader to answer; None when it asks
    nothing."""
    if row["recipient"] != Recipient.ADVISER or row["type"] not in ASKING_EVENTS or row["data"] is None:
        return None
    asked = ASKING_EVENTS[EventType(row["type"])]
    return row["decision_id"] if orjson.loads(row["data"])["status"] in asked else None


def render_email(row: Row, support_email: str, base_url: str, links: PersonalLinks = NO_LINKS) -> RenderedEmail:
    """The e-mail of a row of `messages.EMAIL_CONTEXT`. `support_email` is used when the policy, or the owner of an
    endpoint, has no address. Raise LostEventError."""
    if row["warning"] is not None:
        address = row["training_organisation_email"] or support_email
        return render_template("endpoint.jinja", address, support_email, endpoint_warning_context(row, base_url))
    if row["data"] is None:
        raise LostEventError
    if row["type"] == EventType.ADVISER_RETURNED:
        address = row["support_email"] or support_email
        return render_template("returned.jinja", address, address, returned_adviser_context(row, base_url))
    context = email_context(row, base_url)
    address, support = row[f"{row['recipient']}_email"], row["support_email"] or support_email
    calendar = calendar_of(row, support)
    shown = {"link": links.answer if _can_answer(context) else None, "support_page": links.support}
    email = render_template(template_of(row["type"]), address, support, {**context, **shown, "calendar": calendar})
    return replace(email, calendar=calendar)


def _can_answer(context: Mapping[str, Any]) -> bool:
    """Not too late, nothing that is over, and no reason that nobody can lift."""
    hopeless = context["status"] == Status.REFUSED and any(not item["is_regularisable"] for item in context["refusals"])
    return not (context["is_late"] or context["is_past"] or hopeless)


def template_of(event_type: str) -> str:
    """Of some events, the subject is part of the name: `opened` alone would say nothing."""
    subject, _, happened = event_type.partition(".")
    return f"{event_type.replace('.', '_') if subject in NAMED_IN_FULL else happened}.jinja"


def render_template(template: str, address: str | None, support: str, values: Mapping[str, Any]) -> RenderedEmail:
    """An e-mail from a template and what it names. `address` and `support` as in RenderedEmail."""
    unsaid = {"is_past": False, "is_by_person": False, "support_page": None, "calendar": None}
    context = {**unsaid, **values, "support": support}
    text_template = TEXT_TEMPLATES.get_template(template)
    subject = "".join(text_template.blocks["subject"](text_template.new_context({**context, "layout": "layout.txt"})))
    title = with_no_break_spaces(" ".join(subject.split()))
    text = text_template.render({**context, "layout": "layout.txt"})
    html = HTML_TEMPLATES.get_template(template).render({**context, "layout": "layout.html", "title": title})
    return RenderedEmail(address, support, title, text, html)
