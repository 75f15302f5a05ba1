"""An access that was refused is kept in the audit log: whoever tries the doors is seen."""

from uuid import UUID

from starlette.types import Scope

from app.api.http.application_state import ApplicationState
from app.persistence.administration.clients import Client
from app.persistence.engine.transactions.audit_entries import AuditEntry

FORBIDDEN = 403
NOT_FOUND = 404


async def audit_denied_access(status: int, scope: Scope) -> None:
    """Note an action that the caller may not do, or a resource named that does not exist for it."""
    service: ApplicationState = scope["app"].state.service
    client: Client | None = scope["caller"]
    named = [*_path_ids(scope)] if status in {FORBIDDEN, NOT_FOUND} else []
    if client is None or not (named or status == FORBIDDEN):
        return
    trace = AuditEntry(client.id, scope["route"].operation_id, scope["request_id"], service.clock())
    await service.audit_log.write(trace, named, refused=True)


def _path_ids(scope: Scope) -> list[UUID]:
    """The identifiers in the path of a route."""
    named = list[UUID]()
    for value in scope.get("path_params", {}).values():
        try:
            named.append(UUID(str(value)))
        except ValueError:
            continue
    return named
