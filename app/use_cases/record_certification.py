"""Record the result of an exam, or a qualification that exempts (section 6)."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.errors import MotiveNotValid
from app.domain.events import Event, EventType, Recipient, Subject, email_recipients
from app.domain.facts.adviser import AdviserId
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.calendar import in_force
from app.domain.facts.certification import CertificationOutcome, attempt_number, next_attempt_payer
from app.domain.facts.policy import Policies
from app.domain.facts.training_organisation import TrainingOrganisationId
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.catalogue import QUALIFICATIONS, TRAINING_ORGANISATIONS
from app.persistence.certifications import CERTIFICATIONS
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget, NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse, store_response
from app.use_cases.errors import UnknownReference
from app.use_cases.request_context import RequestContext
from app.use_cases.unknown_references import NamedReferences, unknown_references
from app.use_cases.write_changes import consequences_of_change, write_change_sets


@dataclass(frozen=True, slots=True)
class ExamResult:
    """A result as a client states it; only the demonstration chooses `id`."""

    adviser_id: UUID
    qualification: str
    outcome: CertificationOutcome
    on: date
    motive: str | None
    training_organisation_id: UUID | None
    id: UUID = field(default_factory=uuid7)


def check_motive(result: ExamResult, policies: Policies) -> None:
    """R38: a motive is one of those valid on the day of the exam, and goes with a justified absence only."""
    if result.motive is None:
        return
    valid = in_force(policies.on(result.on).certification.valid_absence_motives, result.on)
    if result.outcome is not CertificationOutcome.ABSENT_JUSTIFIED or result.motive not in valid:
        raise MotiveNotValid(result.motive, valid)


def certification_columns(result: ExamResult, file: AdviserFile) -> dict[str, Any]:
    """The columns of the table `certification`; `file` is the adviser's before this result."""
    earlier = (
        item.outcome
        for item in file.certifications
        if item.qualification.code == result.qualification and item.on <= result.on
    )
    return {
        "id": result.id,
        "adviser_id": result.adviser_id,
        "qualification": result.qualification,
        "training_organisation_id": result.training_organisation_id,
        "outcome": result.outcome,
        "on": result.on,
        "motive": result.motive,
        "attempt": attempt_number(earlier),
        "next_attempt_payer": next_attempt_payer(result.outcome),
    }


def _recipients(result: ExamResult) -> tuple[Recipient, ...]:
    """The training organisation only when the result names one."""
    has_organisation = result.training_organisation_id is not None
    recipients = email_recipients(EventType.CERTIFICATION_RECORDED)
    return tuple(item for item in recipients if has_organisation or item is not Recipient.TRAINING_ORGANISATION)


def certification_event(result: ExamResult) -> Event:
    organisation = result.training_organisation_id
    return Event(
        EventType.CERTIFICATION_RECORDED,
        Subject.CERTIFICATION,
        result.id,
        1,
        AdviserId(result.adviser_id),
        TrainingOrganisationId(organisation) if organisation else None,
        {"qualification": result.qualification, "outcome": result.outcome, "on": result.on},
        _recipients(result),
    )


async def _check_references(reader: Reader, result: ExamResult, snapshot: AdviserSnapshot) -> None:
    """Raise UnknownReference when the qualification or the organisation does not exist."""
    unknown = [] if await QUALIFICATIONS.read(reader, result.qualification) else ["/qualification"]
    if result.training_organisation_id is not None and snapshot.organisation is None:
        unknown.append("/training_organisation_id")
    if unknown:
        raise UnknownReference(*unknown)


async def record_result(database: Database, result: ExamResult, context: RequestContext) -> ReplayableResponse:
    """Record a result and announce it; refused registrations that it leaves without a reason become regularisable.

    Raise UnknownReference, MotiveNotValid.
    """
    lock = AdviserLock(LockTarget.ADVISER, result.adviser_id)
    try:
        async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
            tx.add_audit_subjects(result.id)
            before = await read_snapshot(
                tx, lock, idempotency=context.idempotency, organisation=result.training_organisation_id
            )
            await _check_references(tx, result, before)
            check_motive(result, before.policies)
            row = await CERTIFICATIONS.insert(tx, certification_columns(result, before.file), context.now)
            after = await read_snapshot(tx, lock)
            event = certification_event(result)
            await write_change_sets(tx, consequences_of_change(before.file, after.file, after.policies, context, event))
            return await store_response(tx, context.idempotency, context.render(row))
    except NotFound as missing:
        named: NamedReferences = {
            "/qualification": (QUALIFICATIONS, result.qualification),
            "/training_organisation_id": (TRAINING_ORGANISATIONS, result.training_organisation_id),
        }
        raise UnknownReference("/adviser_id", *await unknown_references(database, named)) from missing
