"""Reminders of the initial training that an adviser in post owes (R10)."""

from dataclasses import replace

import pytest

from app.domain.events import Event, EventType, Recipient, Subject
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.registration_terms import Status
from app.domain.record.reminders import Reminder, reminders
from tests.domain_builders import (
    ADVISER_ID,
    a_contract,
    a_file,
    a_policy,
    an_initial_registration,
    day,
)

RECRUITED = a_contract(starts_on=day("2025-02-03"))
NOT_ENTERED = a_file(entered_on=None, contracts=(RECRUITED,))


def reminded_of(file: AdviserFile, on: str, months: int | None) -> tuple[Reminder, ...]:
    return reminders(file, (), a_policy(enter_within_months=months), day(on))


@pytest.mark.parametrize(
    ("on", "months", "expected"),
    [
        pytest.param("2025-10-31", None, [], id="not sixty-one days before the year's end"),
        pytest.param("2025-11-01", None, ["2025"], id="sixty days before it"),
        pytest.param("2025-12-31", None, ["2025"], id="until its last day"),
        pytest.param("2026-01-01", None, [], id="not on the next day"),
        pytest.param("2026-12-01", None, ["2026"], id="every year"),
        pytest.param("2025-07-03", 6, [], id="not thirty-one days before a deadline"),
        pytest.param("2025-07-04", 6, ["2025-08-03:before"], id="thirty days before it"),
        pytest.param("2025-08-03", 6, ["2025-08-03:deadline"], id="on it"),
        pytest.param("2025-09-02", 6, ["2025-08-03:deadline"], id="or as soon as possible"),
        pytest.param("2025-09-03", 6, [], id="not of one of another time"),
        pytest.param("2025-12-01", 6, [], id="nor at the year's end"),
    ],
)
def test_initial_training_is_recalled(on: str, months: int | None, expected: list[str]) -> None:
    actual = [item.key for item in reminded_of(NOT_ENTERED, on, months)]

    assert actual == [f"initial_training.owed:{moment}" for moment in expected]


@pytest.mark.parametrize(
    ("on", "months", "due_on", "is_late"),
    [
        pytest.param("2025-12-01", None, None, False, id="without a deadline"),
        pytest.param("2025-08-03", 6, "2025-08-03", False, id="on its day"),
        pytest.param("2025-08-04", 6, "2025-08-03", True, id="after it"),
    ],
)
def test_a_reminder_tells_since_when_and_by_when(
    on: str, months: int | None, due_on: str | None, *, is_late: bool
) -> None:
    (actual,) = reminded_of(NOT_ENTERED, on, months)

    assert actual.event == Event(
        EventType.INITIAL_TRAINING_OWED,
        Subject.ADVISER,
        ADVISER_ID,
        1,
        ADVISER_ID,
        None,
        {"since": day("2025-02-03"), "due_on": day(due_on) if due_on else None, "is_late": is_late},
        (Recipient.ADVISER, Recipient.EMPLOYER),
    )


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(replace(NOT_ENTERED, excused_periods=("initial_training",)), id="justified"),
        pytest.param(
            replace(NOT_ENTERED, registrations=(an_initial_registration(starts_on=day("2026-02-02")),)), id="summoned"
        ),
        pytest.param(replace(NOT_ENTERED, contracts=()), id="not in post"),
        pytest.param(replace(NOT_ENTERED, adviser=replace(NOT_ENTERED.adviser, in_scheme=False)), id="outside"),
    ],
)
def test_nobody_is_recalled_what_they_need_not_do(file: AdviserFile) -> None:
    assert reminded_of(file, "2025-12-01", None) == ()


def test_a_refused_summons_is_none() -> None:
    refused = an_initial_registration(starts_on=day("2026-02-02"), status=Status.REFUSED)

    assert len(reminded_of(replace(NOT_ENTERED, registrations=(refused,)), "2025-12-01", None)) == 1
