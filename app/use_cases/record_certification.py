"""Record the result of an exam, or a qualification that exempts (section 6)."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.decisions.decision_cascade import Proceedings
from app.domain.errors import MotiveNotValid
from app.domain.events import Event, EventType, Recipient, Subject, written_to
from app.domain.facts.adviser import AdviserId
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.calendar import in_force
from app.domain.facts.certification import CertificationOutcome, attempt_number, next_attempt_payer
from app.domain.facts.policy import Policies
from app.domain.facts.training_organisation import TrainingOrganisationId
from app.persistence.advisers.adviser_files import Dossier, read_dossier
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.transactions.adviser_locks import Lock, Missing, Target
from app.persistence.engine.transactions.idempotency import Answer, remember
from app.persistence.engine.upsert import CERTIFICATIONS, QUALIFICATIONS, TRAINING_ORGANISATIONS
from app.use_cases.errors import UnknownReference
from app.use_cases.request_context import Asked
from app.use_cases.unknown_references import Named, unknown_among
from app.use_cases.write_outcome import Conclusion, conclude


@dataclass(frozen=True, slots=True)
class Result:
    """A result as a client states it; `id` is chosen by the demonstration alone."""

    adviser_id: UUID
    qualification: str
    outcome: CertificationOutcome
    on: date
    motive: str | None
    training_organisation_id: UUID | None
    id: UUID = field(default_factory=uuid7)


def check_motive(result: Result, policies: Policies) -> None:
    """R38: a motive is one of those valid on the day of the exam, and goes with a justified absence only."""
    if result.motive is None:
        return
    valid = in_force(policies.on(result.on).certification.valid_absence_motives, result.on)
    if result.outcome is not CertificationOutcome.ABSENT_JUSTIFIED or result.motive not in valid:
        raise MotiveNotValid(result.motive, valid)


def columns(result: Result, file: AdviserFile) -> dict[str, Any]:
    """Those of the table; `file` is the adviser's, before this result."""
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


def _recipients(result: Result) -> tuple[Recipient, ...]:
    """The organisation, too, when the result names one."""
    named = result.training_organisation_id is not None
    whole = written_to(EventType.CERTIFICATION_RECORDED)
    return tuple(item for item in whole if named or item is not Recipient.TRAINING_ORGANISATION)


def told_of(result: Result) -> Event:
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


async def _check_references(reader: Reader, result: Result, dossier: Dossier) -> None:
    """Raise UnknownReference when the qualification or the organisation does not exist."""
    unknown = [] if await QUALIFICATIONS.read(reader, result.qualification) else ["/qualification"]
    if result.training_organisation_id is not None and dossier.organisation is None:
        unknown.append("/training_organisation_id")
    if unknown:
        raise UnknownReference(*unknown)


async def certify(database: Database, result: Result, asked: Asked) -> Answer:
    """Record a result and tell it; refused registrations that it leaves without a reason become regularisable.

    Raise UnknownReference, MotiveNotValid.
    """
    lock = Lock(Target.ADVISER, result.adviser_id)
    try:
        async with database.transaction(lock, asked.attempt, asked.trace) as tx:
            tx.concerns(result.id)
            before = await read_dossier(tx, lock, attempt=asked.attempt, organisation=result.training_organisation_id)
            await _check_references(tx, result, before)
            check_motive(result, before.policies)
            row = await CERTIFICATIONS.insert(tx, columns(result, before.file), asked.now)
            after = await read_dossier(tx, lock)
            proceedings = Proceedings(after.file, after.policies).promoted()
            await conclude(tx, Conclusion(before.file, proceedings, asked, events=(told_of(result),)))
            return await remember(tx, asked.attempt, asked.worded(row))
    except Missing as missing:
        named: Named = {
            "/qualification": (QUALIFICATIONS, result.qualification),
            "/training_organisation_id": (TRAINING_ORGANISATIONS, result.training_organisation_id),
        }
        raise UnknownReference("/adviser_id", *await unknown_among(database, named)) from missing
