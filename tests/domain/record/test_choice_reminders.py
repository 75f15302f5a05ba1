"""An unanswered choice over quota is recalled once (section 4.4)."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.events import EventType, Recipient
from app.domain.facts.policy import OverQuota, Policies
from app.domain.facts.registration import Registration
from app.domain.record.choice_reminders import choice_reminders
from app.domain.record.reminders import Reminder
from tests.domain_builders import (
    POLICY,
    a_file,
    a_policy,
    a_registration,
    a_waiting_registration,
    day,
    registration_id,
)

WAITING = a_waiting_registration(7)  # for a session of 2025-05-13
LONG_AGO = day("2025-04-01")


def reminders_on(
    on: date, *, asked: date = LONG_AGO, registration: Registration = WAITING, policies: Policies | None = None
) -> list[Reminder]:
    file = a_file(registrations=(registration,))
    return [*choice_reminders(file, {registration.id: asked}, policies or Policies((POLICY,)), on)]


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ("2025-05-05", False),
        ("2025-05-06", True),
        ("2025-05-07", True),  # no worker ran the day before
        ("2025-05-12", True),
        ("2025-05-13", False),  # its session starts
        ("2025-06-13", False),
    ],
)
def test_from_seven_days_before_the_first_day_until_its_eve(on: str, told: bool) -> None:  # noqa: FBT001  # a parameter
    assert bool(reminders_on(day(on))) is told


@pytest.mark.parametrize(
    ("asked", "on", "told"), [("2025-05-08", "2025-05-08", False), ("2025-05-08", "2025-05-09", True)]
)
def test_never_on_the_day_of_the_question_itself(asked: str, on: str, told: bool) -> None:  # noqa: FBT001  # a parameter
    assert bool(reminders_on(day(on), asked=day(asked))) is told


def test_the_policy_of_the_first_day_says_how_long_before() -> None:
    later = replace(a_policy(effective_from=day("2025-05-13")), over_quota=OverQuota(None, remind_days=2))
    policies = Policies((POLICY, later))

    assert not reminders_on(day("2025-05-10"), policies=policies)
    assert reminders_on(day("2025-05-11"), policies=policies)


def test_no_answer_is_asked_for_when_it_is_too_late_to_give_one() -> None:
    policies = Policies((replace(POLICY, over_quota=OverQuota(reply_days=40, remind_days=7)),))

    assert reminders_on(day("2025-05-11"), policies=policies)  # the fortieth day
    assert not reminders_on(day("2025-05-12"), policies=policies)


@pytest.mark.parametrize("answered", [a_registration(7, unit="civil_year:2025#1"), a_registration(7)])
def test_what_waits_no_more_is_not_recalled(answered: Registration) -> None:
    assert not reminders_on(day("2025-05-06"), registration=answered)


def test_what_nobody_was_asked_is_not_recalled() -> None:
    file = a_file(registrations=(WAITING,))

    assert not [*choice_reminders(file, {}, Policies((POLICY,)), day("2025-05-06"))]


def test_it_is_between_the_adviser_and_the_platform_and_has_one_key_for_each_registration() -> None:
    (reminder,) = reminders_on(day("2025-05-06"))

    event = reminder.event
    assert reminder.key == f"registration.choice_reminded:{registration_id(7)}"
    assert (event.type, event.subject_id) == (EventType.REGISTRATION_CHOICE_REMINDED, registration_id(7))
    assert (event.recipients, event.training_organisation_id) == ((Recipient.ADVISER,), None)
    assert event.data["reasons"] == ["module_quota_exceeded"]
