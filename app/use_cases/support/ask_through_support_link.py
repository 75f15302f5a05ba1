"""The adviser asks, or withdraws, through a support link: by the use cases of the API, once however often clicked."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from app.domain.errors import Conflict
from app.domain.facts.support_request import Requester
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.use_cases.registrations.answer_personal_link import PERSONAL_LINK_CLIENT
from app.use_cases.registrations.support_links import SupportSubject
from app.use_cases.request_context import RequestContext
from app.use_cases.support.open_support_request import NewSupportRequest, open_support_request
from app.use_cases.support.support_page_contents import Matter, SupportPage, no_response
from app.use_cases.support.withdraw_support_request import withdraw_support_request


async def ask(
    database: Database, page: SupportPage, matter: Matter, text: str, request_id: UUID, now: datetime
) -> None:
    """Open what the adviser asks about the subject of the page. `request_id` is that of the HTTP request."""
    subject = page.row["id"]
    wanted = NewSupportRequest(
        page.adviser,
        matter.kind,
        text,
        registration_id=subject if page.subject is SupportSubject.REGISTRATION else None,
        certification_id=subject if page.subject is SupportSubject.CERTIFICATION else None,
        period=matter.period,
    )
    context = _context("openSupportRequestByLink", request_id, now)
    with suppress(Conflict):  # anonymised meanwhile: the page then says that the link is good no more
        await open_support_request(database, wanted, Requester.ADVISER, context)


async def withdraw(database: Database, page: SupportPage, request: UUID, request_id: UUID, now: datetime) -> None:
    """Withdraw what the adviser of the page opened; the page shows what became of it when it is not open any more."""
    context = _context("withdrawSupportRequestByLink", request_id, now)
    with suppress(Conflict, NotFound):
        await withdraw_support_request(database, request, context, by_adviser=page.adviser)


def _context(action: str, request_id: UUID, now: datetime) -> RequestContext:
    audit_entry = AuditEntry(PERSONAL_LINK_CLIENT.id, action, request_id, now)
    return RequestContext(PERSONAL_LINK_CLIENT, now, no_response, audit_entry=audit_entry)
