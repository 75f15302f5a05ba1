"""What an adviser is told before it is too late: exams to be presented (R37), funded rights about to be lost (R27),
initial training to be entered (R10).

Section 6 asks to remind before the deadline and at it, without saying how long before; section 7 to notify those who
are about to lose a right. A month leaves time to find a session of the exam, two to find one of a module.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.domain.event_recipients import email_recipients
from app.domain.events import Event, EventType, Recipient, Subject
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.calendar import last_day
from app.domain.facts.certification import Qualification
from app.domain.facts.contract import covering_contract
from app.domain.facts.policy import Policy
from app.domain.record.exam_presentations import (
    Presentation,
    PresentationStatus,
    initial_training_completed,
    presentations,
)
from app.domain.record.obligations import Obligation, ObligationStatus, initial_training_duty
from app.domain.rights.buckets import counting_buckets
from app.domain.rights.entitlements import units_left

EXAM_REMINDER_LEAD = timedelta(days=30)
EXPIRY_WARNING_LEAD = timedelta(days=60)
# A deadline is announced on its day, or as soon after it as a worker runs. One that passed longer ago, as that of an
# imported training did, is only listed as overdue.
LATE_REMINDER_LIMIT = timedelta(days=30)


class Stage(StrEnum):
    BEFORE = "before"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Reminder:
    """`key` tells it from the adviser's other reminders: one event is sent for each key."""

    key: str
    event: Event


def _stage(due_on: date, on: date) -> Stage | None:
    if due_on - EXAM_REMINDER_LEAD <= on < due_on:
        return Stage.BEFORE
    return Stage.DEADLINE if due_on <= on <= due_on + LATE_REMINDER_LIMIT else None


def _exam_reminder(file: AdviserFile, lacking: list[Presentation], stage: Stage, on: date) -> Reminder:
    """`lacking` share one deadline. The present employer is told, so that it frees the adviser for the exam; so is the
    training organisation, whose duty it is to present the adviser to it."""
    due_on, completed = lacking[0].due_on, initial_training_completed(file)
    organisation = completed.request.organisation.id if completed else None
    known = {
        Recipient.ADVISER: True,
        Recipient.EMPLOYER: covering_contract(file.contracts, on) is not None,
        Recipient.TRAINING_ORGANISATION: organisation is not None,
    }
    event = Event(
        EventType.CERTIFICATION_DUE,
        Subject.ADVISER,
        file.adviser.id,
        1,
        file.adviser.id,
        organisation,
        {
            "exams": [
                {"qualification": item.qualification, "next_attempt_payer": item.next_attempt_payer} for item in lacking
            ],
            "due_on": due_on,
            "stage": stage,
        },
        tuple(item for item in email_recipients(EventType.CERTIFICATION_DUE) if known[item]),
    )
    return Reminder(f"{event.type}:{due_on}:{stage}", event)


def _expiring_right_reminders(file: AdviserFile, policy: Policy, on: date) -> Iterator[Reminder]:
    """Rights with a free unit that end soon, of an adviser in post who can still use them."""
    if not file.adviser.in_scheme or covering_contract(file.contracts, on) is None:
        return
    buckets = counting_buckets(file, policy, through=on.year)
    units = units_left(file, buckets)
    for bucket in buckets:
        left = units[bucket.name]
        if left > 0 and bucket.is_open(on) and bucket.last_day <= on + EXPIRY_WARNING_LEAD:
            event = Event(
                EventType.ENTITLEMENT_EXPIRING,
                Subject.ADVISER,
                file.adviser.id,
                1,
                file.adviser.id,
                None,
                {"bucket": bucket.name, "units": left, "expires_on": bucket.last_day, "rule": bucket.rule},
                email_recipients(EventType.ENTITLEMENT_EXPIRING),
            )
            yield Reminder(f"{event.type}:{bucket.name}", event)


def _entry_reminder_moment(duty: Obligation, on: date) -> str | None:
    """Before the policy's deadline to enter initial training, and on it; without any, every year as its end nears. None
    at any other time."""
    if duty.due_on is None:
        return str(on.year) if last_day(on.year) <= on + EXPIRY_WARNING_LEAD else None
    stage = _stage(duty.due_on, on)
    return f"{duty.due_on}:{stage}" if stage else None


def _initial_training_reminders(file: AdviserFile, policy: Policy, on: date) -> Iterator[Reminder]:
    """Initial training owed by an adviser not summoned to any. The employer is told, since it has to free them."""
    owed = initial_training_duty(file, policy, on) if file.entered_on is None else ()
    for duty in owed:
        moment = _entry_reminder_moment(duty, on)
        if moment is None or duty.status is ObligationStatus.EXCUSED:
            continue
        event = Event(
            EventType.INITIAL_TRAINING_OWED,
            Subject.ADVISER,
            file.adviser.id,
            1,
            file.adviser.id,
            None,
            {"since": duty.begins_on, "due_on": duty.due_on, "is_late": duty.status is ObligationStatus.LATE},
            email_recipients(EventType.INITIAL_TRAINING_OWED),
        )
        yield Reminder(f"{event.type}:{moment}", event)


def reminders(
    file: AdviserFile, qualifications: Iterable[Qualification], policy: Policy, on: date
) -> tuple[Reminder, ...]:
    """What the adviser should have been told by the end of the day `on`; `policy` is the version in force then."""
    presented = presentations(file, qualifications, policy, on)
    lacking = [item for item in presented if item.status is not PresentationStatus.MET]
    stage = _stage(lacking[0].due_on, on) if lacking else None
    about_exams = (_exam_reminder(file, lacking, stage, on),) if stage else ()
    return (
        *about_exams,
        *_expiring_right_reminders(file, policy, on),
        *_initial_training_reminders(file, policy, on),
    )
