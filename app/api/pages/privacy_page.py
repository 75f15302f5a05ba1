"""The register of processing activities (RGPD, article 30), made from the tables: it cannot be out of date."""

from email.utils import parseaddr

from fastapi import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.api.pages.page_rendering import render_page
from app.api.pages.page_requests import service_of


async def _privacy_page(request: Request) -> Response:
    # SQLAlchemy's tables, which nothing else that is served needs, take long to import.
    from app.persistence.schema.gdpr_processing_register import ENTRIES, TABLES_WITHOUT_PERSONAL_DATA  # noqa: PLC0415  # see above

    service = service_of(request)
    support = parseaddr(service.support_email)[1]
    return render_page(
        "privacy.html",
        entries=ENTRIES,
        nobody=TABLES_WITHOUT_PERSONAL_DATA,
        years=service.anonymise_after_years,
        support=support,
    )


def routes() -> list[BaseRoute]:
    return [Route("/privacy", _privacy_page)]
