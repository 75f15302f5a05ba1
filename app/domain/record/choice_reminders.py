"""The one reminder of a choice over quota that waits for its adviser's answer (section 4.4)."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from app.domain.decisions.refusals import Reason, Refusal
from app.domain.events import EventType
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.domain.facts.registration_terms import RegistrationId, Status
from app.domain.record.reminders import Reminder
from app.domain.registration_events import registration_event

OVER_QUOTA = (Refusal(Reason.MODULE_QUOTA_EXCEEDED),)


def choice_reminders(
    file: AdviserFile, asked_on: Mapping[RegistrationId, date], policies: Policies, on: date
) -> Iterator[Reminder]:
    """The choices that the adviser should have been reminded of by the end of the day `on`; `asked_on` is the day each
    was asked.

    `remind_days` days before the session's first day, by the policy of that day, or as soon after as a worker runs; as
    long as an answer is possible. Who was asked later than that is reminded the next day, never on the same.
    """
    for registration in file.registrations:
        asked = asked_on.get(registration.id)
        if asked is None or registration.status is not Status.AWAITING_CHOICE:
            continue
        quota = policies.on(registration.first_day).over_quota
        due_on = registration.first_day - timedelta(days=quota.remind_days)
        if due_on <= on and asked < on <= quota.last_reply(registration.first_day, asked):
            event = registration_event(
                EventType.REGISTRATION_CHOICE_REMINDED, file.adviser.id, registration, OVER_QUOTA
            )
            yield Reminder(f"{event.type}:{registration.id}", event)
