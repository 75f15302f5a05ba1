"""The rows that a use case writes: registrations, decisions and events of the domain as columns."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from app.domain.decisions.recorded_decisions import RULES_VERSION, RecordedDecision
from app.domain.events import Event
from app.domain.facts.registration import Registration
from app.persistence.registrations.registrations import SHOWN_DECISION_COLUMNS
from app.use_cases.request_context import RequestContext


def registration_row(registration: Registration, adviser: UUID, now: datetime) -> dict[str, Any]:
    """The columns of the table `registration` that the domain knows; `now` is an aware instant."""
    request, session = registration.request, registration.request.session
    return {
        "id": registration.id,
        "adviser_id": adviser,
        "module_code": request.module.code,
        "training_organisation_id": request.organisation.id,
        "session_id": session.id,
        "session_starts_on": session.starts_on,
        "session_ends_on": session.ends_on,
        "session_format": session.format,
        "requested_on": request.requested_on,
        "employer_agreement": request.employer_agreement,
        "notified_on": request.notified_on,
        "status": registration.status,
        "funding": registration.funding,
        "payer": registration.payer,
        "unit": registration.unit,
        "offered_payers": registration.offered_payers,
        "derogated": registration.derogated,
        "agreed_funding": registration.agreed_funding,
        "agreed_payer": registration.agreed_payer,
        "absence_counts": registration.absence_counts,
        "attendance_corrected": registration.attendance_corrected,
        "version": registration.version,
        "created_at": registration.created_at,
        "updated_at": now,
    }


def overlaps_json(registrations: Iterable[Registration]) -> str | None:
    """The registrations that share a day with one, as `registrations.FIND` reads them; None when there is none."""
    found = [
        {"registration_id": item.id, "training_organisation_id": item.request.organisation.id} for item in registrations
    ]
    return orjson.dumps(found).decode() if found else None


def decision_row(recorded: RecordedDecision, adviser: UUID, context: RequestContext) -> dict[str, Any]:
    """A row of the table `decision`, taken in answer to the client of `context`: by the rules, or by a person."""
    decision = recorded.decision
    return {
        "id": uuid7(),
        "registration_id": recorded.registration_id,
        "adviser_id": adviser,
        "cause": recorded.cause,
        "outcome": decision.outcome,
        "reasons": decision.refusals,
        "rules": decision.rules,
        "funding": decision.funding,
        "unit": decision.unit,
        "policy_version": decision.policy_version,
        "facts": recorded.facts,
        "rules_version": RULES_VERSION,
        "automatic": recorded.facts.derogation is None,
        "waived": decision.waived,
        "decided_by": context.client.id,
        "decided_at": context.now,
    }


def event_row(event: Event, now: datetime, decision: UUID | None = None) -> dict[str, Any]:
    """A row of the outbox. `decision` is the one that the event announces, None when it announces none."""
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


def shown_decision_columns(decision: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a new decision that a client is shown, as the database will return them."""
    reasons = orjson.dumps(decision["reasons"]).decode()
    return {"decision_id": decision["id"], "reasons": reasons} | {
        name: decision[name] for name in SHOWN_DECISION_COLUMNS
    }
