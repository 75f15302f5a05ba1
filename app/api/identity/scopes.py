"""The scopes that routes require, and those of each role. A key or a token may have only some of its role's."""

from collections.abc import Mapping
from enum import StrEnum

from app.persistence.administration.client_role import Role


class Scope(StrEnum):
    ADVISERS_READ = "advisers:read"
    ADVISERS_WRITE = "advisers:write"
    CONTRACTS_READ = "contracts:read"
    CONTRACTS_WRITE = "contracts:write"
    CATALOGUE_READ = "catalogue:read"
    CATALOGUE_WRITE = "catalogue:write"
    REGISTRATIONS_READ = "registrations:read"
    REGISTRATIONS_WRITE = "registrations:write"
    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    ROSTERS_READ = "rosters:read"
    CERTIFICATIONS_READ = "certifications:read"
    CERTIFICATIONS_WRITE = "certifications:write"
    PERSONAL_DATA_READ = "personal-data:read"
    PERSONAL_DATA_ERASE = "personal-data:erase"
    CARRY_OVERS_WRITE = "carry-overs:write"
    DEROGATIONS_WRITE = "derogations:write"
    OBLIGATIONS_READ = "obligations:read"
    SUPPORT_READ = "support:read"
    SUPPORT_WRITE = "support:write"
    SUPPORT_ANSWER = "support:answer"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    POLICIES_READ = "policies:read"
    POLICIES_WRITE = "policies:write"
    AUDIT_READ = "audit:read"
    EVENTS_READ = "events:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    STATISTICS_READ = "statistics:read"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"


_SCOPES_OF_EVERY_ROLE = {
    Scope.ADVISERS_READ,
    Scope.CATALOGUE_READ,
    Scope.REGISTRATIONS_READ,
    Scope.REGISTRATIONS_WRITE,
    Scope.SESSIONS_READ,
    Scope.CERTIFICATIONS_READ,
    Scope.CERTIFICATIONS_WRITE,
    Scope.EVENTS_READ,
    Scope.IMPORTS_READ,
    Scope.IMPORTS_WRITE,
    Scope.STATISTICS_READ,
    Scope.SUPPORT_READ,
    Scope.SUPPORT_WRITE,
    Scope.WEBHOOKS_READ,
    Scope.WEBHOOKS_WRITE,
}

SCOPES_BY_ROLE: Mapping[Role, frozenset[Scope]] = {
    Role.PLATFORM: frozenset(
        _SCOPES_OF_EVERY_ROLE
        | {
            Scope.ADVISERS_WRITE,
            Scope.CONTRACTS_READ,
            Scope.CONTRACTS_WRITE,
            Scope.PERSONAL_DATA_READ,
            Scope.PERSONAL_DATA_ERASE,
            Scope.POLICIES_READ,
        }
    ),
    Role.TRAINING_ORGANISATION: frozenset(_SCOPES_OF_EVERY_ROLE | {Scope.SESSIONS_WRITE, Scope.ROSTERS_READ}),
    Role.ADMIN: frozenset(Scope),
}
