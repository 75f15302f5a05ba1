"""Who may call each operation: its description says it, from the scope that its route declares."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi.routing import APIRoute

from app.api.identity.authorisation import scope_of
from app.api.identity.scopes import SCOPES_BY_ROLE, Scope
from app.persistence.administration.client_role import Role

ROLE_NAMES = {
    Role.PLATFORM: "plateforme",
    Role.TRAINING_ORGANISATION: "organisme de formation",
    Role.ADMIN: "administration",
}


def access_description(scope: Scope) -> str:
    """The scope, and the roles that have it, in French and in Markdown."""
    roles = ", ".join(name for role, name in ROLE_NAMES.items() if scope in SCOPES_BY_ROLE[role])
    return f"**Accès** : portée `{scope}` ({roles})."


def add_access_descriptions(contract: Mapping[str, Any], routes: Iterable[APIRoute]) -> None:
    """Add to the description of every operation who may call it."""
    scopes = {route.operation_id: scope for route in routes if (scope := scope_of(route))}
    for operation in (operation for path in contract["paths"].values() for operation in path.values()):
        operation["description"] += f"\n\n{access_description(scopes[operation['operationId']])}"
