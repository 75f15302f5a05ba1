"""/v1/audit-log: who did or read what, on whom, when, in which request."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field, StringConstraints
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import format_instant
from app.api.http.fields import validation_messages
from app.api.http.fields.field_checks import with_message
from app.api.http.fields.field_types import Id
from app.api.http.fields.list_parameters import parse_instant
from app.api.http.pagination import Since, UnversionedPaging, equality_filters
from app.api.http.routing import StrictRoute, page_model
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence.administration import audit_log
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import MAX_LIMIT, Filter
from app.persistence.engine.transactions.audit_entries import lowest_id_at

router = APIRouter(prefix="/v1/audit-log", tags=["Administration"], route_class=StrictRoute)

AuditAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.AUDIT_READ))]
MAX_SUBJECTS = MAX_LIMIT + 1
OPERATION_ID_PATTERN = "^[A-Za-z]{1,60}$"

ActorFilter = Annotated[Id | None, Query(description="L’identifiant du client qui a agi.")]
SubjectFilter = Annotated[Id | None, Query(description="Qui ou quoi est concerné : conseiller, inscription, contrat…")]
ActionFilter = Annotated[
    Annotated[
        str, StringConstraints(pattern=OPERATION_ID_PATTERN, max_length=60), with_message(validation_messages.OPERATION)
    ]
    | None,
    Query(description="L’`operationId` de l’opération."),
]


class AuditEntryResource(TypedDict):
    """`actor` et `request_id` sont null quand l’action vient de la ligne de commande. `refused` : n’a pas eu lieu."""

    id: UUID
    at: datetime
    actor: UUID | None
    action: Annotated[
        str, Field(pattern=OPERATION_ID_PATTERN, max_length=60, description="L’`operationId` de l’opération.")
    ]
    refused: bool
    request_id: UUID | None
    subject_ids: Annotated[list[UUID], Field(max_length=MAX_SUBJECTS, description="Les conseillers, et le reste.")]


def audit_entry_resource(row: Row) -> dict[str, Any]:
    """The shape of AuditEntryResource."""
    return {
        "id": row["id"],
        "at": format_instant(row["at"]),
        "actor": row["client_id"],
        "action": row["action"],
        "refused": row["refused"],
        "request_id": row["request_id"],
        "subject_ids": row["subject_ids"],
    }


@router.get(
    "",
    operation_id="searchAuditLog",
    summary="Chercher dans le journal",
    response_model=page_model(AuditEntryResource),
)
async def search_audit_log(
    authorised: AuditAccess,
    paging: UnversionedPaging,
    actor: ActorFilter = None,
    subject_id: SubjectFilter = None,
    action: ActionFilter = None,
    since: Since = None,
) -> Response:
    """Ce qui a été fait, lu ou refusé, du plus ancien au plus récent ; chercher dans le journal s’y note aussi."""
    filters = equality_filters(client_id=actor, action=action)
    if subject_id is not None:
        filters.append(Filter(audit_log.NAMES_SUBJECT, subject_id))
    if since is not None:
        after = parse_instant("since", since)
        filters += [Filter("{t}.id >= {}", lowest_id_at(after)), Filter("{t}.at >= {}", after)]
    await authorised.service.audit_log.write(authorised.audit_entry, [subject_id] if subject_id else [])
    return await authorised.run_heavy_work(
        lambda: paging.respond(authorised, audit_log.list_page, filters, audit_entry_resource)
    )
