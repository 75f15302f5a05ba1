"""The e-mails: what happened, what to do, who must do it, by which rule, and how to contest it. In French.

A template holds the words of one event, for each of its recipients; the same words are laid out as plain text and as
HTML. The facts are those of the event and of its decision; names are those known now.
"""

import re
import textwrap
from dataclasses import dataclass
from datetime import date
from typing import Any, assert_never
from uuid import UUID

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from pydantic import TypeAdapter

from app.domain.certification import CertificationOutcome
from app.domain.contract import LegalForm
from app.domain.events import EventType, Recipient
from app.domain.module import ModuleKind
from app.domain.refusals import Actor, Refusal
from app.domain.registration import Payer, Status
from app.persistence.driver import Row
from app.wording.articles import articles_of
from app.wording.dates import day_said
from app.wording.refusals import how_to_fix, label
from app.wording.reminder_facts import reminder_facts
from app.wording.summaries import right_said

WIDTH = 76
VOWELS = frozenset("aeiouyàâæéèêëîïôœùûü")
REFUSALS: TypeAdapter[tuple[Refusal, ...]] = TypeAdapter(tuple[Refusal, ...])

ACTORS = {
    Actor.EMPLOYER: "la structure employeuse",
    Actor.ADVISER: "le conseiller numérique",
    Actor.TRAINING_ORGANISATION: "l’organisme de formation",
    Actor.NOBODY: "personne : rien ne peut lever ce motif",
}
PAYERS = {
    Payer.STATE: "de l’État",
    Payer.EMPLOYER: "de la structure employeuse",
    Payer.OPCO: "de l’opérateur de compétences (OPCO) de la structure employeuse",
    Payer.SELF: "du conseiller lui-même",
}
RESULTS = {
    CertificationOutcome.OBTAINED: "obtenu",
    CertificationOutcome.FAILED: "non obtenu",
    CertificationOutcome.ABSENT_JUSTIFIED: "absence justifiée",
    CertificationOutcome.ABSENT_UNJUSTIFIED: "absence non justifiée",
}
DECIDED = frozenset(
    {
        EventType.REGISTRATION_ACCEPTED,
        EventType.REGISTRATION_REFUSED,
        EventType.REGISTRATION_OVER_QUOTA,
        EventType.REGISTRATION_FUNDED,
    }
)
# With a personal link to answer.
ASKING = frozenset({EventType.REGISTRATION_OVER_QUOTA, EventType.REGISTRATION_REGULARISABLE})


class LostEventError(Exception):
    """The event that the e-mail tells of is not kept any more."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail as its reader gets it; `address` is None when none is known."""

    address: str | None
    subject: str
    text: str
    html: str


def decision_to_answer(row: Row) -> UUID | None:
    """The decision that the e-mail of a row of `messages.LETTER` asks its reader to answer, if it asks anything."""
    asks = row["type"] in ASKING and row["recipient"] == Recipient.ADVISER
    return row["decision_id"] if asks else None


def address_of(row: Row) -> str | None:
    address: str | None = row[f"{row['recipient']}_email"]
    return address


def letter_of(row: Row, support_email: str, link: str | None = None) -> Letter:
    """The e-mail of a row of `messages.LETTER`; `link` is the personal one, if it asks for an answer. `support_email`
    stands in for the policy's. Raise LostEventError."""
    if row["data"] is None:
        raise LostEventError
    name = template_of(EventType(row["type"]), Recipient(row["recipient"]))
    values = {**_values(row), "support": row["support_email"] or support_email, "link": link}
    spoken = TEXT.get_template(name)
    subject = "".join(spoken.blocks["subject"](spoken.new_context({**values, "layout": "layout.txt"})))
    title = _held(" ".join(subject.split()))
    text = spoken.render({**values, "layout": "layout.txt"})
    html = HTML.get_template(name).render({**values, "layout": "layout.html", "title": title})
    return Letter(address_of(row), title, text, html)


def template_of(event_type: EventType, recipient: Recipient) -> str:
    """The file with the words for an event; each has them for the recipients that `written_to` names."""
    match event_type:
        case (
            EventType.REGISTRATION_ACCEPTED
            | EventType.REGISTRATION_REFUSED
            | EventType.REGISTRATION_OVER_QUOTA
            | EventType.REGISTRATION_KEPT_UNFUNDED
            | EventType.REGISTRATION_CANCELLED
            | EventType.REGISTRATION_FUNDED
            | EventType.REGISTRATION_REGULARISABLE
            | EventType.REGISTRATION_REGULARISATION_NOTIFIED
            | EventType.REGISTRATION_RESCHEDULED
            | EventType.REGISTRATION_COMPLETED
            | EventType.REGISTRATION_ABSENCE_RECORDED
            | EventType.REGISTRATION_PATH_DETERMINED
            | EventType.CERTIFICATION_RECORDED
            | EventType.CERTIFICATION_DUE
            | EventType.ENTITLEMENT_CARRIED_OVER
            | EventType.ENTITLEMENT_EXPIRING
        ):
            name = event_type.partition(".")[2]
        case _:
            assert_never(event_type)
    match recipient:
        case Recipient.ADVISER | Recipient.EMPLOYER | Recipient.TRAINING_ORGANISATION:
            return f"{name}.jinja"
        case _:
            assert_never(recipient)


