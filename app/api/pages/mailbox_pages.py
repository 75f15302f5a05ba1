"""The mailbox of a development server: the e-mails as they would look, where there is no mail server to send them."""

from uuid import UUID

from fastapi import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from app.api.http.application_state import ApplicationState
from app.api.http.problems.problem_details import Problem
from app.api.pages.template_rendering import page
from app.domain.events import Recipient
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.messages import ENDPOINT_OWNER, newest_letters, read_letter
from app.use_cases.registrations.personal_links import link_to
from app.wording.emails.emails import Letter, LostEventError, decision_to_answer, letter_of
from app.wording.languages import Sentence

MOST_SHOWN = 100
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# As mail readers do: no script, nothing from elsewhere; a link opens a window of its own.
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
LETTER_POLICY = f"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox {SANDBOX}"
NO_STORE = {"Cache-Control": "no-store"}

RECIPIENTS: dict[str, str] = {
    Recipient.ADVISER: "Conseiller",
    Recipient.EMPLOYER: "Structure employeuse",
    Recipient.TRAINING_ORGANISATION: "Organisme de formation",
    Recipient.SUPPORT: "Administration",
    ENDPOINT_OWNER: "Propriétaire d’un point de réception",
}
NO_MAILBOX = Sentence(fr="Ce serveur n’a pas de boîte aux lettres.", en="This server has no mailbox.")
NO_MESSAGE = Sentence(fr="Aucun courriel n’a cet identifiant.", en="No e-mail has this identifier.")


def _service(request: Request) -> ApplicationState:
    """Raise Problem where e-mails are really sent."""
    service: ApplicationState = request.app.state.service
    if not service.has_mailbox:
        raise Problem("not-found", NO_MAILBOX)
    return service


def _letter(service: ApplicationState, row: Row) -> Letter | None:
    decision = decision_to_answer(row)
    link = link_to(service.base_url, service.pepper.secrets, decision) if decision is not None else None
    try:
        return letter_of(row, service.support_email, service.base_url, link)
    except LostEventError:
        return None


async def _list(request: Request) -> Response:
    service = _service(request)
    rows = await newest_letters(service.database, MOST_SHOWN)
    shown = [(row, letter) for row in rows if (letter := _letter(service, row)) is not None]
    return _fresh(page("mailbox.html", policy=POLICY, letters=shown, recipients=RECIPIENTS))


async def _read(request: Request) -> tuple[Row, Letter]:
    """Raise Problem."""
    service = _service(request)
    row = await read_letter(service.database, _identifier(request))
    letter = _letter(service, row) if row is not None else None
    if row is None or letter is None:
        raise Problem("not-found", NO_MESSAGE)
    return row, letter


def _identifier(request: Request) -> UUID:
    try:
        return UUID(request.path_params["message_id"])
    except ValueError:
        raise Problem("not-found", NO_MESSAGE) from None


async def _message(request: Request) -> Response:
    row, letter = await _read(request)
    return _fresh(
        page("mailbox_message.html", policy=POLICY, row=row, letter=letter, sandbox=SANDBOX, recipients=RECIPIENTS)
    )


async def _as_it_looks(request: Request) -> Response:
    _, letter = await _read(request)
    opening = letter.html.replace("<head>", '<head>\n<base target="_blank">', 1)
    return HTMLResponse(opening, headers={"Content-Security-Policy": LETTER_POLICY, **NO_STORE})


def _fresh(shown: Response) -> Response:
    shown.headers.update(NO_STORE)
    return shown


def routes() -> list[BaseRoute]:
    return [
        Route("/mailbox", _list),
        Route("/mailbox/{message_id}", _message),
        Route("/mailbox/{message_id}/html", _as_it_looks),
    ]
