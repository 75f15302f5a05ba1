import pytest

from app.domain.facts.certification import (
    Certification,
    CertificationOutcome,
    NextAttemptPayer,
    Qualification,
    attempt_number,
    ccp1_obtained_by,
    next_attempt_payer,
)
from tests.domain_builders import CATIC, MEDIATEUR_CCP1, PIX, REMN, REMN_CCP1, REMN_CCP2, a_certification, day

OBTAINED = CertificationOutcome.OBTAINED
FAILED = CertificationOutcome.FAILED
EXCUSED = CertificationOutcome.ABSENT_JUSTIFIED
MISSED = CertificationOutcome.ABSENT_UNJUSTIFIED


@pytest.mark.parametrize(
    ("qualification", "expected"),
    [
        pytest.param(REMN_CCP1, True, id="the CCP1 of remn"),
        pytest.param(MEDIATEUR_CCP1, True, id="the CCP1 of mediateur-numerique"),
        pytest.param(REMN, True, id="a title that contains one"),
        pytest.param(REMN_CCP2, False, id="not the CCP2"),
        pytest.param(CATIC, False, id="not a certificate without one"),
        pytest.param(PIX, False, id="not Pix"),
    ],
)
def test_a_ccp1_is_included_in(qualification: Qualification, *, expected: bool) -> None:
    actual = ccp1_obtained_by((a_certification(qualification),), day("2025-04-01"))

    assert actual is expected


@pytest.mark.parametrize(
    ("certifications", "expected"),
    [
        pytest.param((a_certification(REMN_CCP1, on=day("2025-04-01")),), True, id="obtained that day"),
        pytest.param((a_certification(REMN_CCP1, on=day("2025-04-02")),), False, id="not obtained the next day"),
        pytest.param((a_certification(REMN_CCP1, outcome=FAILED),), False, id="not failed"),
        pytest.param((a_certification(REMN_CCP1, outcome=EXCUSED),), False, id="not missed"),
        pytest.param(
            (a_certification(REMN_CCP1, outcome=FAILED), a_certification(REMN_CCP1)), True, id="failed, then obtained"
        ),
        pytest.param((), False, id="not without any result"),
    ],
)
def test_a_ccp1_is_obtained_by_a_day(certifications: tuple[Certification, ...], *, expected: bool) -> None:
    actual = ccp1_obtained_by(certifications, day("2025-04-01"))

    assert actual is expected


@pytest.mark.parametrize(
    ("qualification", "on", "expected"),
    [
        pytest.param(REMN_CCP1, "2019-07-12", False, id="not before its first day"),
        pytest.param(REMN_CCP1, "2019-07-13", True, id="on its first day"),
        pytest.param(REMN_CCP1, "2025-07-12", True, id="on its last day"),
        pytest.param(REMN_CCP1, "2025-07-13", False, id="not after its last day"),
        pytest.param(MEDIATEUR_CCP1, "2025-07-12", False, id="not before a beginning without end"),
        pytest.param(MEDIATEUR_CCP1, "2199-12-31", True, id="for ever without end"),
        pytest.param(PIX, "1999-01-01", True, id="always without dates"),
    ],
)
def test_a_title_is_delivered_on_its_days(qualification: Qualification, on: str, *, expected: bool) -> None:
    actual = qualification.is_delivered_on(day(on))

    assert actual is expected


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(OBTAINED, True, id="obtained"),
        pytest.param(FAILED, True, id="failed"),
        pytest.param(EXCUSED, False, id="not missed with a motive"),
        pytest.param(MISSED, False, id="not missed without"),
    ],
)
def test_an_exam_is_presented_whatever_its_result(outcome: CertificationOutcome, *, expected: bool) -> None:
    actual = a_certification(outcome=outcome).is_presented

    assert actual is expected


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        pytest.param((), 1, id="the first"),
        pytest.param((FAILED,), 2, id="after a failure"),
        pytest.param((MISSED,), 2, id="after an unjustified absence"),
        pytest.param((EXCUSED, EXCUSED), 1, id="still the first after justified absences"),
        pytest.param((FAILED, EXCUSED, MISSED), 3, id="after all of them"),
    ],
)
def test_an_attempt_has_a_number(earlier: tuple[CertificationOutcome, ...], expected: int) -> None:
    actual = attempt_number(earlier)

    assert actual == expected


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(OBTAINED, None, id="nobody once obtained"),
        pytest.param(EXCUSED, NextAttemptPayer.STATE, id="the State after a justified absence"),
        pytest.param(MISSED, NextAttemptPayer.EMPLOYER, id="the employer after an unjustified one"),
        pytest.param(FAILED, NextAttemptPayer.EMPLOYER, id="the employer after a failure"),
    ],
)
def test_the_result_tells_who_pays_the_next_attempt(
    outcome: CertificationOutcome, expected: NextAttemptPayer | None
) -> None:
    actual = next_attempt_payer(outcome)

    assert actual is expected
