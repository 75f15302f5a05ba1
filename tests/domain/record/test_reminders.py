from collections.abc import Mapping
from typing import Any

import pytest

from app.domain.events import Event, EventType, Recipient, Subject
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import CertificationOutcome, NextAttemptPayer
from app.domain.facts.registration_terms import Status
from app.domain.record.reminders import Reminder, Stage, reminders
from tests.domain_builders import (
    ADVISER_ID,
    CATIC,
    ORGANISATION_ID,
    PIX,
    POLICY,
    REMN_CCP1,
    a_certification,
    a_contract,
    a_file,
    a_registration,
    a_request,
    an_initial_registration,
    day,
)

ADVISER, EMPLOYER, ORGANISATION, _ = Recipient
EXAMS = (REMN_CCP1, PIX)
DUE_ON = "2025-05-20"  # two months after the end
TRAINED: Mapping[str, Any] = {"entered_on": day("2024-10-07"), "ended_on": day("2025-03-20")}
ENTERED = day("2024-04-15")
USED = a_registration(1, a_request(day("2025-02-10")), status=Status.COMPLETED, unit="civil_year:2025#1")


def reminded_of(file: AdviserFile, on: str) -> list[str]:
    return [item.key for item in reminders(file, EXAMS, POLICY, day(on))]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        pytest.param("2025-04-19", [], id="nothing thirty-one days before"),
        pytest.param("2025-04-20", ["certification.due:2025-05-20:before"], id="thirty days before"),
        pytest.param("2025-05-19", ["certification.due:2025-05-20:before"], id="until the eve"),
        pytest.param("2025-05-20", ["certification.due:2025-05-20:deadline"], id="at the deadline"),
        pytest.param("2025-06-19", ["certification.due:2025-05-20:deadline"], id="as soon as possible after it"),
        pytest.param("2025-06-20", [], id="nothing of a deadline of another time"),
    ],
)
def test_exams_are_recalled(on: str, expected: list[str]) -> None:
    actual = reminded_of(a_file(**TRAINED), on)

    assert actual == expected


def test_a_reminder_tells_the_exams_that_lack_and_who_pays_them() -> None:
    missed = a_certification(PIX, outcome=CertificationOutcome.ABSENT_UNJUSTIFIED, on=day("2025-04-02"))
    file = a_file(**TRAINED, certifications=(missed,))

    actual = reminders(file, EXAMS, POLICY, day(DUE_ON))

    event = Event(
        EventType.CERTIFICATION_DUE,
        Subject.ADVISER,
        ADVISER_ID,
        1,
        ADVISER_ID,
        None,
        {
            "exams": [
                {"qualification": "remn-ccp1", "next_attempt_payer": NextAttemptPayer.STATE},
                {"qualification": "pix", "next_attempt_payer": NextAttemptPayer.EMPLOYER},
            ],
            "due_on": day(DUE_ON),
            "stage": Stage.DEADLINE,
        },
        (ADVISER, EMPLOYER),
    )
    assert actual == (Reminder("certification.due:2025-05-20:deadline", event),)


def test_an_exam_presented_is_recalled_no_more() -> None:
    file = a_file(**TRAINED, certifications=(a_certification(REMN_CCP1),))

    (actual,) = reminders(file, EXAMS, POLICY, day(DUE_ON))

    assert [exam["qualification"] for exam in actual.event.data["exams"]] == ["pix"]  # type: ignore[attr-defined]  # a list


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(
            a_file(**TRAINED, certifications=(a_certification(REMN_CCP1), a_certification(PIX))), id="all presented"
        ),
        pytest.param(a_file(entered_on=ENTERED), id="initial training not ended"),
        pytest.param(a_file(entered_on=None, certifications=(a_certification(CATIC),)), id="exempt"),
        pytest.param(a_file(**TRAINED, in_scheme=False), id="outside the scheme"),
    ],
)
def test_no_exam_is_recalled(file: AdviserFile) -> None:
    actual = reminded_of(file, DUE_ON)

    assert actual == []


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "expected"),
    [
        pytest.param("2024-10-07", "2025-05-20", (ADVISER, EMPLOYER), id="the employer on the last day of the post"),
        pytest.param("2024-10-07", "2025-05-19", (ADVISER,), id="not a former employer"),
        pytest.param("2025-05-20", None, (ADVISER, EMPLOYER), id="the employer on the first day"),
    ],
)
def test_exams_are_recalled_to(starts_on: str, ends_on: str | None, expected: tuple[Recipient, ...]) -> None:
    contract = a_contract(starts_on=day(starts_on), ends_on=day(ends_on) if ends_on else None)

    (actual,) = reminders(a_file(**TRAINED, contracts=(contract,)), EXAMS, POLICY, day(DUE_ON))

    assert actual.event.recipients == expected


