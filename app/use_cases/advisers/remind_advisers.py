"""Check every adviser once a day, and announce what is due, about to be lost, or unanswered (sections 4.4
and 6, R27)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from app.domain.events import Event
from app.domain.facts.calendar import civil_date
from app.domain.record.choice_reminders import choice_reminders
from app.domain.record.reminders import reminders
from app.persistence.administration.policies import read_policies
from app.persistence.advisers import advisers
from app.persistence.advisers.adviser_files import read_files
from app.persistence.advisers.reminders import awaited_choices, claim_round, insert_new_reminders, record_progress
from app.persistence.catalogue import read_qualifications
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.transaction_errors import CommitOutcomeUnknown
from app.persistence.registrations import registrations
from app.persistence.registrations.registrations import Changes
from app.use_cases.changes.changes_as_rows import event_row

BATCH = 100


DueReminders = dict[tuple[UUID, str], tuple[Event, UUID | None]]


async def _due_reminders(tx: Transaction, ids: Sequence[UUID], day: date) -> DueReminders:
    """By adviser and key, the reminders that these advisers must have had by the end of `day`, each with the decision
    that its personal link answers."""
    qualifications, policies = await read_qualifications(tx), await read_policies(tx)
    choices = {row["registration_id"]: row for row in await awaited_choices(tx, ids)}
    asked_on = {registration: row["asked_on"] for registration, row in choices.items()}
    return {
        (file.adviser.id, reminder.key): (reminder.event, _decision_of(reminder.event, choices))
        for file in await read_files(tx, ids)
        for reminder in (
            *reminders(file, qualifications, policies.on(day), day),
            *choice_reminders(file, asked_on, policies, day),
        )
    }


def _decision_of(event: Event, choices: Mapping[UUID, Row]) -> UUID | None:
    return choices[event.subject_id]["decision_id"] if event.subject_id in choices else None


async def remind_next_batch(database: Database, now: datetime) -> bool:
    """Remind the next batch of advisers of the civil date in Paris; return whether others follow.

    Any number of processes may call it: only one has the round, a process that dies leaves its batch to the next, and
    reminders are stored in the same transaction as their events.
    """
    day = civil_date(now)
    try:
        async with database.transaction() as tx:
            reached = await claim_round(tx, day)
            if reached is None:
                return False
            ids = await advisers.list_ids(tx, after=reached, limit=BATCH)
            due = await _due_reminders(tx, ids, day) if ids else {}
            new = await insert_new_reminders(tx, [*due], now)
            events = [event_row(event, now, decision) for named, (event, decision) in due.items() if named in new]
            await registrations.write(tx, Changes(events=events))
            await record_progress(tx, ids[-1] if len(ids) == BATCH else None)
            return len(ids) == BATCH
    except CommitOutcomeUnknown:
        return True  # written or not, the next batch goes on from what is stored
