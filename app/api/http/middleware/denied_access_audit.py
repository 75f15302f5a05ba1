"""Accesses that were refused are kept in the audit log: repeated attempts can be seen."""

from uuid import UUID

from starlette.types import Scope

from app.api.http.application_state import ApplicationState
from app.persistence.administration.clients import Client
from app.persistence.engine.transactions.audit_entries import AuditEntry

FORBIDDEN = 403
NOT_FOUND = 404


async def audit_denied_access(status: int, scope: Scope) -> None:
    """Write an entry when a client may not do what it asked, or names a resource that does not exist for it."""
    service: ApplicationState = scope["app"].state.service
    client: Client | None = scope["caller"]
    named = [*_path_ids(scope)] if status in {FORBIDDEN, NOT_FOUND} else []
    if client is None or not (named or status == FORBIDDEN):
        return
    entry = AuditEntry(client.id, scope["route"].operation_id, scope["request_id"], service.clock())
    await service.audit_log.write(entry, named, refused=True)


def _path_ids(scope: Scope) -> list[UUID]:
    """The UUIDs in the path of the request."""
    named = list[UUID]()
    for value in scope.get("path_params", {}).values():
        try:
            named.append(UUID(str(value)))
        except ValueError:
            continue
    return named
