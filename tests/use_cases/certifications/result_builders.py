"""Results of exams recorded below the API."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.domain.facts.certification import CertificationOutcome
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.use_cases.certifications.annul_certification import annul_certification
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.request_context import RequestContext
from tests.use_cases.use_case_builders import a_request_context, day, response_content

OBTAINED, FAILED, EXCUSED, MISSED = CertificationOutcome
ADMIN: Final = Client(UUID(int=7_003), Role.ADMIN, None)
EXAM_DAY: Final = day("2025-03-12")


def a_result(
    adviser: UUID,
    outcome: CertificationOutcome = OBTAINED,
    *,
    on: date = EXAM_DAY,
    qualification: str = "remn-ccp1",
    motive: str | None = None,
    organisation: UUID | None = None,
) -> ExamResult:
    return ExamResult(adviser, qualification, outcome, on, motive, organisation)


async def record(
    database: Database, result: ExamResult, *, now: datetime | None = None, context: RequestContext | None = None
) -> dict[str, Any]:
    """The row as it was answered."""
    asked = context or (a_request_context(now=now) if now else a_request_context())
    return response_content(await record_result(database, result, asked))


async def annul(
    database: Database,
    recorded: dict[str, Any],
    motive: str = "Erreur de saisie",
    *,
    client: Client = ADMIN,
    **others: Any,
) -> dict[str, Any]:
    """The row as it was answered; an administrator annuls by default."""
    asked = a_request_context(client=client, **others)
    return response_content(await annul_certification(database, UUID(recorded["id"]), motive, asked))


async def stored_results(database: Database) -> list[Row]:
    return await database.many('SELECT * FROM certification ORDER BY "on", created_at, id')
