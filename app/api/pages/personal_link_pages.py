"""What the pages of personal links share: their policy, how a form is read, and links that lead nowhere."""

from importlib.resources import files
from time import monotonic

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from app.api.pages.page_rendering import PRIVATE_HEADERS, private_response, render_page
from app.api.pages.page_requests import read_form, service_of

FORM_TYPE = "application/x-www-form-urlencoded"
DESIGN_SYSTEM_DIRECTORY = str(files("dsfr") / "static" / "dsfr" / "dist")

# Icons of the design system are masks, its fonts come from here; the form goes nowhere else.
PERSONAL_PAGE_CSP = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def is_rate_limited(request: Request) -> bool:
    """Count a link that leads nowhere against its origin, and say whether that is one too many. A valid link is never
    counted."""
    service = service_of(request)
    return not service.bad_link_limiter.take(service.trusted_proxies.client_address(request.scope), monotonic()).allowed


async def read_fields(request: Request) -> dict[str, str] | None:
    """The fields of the form; None when no form came. A field given twice is not given."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        return None
    form = await read_form(request)
    return {name: values[0] for name, values in form.items() if len(values) == 1}


def back_to_page(request: Request) -> Response:
    """A second click, or a reload, then shows what the first one did."""
    # Not `request.url`, which the header Host makes.
    return RedirectResponse(request.scope["path"], 303, headers=PRIVATE_HEADERS)


def unknown_link_page(request: Request) -> Response:
    if is_rate_limited(request):
        return rate_limited_page()
    support = service_of(request).support_email
    page = render_page("answer_unknown.html", csp=PERSONAL_PAGE_CSP, support=support, too_often=False)
    return private_response(page, 404)


def rate_limited_page() -> Response:
    page = render_page("answer_unknown.html", csp=PERSONAL_PAGE_CSP, support=None, too_often=True)
    page.headers["Retry-After"] = "60"
    return private_response(page, 429)


def routes() -> list[BaseRoute]:
    return [Mount("/design-system", StaticFiles(directory=DESIGN_SYSTEM_DIRECTORY))]
