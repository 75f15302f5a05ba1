"""Pages from the templates of this room: escaped by themselves, under a content policy that lets nothing else in."""

import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from app.api.http.language_negotiation import language_headers
from app.wording.dates import format_paris_time
from app.wording.emails.email_layout import with_no_break_spaces
from app.wording.languages import Language

# A page loads our stylesheet and our images, and runs nothing.
DEFAULT_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


def _without_forbidden_characters(value: object) -> object:
    """A text without what XML allows nowhere: one such character, and no reader shows the rest."""
    if not isinstance(value, str) or not _NOT_IN_XML.search(value):
        return value
    return type(value)(_NOT_IN_XML.sub("\ufffd", value))


def _with_code(sentence: str) -> Markup:
    """A sentence that quotes names of the API as `this`."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))  # noqa: S704  # escaped just before


def _with_french_spaces(page: str) -> Markup:
    """A page with the spaces of French typography in its texts; what its tags hold stays."""
    return Markup(re.sub(r"(?<=>)[^<>]+", lambda found: with_no_break_spaces(found[0]), page))  # noqa: S704  # it was markup


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("app.api.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_without_forbidden_characters,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"with_code": _with_code, "typeset": _with_french_spaces, "moment": format_paris_time}
    return made


TEMPLATES = _environment()


def render_page(
    template: str, language: Language = Language.FRENCH, *, csp: str = DEFAULT_CSP, **values: object
) -> Response:
    """`values` are what the template names; one that is missing is an error, not a blank."""
    text = TEMPLATES.get_template(template).render(values, language=language)
    return HTMLResponse(text, headers={"Content-Security-Policy": csp, **language_headers(language)})


def render_svg(template: str, **values: object) -> bytes:
    """A picture, as UTF-8."""
    return TEMPLATES.get_template(template).render(values).encode()
