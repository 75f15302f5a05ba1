"""The mailbox of a development server: the e-mails as they would look, where no mail server sends them."""

from uuid import UUID

from fastapi import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from app.api.http.application_state import ApplicationState
from app.api.http.problems.problem_details import Problem
from app.api.pages.page_rendering import render_page
from app.api.pages.page_requests import service_of
from app.domain.events import Recipient
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.messages import ENDPOINT_OWNER_RECIPIENT, list_newest_email_contexts, read_email_context
from app.use_cases.registrations.personal_links import links_of_email
from app.wording.calendars.calendar_files import CALENDAR_MEDIA_TYPE
from app.wording.emails.emails import (
    LostEventError,
    PersonalLinks,
    RenderedEmail,
    decision_to_answer,
    render_email,
)
from app.wording.languages import Sentence

MAX_SHOWN = 100
MAILBOX_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# As mail readers do: no script, nothing from elsewhere; a link opens a window of its own.
IFRAME_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
EMAIL_CSP = f"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox {IFRAME_SANDBOX}"
NO_STORE = {"Cache-Control": "no-store"}

RECIPIENT_LABELS: dict[str, str] = {
    Recipient.ADVISER: "Conseiller",
    Recipient.EMPLOYER: "Structure employeuse",
    Recipient.TRAINING_ORGANISATION: "Organisme de formation",
    Recipient.SUPPORT: "Administration",
    ENDPOINT_OWNER_RECIPIENT: "Propriétaire d’un point de réception",
}
NO_MAILBOX = Sentence(fr="Ce serveur n’a pas de boîte aux lettres.", en="This server has no mailbox.")
NO_CALENDAR = Sentence(fr="Rien n’est joint à ce courriel.", en="Nothing is attached to this e-mail.")
NO_MESSAGE = Sentence(fr="Aucun courriel n’a cet identifiant.", en="No e-mail has this identifier.")


def _service_with_mailbox(request: Request) -> ApplicationState:
    """Raise Problem where e-mails are really sent."""
    service = service_of(request)
    if not service.has_mailbox:
        raise Problem("not-found", NO_MAILBOX)
    return service


def _email_of(service: ApplicationState, row: Row) -> RenderedEmail | None:
    links = PersonalLinks(*links_of_email(row, decision_to_answer(row), service.base_url, service.secrets))
    try:
        return render_email(row, service.support_email, service.base_url, links)
    except LostEventError:
        return None


async def _list_page(request: Request) -> Response:
    service = _service_with_mailbox(request)
    rows = await list_newest_email_contexts(service.database, MAX_SHOWN)
    emails = [(row, email) for row in rows if (email := _email_of(service, row)) is not None]
    return _uncached(render_page("mailbox.html", csp=MAILBOX_CSP, emails=emails, recipients=RECIPIENT_LABELS))


async def _read_email(request: Request) -> tuple[Row, RenderedEmail]:
    """Raise Problem."""
    service = _service_with_mailbox(request)
    row = await read_email_context(service.database, _message_id(request))
    email = _email_of(service, row) if row is not None else None
    if row is None or email is None:
        raise Problem("not-found", NO_MESSAGE)
    return row, email


def _message_id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["message_id"])
    except ValueError:
        raise Problem("not-found", NO_MESSAGE) from None


async def _message_page(request: Request) -> Response:
    row, email = await _read_email(request)
    return _uncached(
        render_page(
            "mailbox_message.html",
            csp=MAILBOX_CSP,
            row=row,
            email=email,
            sandbox=IFRAME_SANDBOX,
            recipients=RECIPIENT_LABELS,
        )
    )


async def _html_body(request: Request) -> Response:
    _, email = await _read_email(request)
    opening = email.html.replace("<head>", '<head>\n<base target="_blank">', 1)
    return HTMLResponse(opening, headers={"Content-Security-Policy": EMAIL_CSP, **NO_STORE})


async def _calendar_file(request: Request) -> Response:
    _, email = await _read_email(request)
    if email.calendar is None:
        raise Problem("not-found", NO_CALENDAR)
    headers = {"Content-Disposition": f'attachment; filename="{email.calendar.file_name}"', **NO_STORE}
    return Response(email.calendar.content, media_type=f"{CALENDAR_MEDIA_TYPE}; charset=utf-8", headers=headers)


def _uncached(response: Response) -> Response:
    response.headers.update(NO_STORE)
    return response


def routes() -> list[BaseRoute]:
    return [
        Route("/mailbox", _list_page),
        Route("/mailbox/{message_id}", _message_page),
        Route("/mailbox/{message_id}/html", _html_body),
        Route("/mailbox/{message_id}/calendar.ics", _calendar_file),
    ]
