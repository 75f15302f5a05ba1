"""The layout of e-mails, as plain text and as HTML, with French typography."""

import re
import textwrap
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

LINE_WIDTH = 76
NO_BREAK_SPACE = "\u00a0"
_LINE_BREAK = re.compile(r"\s*[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]\s*")
_ELISION = re.compile(r"[aeiouàâæéèêëîïôœùûüh]|y[^aeiou]", re.IGNORECASE)


def with_no_break_spaces(text: str) -> str:
    """No line may end before ; : ? ! or », after «, nor between a number and its word."""
    return re.sub(r" (?=[;:?!»])|(?<=«) |(?<=\b1er) |(?<=\d) (?=[a-zà-ÿ])", NO_BREAK_SPACE, text)


def of_person(name: str) -> str:
    """`d’Inès`, `de Camille`."""
    return f"d’{name}" if _ELISION.match(name) else f"de {name}"


def capitalised(text: str) -> str:
    """With a capital, to begin a sentence."""
    return f"{text[:1].upper()}{text[1:]}"


def _paragraphs(block: str) -> list[str]:
    """Separated by empty lines; a line that begins with a dash is an item, a paragraph of its own."""
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n|\n(?=\s*- )", block))
    return [with_no_break_spaces(part) for part in paragraphs if part]


def as_plain_text(block: str) -> str:
    """In lines of LINE_WIDTH characters, which every mail reader shows; URLs are not cut."""
    lines: list[str] = []
    for part in _paragraphs(block):
        item = part.startswith("- ")
        if lines and not (item and lines[-1].startswith("- ")):
            lines.append("")
        indent = "  " if item else ""
        lines.append(
            textwrap.fill(part, LINE_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        )
    return "\n".join(lines)


def as_html(block: str) -> Markup:
    """Paragraphs and lists. A block that is not Markup is escaped."""
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


def _on_one_line(value: Any) -> Any:
    """A name or a place: what follows a line break in it would pass for our own words."""
    return _LINE_BREAK.sub(" ", value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _text_link(label: str, address: str) -> str:
    """What is done there, then the address: it ends its paragraph, or a mail reader would take the full stop for a part
    of it."""
    return f"{label} : {address}"


def _html_link(label: str, address: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(address, label)


def _text_mail(address: str) -> str:
    return address


def _html_mail(address: str) -> Markup:
    return Markup('<a href="mailto:{0}">{0}</a>').format(address)


def _text_contact(name: str, address: str | None) -> str:
    """A name, and where to write to it when that is known."""
    return f"{_on_one_line(name)} ({address})" if address else name


def _html_contact(name: str, address: str | None) -> Markup:
    linked = Markup(" ({})").format(_html_mail(address)) if address else ""
    return Markup("{}{}").format(_on_one_line(name), linked)


TEMPLATE_FILTERS = {
    "plain_text": as_plain_text,
    "html": as_html,
    "no_break_spaces": with_no_break_spaces,
    "of_person": of_person,
    "capitalised": capitalised,
}
TEXT_FILTERS = {"link_to": _text_link, "mail": _text_mail, "reached_at": _text_contact}
HTML_FILTERS = {"link_to": _html_link, "mail": _html_mail, "reached_at": _html_contact}


def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("app.wording.emails"),
        autoescape=html,  # noqa: S701  # plain text has nothing to escape
        undefined=StrictUndefined,
        finalize=_on_one_line,  # not of blocks, which are Markup
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Any] = {**TEMPLATE_FILTERS, **(HTML_FILTERS if html else TEXT_FILTERS)}
    environment.filters |= filters
    return environment


TEXT_TEMPLATES, HTML_TEMPLATES = _environment(html=False), _environment(html=True)
