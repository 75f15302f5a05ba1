"""Pages from the templates of this room, under a content security policy that lets nothing else in."""

from starlette.responses import HTMLResponse, Response

from app.api.http.bodies.template_rendering import template_environment
from app.api.http.language_negotiation import language_headers
from app.wording.languages import Language

# A page loads our stylesheet and our images, and runs nothing.
DEFAULT_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Neither a cache nor a search engine keeps what one person alone may read.
PRIVATE_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
TEMPLATES = template_environment("app.api.pages")


def render_page(
    template: str, language: Language = Language.FRENCH, *, csp: str = DEFAULT_CSP, **values: object
) -> Response:
    """`values` are what the template names."""
    text = TEMPLATES.get_template(template).render(values, language=language)
    return HTMLResponse(text, headers={"Content-Security-Policy": csp, **language_headers(language)})


def private_response(response: Response, status: int | None = None) -> Response:
    """The response, which nobody keeps, with this status if it is given."""
    response.headers.update(PRIVATE_HEADERS)
    response.status_code = status or response.status_code
    return response
