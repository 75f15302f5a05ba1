"""The support requests of the demonstration, which wait for an answer: one to read and answer, one to withdraw."""

from datetime import datetime
from uuid import UUID

from app.domain.facts.support_request import Requester, SupportRequestKind
from app.persistence.advisers.advisers import ADVISERS
from app.persistence.engine.database import Database
from app.persistence.support_requests import SUPPORT_REQUESTS
from app.use_cases.registrations.answer_personal_link import PERSONAL_LINK_CLIENT
from app.use_cases.request_context import RequestContext
from app.use_cases.support.open_support_request import NewSupportRequest, open_support_request
from app.use_cases.support.support_page_contents import no_response

VALENTINE = UUID("0aafeb1b-d9c5-5eb1-b6d9-a94cb533ead3")
KATELL = UUID("bd7f2a90-31fa-5998-8d71-66e09d9d2a14")

REQUESTS = (
    NewSupportRequest(
        VALENTINE,
        SupportRequestKind.CONTESTATION,
        "Mon contrat est signé depuis le mois dernier : pouvez-vous revoir ce refus ?",
        id=UUID("018bd542-c401-7000-8000-000000000001"),
    ),
    NewSupportRequest(
        KATELL,
        SupportRequestKind.JUSTIFICATION,
        "Je n’ai pas pu suivre le module de 2025 : j’étais en arrêt.",
        bucket="civil_year:2025",
        period="civil_year:2025",
        id=UUID("018bd542-c402-7000-8000-000000000002"),
    ),
)


async def add_demonstration_support_requests(database: Database, now: datetime) -> None:
    """As if their advisers had asked by their personal links; those whose adviser is missing, or who asked, are left
    out."""
    context = RequestContext(PERSONAL_LINK_CLIENT, now, no_response)
    for wanted in REQUESTS:
        asked = await SUPPORT_REQUESTS.read(database, wanted.id)
        if asked is None and await ADVISERS.read(database, wanted.adviser_id) is not None:
            await open_support_request(database, wanted, Requester.ADVISER, context)
