"""Templates of a room: escaped by themselves, and without the characters that XML forbids."""

import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from app.wording.dates import format_paris_time
from app.wording.emails.email_layout import with_no_break_spaces

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_FIELD_OR_TEXT = re.compile(r"(?P<field><textarea\b.*?</textarea>)|(?<=>)[^<>]+", re.DOTALL)


def template_environment(package: str) -> Environment:
    """The templates in the folder `templates` of a package. A value that a template names and is not given is an error,
    not a blank."""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_without_forbidden_characters,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"with_code": _with_code, "typeset": _with_french_spaces, "moment": format_paris_time}
    return environment


def _without_forbidden_characters(value: object) -> object:
    """With one such character, no reader of XML shows the rest of the text."""
    if not isinstance(value, str) or not _NOT_IN_XML.search(value):
        return value
    return type(value)(_NOT_IN_XML.sub("\ufffd", value))


def _with_code(sentence: str) -> Markup:
    """What stands between backquotes, as `<code>`."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))  # noqa: S704  # escaped just before


def _with_french_spaces(page: str) -> Markup:
    """A page with no-break spaces as French typography wants them in its texts; what its tags hold stays, and what
    somebody typed in a field."""
    return Markup(_FIELD_OR_TEXT.sub(_spaced, page))  # noqa: S704  # it was markup


def _spaced(found: re.Match[str]) -> str:
    return found[0] if found["field"] else with_no_break_spaces(found[0])
