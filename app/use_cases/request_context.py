"""Who asks, when, and how they want to be answered: what every use case is told beside its subject."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.persistence.administration.clients import Client
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import Lock, Target
from app.persistence.engine.transactions.audit_entries import Trace
from app.persistence.engine.transactions.idempotency import Answer, Attempt
from app.use_cases.civil_date import civil_date


@dataclass(frozen=True, slots=True)
class Asked:
    """`now` is an aware instant. `worded` says a row of `registrations.RESOURCE` as the API does; the answer is
    remembered in the transaction that it reports, so that a replay repeats it byte for byte. `trace` is what that
    transaction leaves in the audit log; the demonstration, which nobody asks for, leaves none."""

    client: Client
    now: datetime
    worded: Callable[[Row], Answer]
    attempt: Attempt | None = None
    trace: Trace | None = None

    @property
    def today(self) -> date:
        """The civil date in Paris."""
        return civil_date(self.now)

    def lock_of(self, registration: UUID) -> Lock:
        """The lock of the adviser of this registration, which only its own training organisation may name."""
        return Lock(Target.REGISTRATION, registration, owner=self.client.training_organisation_id)