def _rules(event_type: EventType, row: Row) -> list[str]:
    """Those of the decision, when one is told; else those that the event itself rests on."""
    match event_type:
        case (
            EventType.REGISTRATION_ACCEPTED
            | EventType.REGISTRATION_REFUSED
            | EventType.REGISTRATION_OVER_QUOTA
            | EventType.REGISTRATION_FUNDED
        ):
            return [*(row["rules"] or ())]
        case EventType.REGISTRATION_KEPT_UNFUNDED | EventType.REGISTRATION_CANCELLED:
            return ["R25", "R26"] if row["module_kind"] == ModuleKind.THEMATIC else ["R17"]
        case EventType.REGISTRATION_REGULARISABLE | EventType.REGISTRATION_REGULARISATION_NOTIFIED:
            return ["R6"]
        case EventType.REGISTRATION_RESCHEDULED:
            return ["R1", "R22"]
        case EventType.REGISTRATION_COMPLETED:
            return ["R19"] if row["module_kind"] == ModuleKind.THEMATIC else ["R10"]
        case EventType.REGISTRATION_ABSENCE_RECORDED:
            return ["R17"]
        case EventType.REGISTRATION_PATH_DETERMINED:
            return ["R12"]
        case EventType.CERTIFICATION_RECORDED:
            return ["R36", "R39", "R40", "R41"]
        case EventType.CERTIFICATION_DUE:
            return ["R36", "R37", "R38", "R40"]
        case EventType.ENTITLEMENT_CARRIED_OVER:
            return ["R27"]
        case EventType.ENTITLEMENT_EXPIRING:
            return ["R20", "R21", "R22", "R27"]
        case _:
            assert_never(event_type)


def _values(row: Row) -> dict[str, Any]:
    """What the templates name. A name that is not known any more is said as what it names."""
    data: dict[str, Any] = orjson.loads(row["data"])
    event_type = EventType(row["type"])
    rules = _rules(event_type, row)
    names = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    right = data.get("entitlement") or data.get("bucket")
    return {
        "recipient": row["recipient"],
        "first_name": row["first_name"],
        "adviser": names or "un conseiller numérique",
        "employer": row["employer"] or "la structure employeuse",
        "organisation": row["organisation"] or "l’organisme de formation",
        "module": row["module"],
        "session": _session(data, row["session_ends_on"]),
        "first_day": _said(data.get("session_starts_on")),
        "place": row["session_place"],
        "funded": data.get("funding") == "state",
        "right": right_said(right).fr if right else None,
        "units": data.get("units"),
        "payer": PAYERS[Payer(data["payer"])] if data.get("payer") else None,
        "paid_by": data.get("payer"),
        "status": data.get("status"),
        "justified": data.get("status") == Status.ABSENT_JUSTIFIED,
        "hours": row["positioning_hours"],
        "tested_on": _said(row["positioning_taken_on"]),
        "qualification": row["qualification"],
        "result": RESULTS[CertificationOutcome(data["outcome"])] if "outcome" in data else None,
        "on": _said(data.get("on")),
        "next_payer": row["next_attempt_payer"],
        **reminder_facts(data, row["exam_titles"]),
        "private": row["legal_form"] == LegalForm.PRIVATE,
        "refusals": _refusals(row["reasons"]),
        "rules": rules,
        "articles": articles_of(rules),
        "automatic": event_type in DECIDED,
    }


def _refusals(stored: str | None) -> list[dict[str, Any]]:
    return [
        {
            "label": label(refusal).fr,
            "fix": how_to_fix(refusal).fr,
            "actor": refusal.code.who_acts.value,
            "who": ACTORS[refusal.code.who_acts],
            "regularisable": refusal.code.is_regularisable,
        }
        for refusal in REFUSALS.validate_json(stored or "[]")
    ]


def _said(day: date | str | None) -> str | None:
    if day is None:
        return None
    return day_said(date.fromisoformat(day) if isinstance(day, str) else day).fr


def _session(data: dict[str, Any], last: date | None) -> str | None:
    first = data.get("session_starts_on")
    if first is None or last is None or first == last.isoformat():
        return f"du {_said(first)}" if first else None
    return f"du {_said(first)} au {_said(last)}"


def of_name(name: str) -> str:
    """`d’Inès`, `de Camille`."""
    return f"d’{name}" if name[:1].lower() in VOWELS else f"de {name}"


def _held(text: str) -> str:
    """With the spaces of French typography, at which no line ends."""
    return re.sub(r" (?=[;:?!»])|(?<=«) ", "\u00a0", text)


def _paragraphs(block: str) -> list[str]:
    """Parted by empty lines; a line that begins with a dash is an item, a paragraph of its own."""
    parted = (" ".join(part.split()) for part in re.split(r"\n\s*\n|\n(?=\s*- )", block))
    return [_held(part) for part in parted if part]


def wrapped(block: str) -> str:
    """As plain text: lines of a width that every mail reader shows, addresses whole."""
    lines: list[str] = []
    for part in _paragraphs(block):
        item = part.startswith("- ")
        if lines and not (item and lines[-1].startswith("- ")):
            lines.append("")
        indent = "  " if item else ""
        lines.append(
            textwrap.fill(part, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        )
    return "\n".join(lines)


def marked(block: str) -> Markup:
    """As HTML: paragraphs and lists. What is given is escaped already, when it is markup."""
    lines: list[str] = []
    for part in _paragraphs(str(escape(block))):
        if not part.startswith("- "):
            lines.append(f"<p>{part}</p>")
            continue
        if lines and lines[-1] == "</ul>":
            lines.pop()
        else:
            lines.append("<ul>")
        lines += [f"<li>{part[2:]}</li>", "</ul>"]
    return Markup("\n".join(lines))  # noqa: S704  # its words were escaped


def _environment(*, html: bool) -> Environment:
    made = Environment(
        loader=PackageLoader("app.wording"),
        autoescape=html,  # noqa: S701  # plain text has nothing to escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"wrapped": wrapped, "marked": marked, "de": of_name}
    return made


TEXT, HTML = _environment(html=False), _environment(html=True)