def test_exams_are_recalled_to_whoever_gave_the_training() -> None:
    training = an_initial_registration(1, day("2024-10-07"), ends_on=day("2025-03-20"), status=Status.COMPLETED)

    (actual,) = reminders(a_file(entered_on=None, registrations=(training,)), EXAMS, POLICY, day(DUE_ON))

    assert actual.event.training_organisation_id == ORGANISATION_ID
    assert actual.event.recipients == (ADVISER, EMPLOYER, ORGANISATION)


@pytest.mark.parametrize(
    ("file", "on", "expected"),
    [
        pytest.param(a_file(), "2025-10-31", [], id="nothing sixty-one days before"),
        pytest.param(a_file(), "2025-11-01", ["civil_year:2025"], id="sixty days before"),
        pytest.param(a_file(), "2025-12-31", ["civil_year:2025"], id="until the last day"),
        pytest.param(a_file(), "2026-01-01", [], id="not after it"),
        pytest.param(a_file(), "2025-01-30", ["civil_year:2024"], id="the year in grace"),
        pytest.param(a_file(registrations=(USED,)), "2025-12-31", [], id="not one that is used"),
        pytest.param(a_file(in_scheme=False), "2025-12-31", [], id="nothing outside the scheme"),
        pytest.param(a_file(contracts=(a_contract(ends_on=day("2025-12-30")),)), "2025-12-31", [], id="not in post"),
        pytest.param(
            a_file(contracts=(a_contract(ends_on=day("2025-12-30")),)),
            "2025-12-30",
            ["civil_year:2025"],
            id="on the last day in post",
        ),
        pytest.param(a_file(entered_on=ENTERED), "2025-02-14", ["first_year"], id="the first year's"),
        pytest.param(a_file(entered_on=ENTERED), "2025-02-13", [], id="not the first year's sooner"),
        pytest.param(
            a_file(entered_on=day("2024-11-20")), "2025-11-20", ["first_year"], id="not one that is not open yet"
        ),
        pytest.param(
            a_file(entered_on=day("2024-11-20")), "2025-11-21", ["civil_year:2025"], id="a short one from its first day"
        ),
        pytest.param(
            a_file(carry_overs={"civil_year:2024": 1}),
            "2025-12-01",
            ["civil_year:2025", "carry_over:civil_year:2024"],
            id="what was carried over, too",
        ),
        pytest.param(a_file(carry_overs={"civil_year:2025": 1}), "2025-12-01", [], id="not what was carried away"),
    ],
)
def test_the_rights_about_to_be_lost_are(file: AdviserFile, on: str, expected: list[str]) -> None:
    actual = reminded_of(file, on)

    assert actual == [f"entitlement.expiring:{bucket}" for bucket in expected]


def test_a_warning_tells_the_units_left_and_the_last_day() -> None:
    held = a_registration(1, a_request(day("2024-06-10")), unit="first_year#2")
    file = a_file(entered_on=ENTERED, registrations=(held,))

    actual = reminders(file, EXAMS, POLICY, day("2025-04-15"))

    event = Event(
        EventType.ENTITLEMENT_EXPIRING,
        Subject.ADVISER,
        ADVISER_ID,
        1,
        ADVISER_ID,
        None,
        {"bucket": "first_year", "units": 1, "expires_on": day("2025-04-15"), "rule": "R20"},
        (ADVISER,),
    )
    assert actual == (Reminder("entitlement.expiring:first_year", event),)


def test_exams_and_rights_are_told_together() -> None:
    file = a_file(entered_on=day("2025-03-03"), ended_on=day("2025-10-31"), certifications=(a_certification(CATIC),))

    actual = reminded_of(file, "2026-01-05")

    assert actual == ["certification.due:2025-12-31:deadline", "entitlement.expiring:first_year"]
