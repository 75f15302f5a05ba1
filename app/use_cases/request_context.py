"""The request context: who asks, when, and how the response is rendered; every use case takes one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.domain.facts.calendar import civil_date
from app.persistence.administration.clients import Client
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import IdempotentRequest, ReplayableResponse


@dataclass(frozen=True, slots=True)
class RequestContext:
    """`now` is an aware instant. `render` makes the API's response of a stored row; it is stored under the idempotency
    key in the transaction that it reports, so that a replay repeats it byte for byte. `audit_entry` is what that
    transaction leaves in the audit log; None for the demonstration data."""

    client: Client
    now: datetime
    render: Callable[[Row], ReplayableResponse]
    idempotency: IdempotentRequest | None = None
    audit_entry: AuditEntry | None = None

    @property
    def today(self) -> date:
        """The civil date in Paris."""
        return civil_date(self.now)

    def lock_of(self, registration: UUID) -> AdviserLock:
        """The lock of the registration's adviser. A training organisation finds its own registrations only."""
        return AdviserLock(LockTarget.REGISTRATION, registration, owner=self.client.training_organisation_id)


def empty_response(_: Row) -> ReplayableResponse:
    """The renderer of what nobody waits for: a worker, an import, the demonstration."""
    return ReplayableResponse(204, b"", {})
