"""The end of every use case that touches registrations: what changed is written, whoever is concerned is told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from app.domain.decisions.decision_cascade import DecisionCascade, RecordedDecision, newly_regularisable
from app.domain.events import Event, EventType, event_type_of_change, registration_event
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.registration import Registration, RegistrationId
from app.persistence import registrations
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.registrations import REGISTRATION_COLUMNS, Changes
from app.use_cases.request_context import RequestContext

SHOWN_DECISION_COLUMNS = ("outcome", "rules", "policy_version", "automatic", "decided_at")


@dataclass(frozen=True, slots=True)
class DirectChange:
    """What a use case did itself to one registration: the events that tell it, columns that no rule reads, the row
    stored so far (None when the registration is new), and what its events say besides. History is told to nobody."""

    registration: RegistrationId
    event_types: tuple[EventType | None, ...]
    stored_row: Row | None = None
    columns: Mapping[str, Any] = field(default_factory=dict[str, Any])
    event_data: Mapping[str, object] = field(default_factory=dict[str, object])
    is_history: bool = False


def registration_row(registration: Registration, adviser: UUID, now: datetime) -> dict[str, Any]:
    """The columns of the registration that the domain knows."""
    request, session = registration.request, registration.request.session
    return {
        "id": registration.id,
        "adviser_id": adviser,
        "module_code": request.module.code,
        "training_organisation_id": request.organisation.id,
        "session_starts_on": session.starts_on,
        "session_ends_on": session.ends_on,
        "session_format": session.format,
        "requested_on": request.requested_on,
        "employer_agreement": request.employer_agreement,
        "status": registration.status,
        "funding": registration.funding,
        "payer": registration.payer,
        "unit": registration.unit,
        "offered_payers": registration.offered_payers,
        "version": registration.version,
        "created_at": registration.created_at,
        "updated_at": now,
    }


def decision_row(ruling: RecordedDecision, adviser: UUID, context: RequestContext) -> dict[str, Any]:
    decision = ruling.decision
    return {
        "id": uuid7(),
        "registration_id": ruling.registration_id,
        "adviser_id": adviser,
        "cause": ruling.cause,
        "outcome": decision.outcome,
        "reasons": decision.refusals,
        "rules": decision.rules,
        "funding": decision.funding,
        "unit": decision.unit,
        "policy_version": decision.policy_version,
        "facts": ruling.facts,
        "automatic": True,
        "decided_by": context.client.id,
        "decided_at": context.now,
    }


def event_row(event: Event, now: datetime, decision: UUID | None = None) -> dict[str, Any]:
    """`decision` is the one that it tells; None when it tells of none taken with it."""
    return {
        "event_id": uuid7(),
        "type": event.type,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "subject_version": event.subject_version,
        "adviser_id": event.adviser_id,
        "training_organisation_id": event.training_organisation_id,
        "data": event.data,
        "occurred_at": now,
        "history": event.is_history,
        "recipients": event.recipients,
        "decision_id": decision,
    }


def _as_stored(decision: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a new decision that a client is shown, as the database will give them back."""
    reasons = orjson.dumps(decision["reasons"]).decode()
    return {"decision_id": decision["id"], "reasons": reasons} | {
        name: decision[name] for name in SHOWN_DECISION_COLUMNS
    }


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """The file before and after, the deeds that changed it (none when the file itself changed), and other events."""

    before: AdviserFile
    proceedings: DecisionCascade
    context: RequestContext
    direct_changes: tuple[DirectChange, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def adviser(self) -> UUID:
        return self.before.adviser.id

    def _changed(self) -> Iterator[tuple[Registration | None, Registration]]:
        """Every registration that is new, changed or decided again, as it was and as it is, its version raised."""
        former = {item.id: item for item in self.before.registrations}
        concerned = {ruling.registration_id for ruling in self.proceedings.decisions}
        concerned.update(change.registration for change in self.direct_changes)
        for item in self.proceedings.file.registrations:
            was = former.get(item.id)
            if item != was or item.id in concerned:
                yield was, replace(item, version=was.version + 1) if was else item

    def _events_of(self, was: Registration | None, now: Registration) -> Iterator[Event]:
        refusals = next(
            (
                ruling.decision.refusals
                for ruling in reversed(self.proceedings.decisions)
                if ruling.registration_id == now.id
            ),
            (),
        )
        change = self._direct_change(now)
        for event_type in change.event_types if change else (event_type_of_change(was, now),):
            if event_type is not None:
                event = registration_event(event_type, self.before.adviser.id, now, refusals, was)
                yield (
                    replace(event, data={**event.data, **change.event_data}, is_history=change.is_history)
                    if change
                    else event
                )

    def _direct_change(self, registration: Registration) -> DirectChange | None:
        return next((change for change in self.direct_changes if change.registration == registration.id), None)

    def _row(self, registration: Registration, decision: Mapping[str, Any] | None) -> dict[str, Any]:
        row = registration_row(registration, self.adviser, self.context.now)
        if (change := self._direct_change(registration)) is not None:
            row = {**(change.stored_row or {}), **row, **change.columns}
        return row | _as_stored(decision) if decision else row

    def changes(self) -> tuple[Changes, dict[RegistrationId, Row]]:
        """The rows to write, and each changed registration as a client would be shown it."""
        decisions = [decision_row(ruling, self.adviser, self.context) for ruling in self.proceedings.decisions]
        latest = {decision["registration_id"]: decision for decision in decisions}
        rows: dict[RegistrationId, Row] = {}
        told = [*self.events]
        for was, registration in self._changed():
            rows[registration.id] = self._row(registration, latest.get(registration.id))
            told += self._events_of(was, registration)
        for item in newly_regularisable(self.before, self.proceedings.file, self.proceedings.policies):
            if item.id not in rows:
                told.append(registration_event(EventType.REGISTRATION_REGULARISABLE, self.before.adviser.id, item, ()))
        written = [{name: row.get(name) for name in REGISTRATION_COLUMNS} for row in rows.values()]
        taken = {subject: decision["id"] for subject, decision in latest.items()}
        events = [event_row(event, self.context.now, taken.get(RegistrationId(event.subject_id))) for event in told]
        return Changes(written, decisions, events), rows


async def write_change_sets(transaction: Transaction, *change_sets: ChangeSet) -> None:
    """Write what followed from a change of the file, or of several persons' files."""
    changes = [each.changes()[0] for each in change_sets]
    written = Changes(
        [row for each in changes for row in each.registrations],
        [row for each in changes for row in each.decisions],
        [row for each in changes for row in each.events],
    )
    await registrations.write(transaction, written)


async def write_direct_change(
    transaction: Transaction,
    before: AdviserFile,
    proceedings: DecisionCascade,
    change: DirectChange,
    context: RequestContext,
) -> ReplayableResponse:
    """Write the deed and what followed from it, with the answer that the attempt will be given again."""
    changes, rows = ChangeSet(before, proceedings, context, (change,)).changes()
    answer = context.render(rows[change.registration])
    await registrations.write(transaction, changes, context.idempotency, answer)
    return answer
