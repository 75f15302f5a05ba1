"""The results of some advisers, each checked on the file as those before it leave it, and written together."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.event_recipients import email_recipients
from app.domain.events import Event, EventType, Recipient, Subject
from app.domain.facts.adviser import AdviserId
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import (
    Certification,
    CertificationOutcome,
    Qualification,
    attempt_number,
    next_attempt_payer,
)
from app.domain.facts.policy import Policies
from app.domain.facts.training_organisation import TrainingOrganisationId
from app.domain.record.exam_results import attempt_numbers, check_result
from app.persistence import certifications
from app.persistence.certifications import CERTIFICATIONS
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row
from app.use_cases.changes.change_sets import ChangeSet, consequences_of_change
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.errors import UnknownReference
from app.use_cases.request_context import RequestContext


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


@dataclass(frozen=True, slots=True)
class ResultLedger:
    """`files` are those of the advisers, by id, as the results recorded so far leave them; `before`, as they were.
    `is_history`: nobody is told of these results."""

    before: Mapping[UUID, AdviserFile]
    policies: Policies
    qualifications: Mapping[str, Qualification]
    organisations: Collection[UUID]
    context: RequestContext
    is_history: bool = False
    files: dict[UUID, AdviserFile] = field(default_factory=dict[UUID, AdviserFile])
    rows: list[Row] = field(default_factory=list[Row])
    _events: dict[UUID, list[Event]] = field(default_factory=dict[UUID, list[Event]])

    @property
    def subjects(self) -> list[UUID]:
        """The ids of the advisers concerned, and of the results."""
        return [*self._events, *(row["id"] for row in self.rows)]

    def record(self, result: ExamResult) -> Row:
        """The row of the result, not written yet.

        Raise UnknownReference, ImplausibleDate, TitleNotDelivered, MotiveNotValid, ResultExists.
        """
        self._check_references(result)
        adviser = result.adviser_id
        file = self.files.get(adviser) or self.before[adviser]
        recorded = Certification(self.qualifications[result.qualification], result.outcome, result.on)
        check_result(recorded, result.motive, file, self.policies, today=self.context.today)
        now = self.context.now
        row = {**_columns(result, file), "version": 1, "created_at": now, "updated_at": now}
        event = certification_event(EventType.CERTIFICATION_RECORDED, row)
        self.rows.append(row)
        self._events.setdefault(adviser, []).append(replace(event, is_history=self.is_history))
        self.files[adviser] = replace(file, certifications=(*file.certifications, recorded))
        return row

    def _check_references(self, result: ExamResult) -> None:
        known = {
            "/adviser_id": result.adviser_id in self.before,
            "/qualification": result.qualification in self.qualifications,
            "/training_organisation_id": result.training_organisation_id in {None, *self.organisations},
        }
        if unknown := [pointer for pointer, is_known in known.items() if not is_known]:
            raise UnknownReference(*unknown)

    async def write(self, tx: Transaction) -> None:
        """Write the results, and all that follows from them."""
        if not self.rows:
            return
        await CERTIFICATIONS.upsert_all(tx, self.rows)
        await renumber_attempts(tx, self.files, self.context)
        await write_change_sets(tx, *(self._change_set(adviser) for adviser in self.files))

    def _change_set(self, adviser: UUID) -> ChangeSet:
        before, after = self.before[adviser], self.files[adviser]
        return consequences_of_change(before, after, self.policies, self.context, *self._events[adviser])


def _columns(result: ExamResult, file: AdviserFile) -> dict[str, Any]:
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
        "annulled_on": None,
        "annulled_motive": None,
        "annulled_by": None,
    }


def certification_event(event_type: EventType, row: Row, **data: object) -> Event:
    """An event about the result of this row; `data` is what it says besides. The organisation is told when the result
    names one."""
    organisation = row["training_organisation_id"]
    recipients = tuple(
        item for item in email_recipients(event_type) if organisation or item is not Recipient.TRAINING_ORGANISATION
    )
    return Event(
        event_type,
        Subject.CERTIFICATION,
        row["id"],
        row["version"],
        AdviserId(row["adviser_id"]),
        TrainingOrganisationId(organisation) if organisation else None,
        {"qualification": row["qualification"], "outcome": row["outcome"], "on": row["on"], **data},
        recipients,
    )


async def renumber_attempts(tx: Transaction, advisers: Iterable[UUID], context: RequestContext) -> None:
    """Number again, in the order of their days, the attempts of these advisers that count: a result recorded late, or
    annulled, moves those after it."""
    counting = await certifications.read_counting(tx, [*advisers])
    changed: list[Row] = []
    for _, rows in groupby(counting, key=lambda row: (row["adviser_id"], row["qualification"])):
        changed += _renumbered([*rows], context)
    await CERTIFICATIONS.upsert_all(tx, changed)


def _renumbered(rows: Sequence[Row], context: RequestContext) -> list[Row]:
    numbers = attempt_numbers(CertificationOutcome(row["outcome"]) for row in rows)
    return [
        CERTIFICATIONS.next_version(row, {"attempt": number}, context.now)
        for row, number in zip(rows, numbers, strict=True)
        if row["attempt"] != number
    ]
