"""Templates of a room: escaped by themselves, and without the characters that XML forbids."""

import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from app.api.http.bodies.xml_characters import without_forbidden_characters
from app.wording.dates import format_paris_time
from app.wording.emails.email_layout import with_no_break_spaces

_FIELD_OR_TEXT = re.compile(r"(?P<field><textarea\b.*?</textarea>)|(?<=>)[^<>]+", re.DOTALL)


def template_environment(package: str) -> Environment:
    """The templates in the folder `templates` of a package. A value that a template names and is not given is an error,
    not a blank."""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"with_code": _with_code, "typeset": _with_french_spaces, "moment": format_paris_time}
    return environment


def _finalize(value: object) -> object:
    return without_forbidden_characters(value) if isinstance(value, str) else value


def _with_code(sentence: str) -> Markup:
    """What stands between backquotes, as `<code>`."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))  # noqa: S704  # escaped just before


def _with_french_spaces(page: str) -> Markup:
    """A page with no-break spaces as French typography wants them in its texts; what its tags hold stays, and what
    somebody typed in a field."""
    return Markup(_FIELD_OR_TEXT.sub(_spaced, page))  # noqa: S704  # it was markup


def _spaced(found: re.Match[str]) -> str:
    return found[0] if found["field"] else with_no_break_spaces(found[0])
