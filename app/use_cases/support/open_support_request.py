"""Open a support request (demande au support): by the adviser's personal link, or by a client for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.events import EventType
from app.domain.facts.policy import Policies
from app.domain.facts.support_request import Requester, SupportRequestKind, SupportRequestStatus, answer_due_on
from app.persistence import support_requests
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget, NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse, store_response
from app.persistence.registrations import registrations
from app.persistence.registrations.registrations import Changes
from app.persistence.support_requests import SUPPORT_REQUESTS
from app.use_cases.changes.changes_as_rows import event_row
from app.use_cases.errors import UnknownReference
from app.use_cases.request_context import RequestContext
from app.use_cases.support.support_request_events import support_request_event


@dataclass(frozen=True, slots=True)
class NewSupportRequest:
    """What is asked, and about what: a registration, a result, a right (`bucket`), the `period` of an obligation, or
    the adviser's file as a whole when none is named. Only the demonstration chooses `id`."""

    adviser_id: UUID
    kind: SupportRequestKind
    text: str
    registration_id: UUID | None = None
    certification_id: UUID | None = None
    bucket: str | None = None
    period: str | None = None
    id: UUID = field(default_factory=uuid7)


async def open_support_request(
    database: Database, wanted: NewSupportRequest, opened_by: Requester, context: RequestContext
) -> ReplayableResponse:
    """The adviser, who may click twice, has one open request about a matter: a second one is the first.

    A training organisation names a registration or a result of its own. Raise UnknownReference, AdviserAnonymised.
    """
    lock = AdviserLock(LockTarget.ADVISER, wanted.adviser_id)
    try:
        async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
            snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
            await _check_references(tx, wanted, context.client.training_organisation_id)
            columns = _support_request_columns(wanted, opened_by, snapshot.policies, context)
            if opened_by is Requester.ADVISER and (same := await support_requests.find_same_open(tx, columns)):
                return context.render(same)
            tx.add_audit_subjects(wanted.id)
            row = await SUPPORT_REQUESTS.insert(tx, columns, context.now)
            event = await support_request_event(tx, EventType.SUPPORT_REQUEST_OPENED, row)
            await registrations.write(tx, Changes(events=[event_row(event, context.now)]))
            return await store_response(tx, context.idempotency, context.render(row))
    except NotFound as missing:
        raise UnknownReference("/adviser_id") from missing


async def _check_references(transaction: Transaction, wanted: NewSupportRequest, owner: UUID | None) -> None:
    """Raise UnknownReference."""
    foreign = await support_requests.foreign_references(
        transaction, wanted.adviser_id, wanted.registration_id, wanted.certification_id, owner
    )
    if foreign:
        raise UnknownReference(*foreign)


def _support_request_columns(
    wanted: NewSupportRequest, opened_by: Requester, policies: Policies, context: RequestContext
) -> Mapping[str, Any]:
    return {
        "id": wanted.id,
        "adviser_id": wanted.adviser_id,
        "kind": wanted.kind,
        "registration_id": wanted.registration_id,
        "certification_id": wanted.certification_id,
        "bucket": wanted.bucket,
        "period": wanted.period,
        "text": wanted.text,
        "status": SupportRequestStatus.OPEN,
        "opened_by": opened_by,
        "opened_by_client": context.client.id,
        "training_organisation_id": context.client.training_organisation_id,
        "answer_due_on": answer_due_on(context.today, policies),
    }
