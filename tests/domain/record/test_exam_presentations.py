from datetime import date

import pytest

from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import (
    Certification,
    CertificationOutcome,
    NextAttemptPayer,
    Qualification,
    QualificationCode,
)
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Status
from app.domain.record.exam_presentations import (
    Presentation,
    PresentationStatus,
    initial_training_completed,
    initial_training_ended_on,
    presentations,
)
from tests.domain_builders import (
    CATIC,
    MEDIATEUR_CCP1,
    PIX,
    POLICY,
    REMN,
    REMN_CCP1,
    REMN_CCP2,
    a_certification,
    a_file,
    a_registration,
    a_request,
    an_initial_registration,
    day,
)

CATALOGUE = (REMN_CCP1, REMN_CCP2, REMN, MEDIATEUR_CCP1, CATIC, PIX)
STATE, EMPLOYER = NextAttemptPayer
OBTAINED, FAILED, EXCUSED, MISSED = CertificationOutcome
ENDED = day("2025-06-20")
COMPLETED = an_initial_registration(1, day("2025-03-03"), ends_on=ENDED, status=Status.COMPLETED)
LATER = an_initial_registration(2, day("2025-09-15"), ends_on=day("2025-12-19"), status=Status.COMPLETED)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param(a_file(entered_on=None), None, id="none without any"),
        pytest.param(a_file(), None, id="none while the imported one lasts"),
        pytest.param(a_file(ended_on=day("2022-07-01")), day("2022-07-01"), id="imported"),
        pytest.param(a_file(entered_on=None, registrations=(COMPLETED,)), ENDED, id="completed here"),
        pytest.param(a_file(registrations=(an_initial_registration(),)), None, id="none while accepted only"),
        pytest.param(a_file(registrations=(a_registration(status=Status.COMPLETED),)), None, id="none of a module"),
        pytest.param(a_file(ended_on=day("2022-07-01"), registrations=(COMPLETED,)), ENDED, id="the last of both"),
        pytest.param(a_file(registrations=(LATER, COMPLETED)), day("2025-12-19"), id="the last of several"),
    ],
)
def test_the_end_of_initial_training_is(file: AdviserFile, expected: date | None) -> None:
    actual = initial_training_ended_on(file)

    assert actual == expected


@pytest.mark.parametrize(
    ("ended_on", "expected"),
    [
        pytest.param("2023-12-31", "2024-06-30", id="six months until the exits of 2023"),
        pytest.param("2024-01-01", "2024-03-01", id="two months from those of 2024"),
        pytest.param("2025-06-20", "2025-08-20", id="two months since"),
    ],
)
def test_exams_are_presented_within_months_of_the_end(ended_on: str, expected: str) -> None:
    actual = presentations(a_file(ended_on=day(ended_on)), CATALOGUE, POLICY, day(ended_on))

    assert actual == (
        Presentation(QualificationCode("remn-ccp1"), day(expected), PresentationStatus.DUE, STATE),
        Presentation(QualificationCode("pix"), day(expected), PresentationStatus.DUE, STATE),
    )


@pytest.mark.parametrize(
    ("ended_on", "expected"),
    [
        pytest.param("2025-07-12", ["remn-ccp1", "pix"], id="the former one on its last day"),
        pytest.param("2025-07-13", ["mediateur-numerique-ccp1", "pix"], id="the new one on its first day"),
    ],
)
def test_the_ccp1_asked_is_the_one_delivered_at_the_end(ended_on: str, expected: list[str]) -> None:
    actual = presentations(a_file(ended_on=day(ended_on)), CATALOGUE, POLICY, day("2025-08-01"))

    assert [item.qualification for item in actual] == expected


def test_who_has_no_initial_training_to_end_owes_nothing() -> None:
    exempt = a_file(entered_on=None, certifications=(a_certification(CATIC),))

    actual = presentations(exempt, CATALOGUE, POLICY, day("2025-08-01"))

    assert actual == ()


@pytest.mark.parametrize(
    ("certifications", "on", "expected"),
    [
        pytest.param((), "2025-08-20", ["due", "due"], id="due until the last day"),
        pytest.param((), "2025-08-21", ["overdue", "overdue"], id="overdue after it"),
        pytest.param((a_certification(REMN_CCP1),), "2025-08-20", ["met", "due"], id="met by the CCP1"),
        pytest.param((a_certification(MEDIATEUR_CCP1),), "2025-08-20", ["met", "due"], id="met by another CCP1"),
        pytest.param((a_certification(REMN),), "2025-08-20", ["met", "due"], id="met by a title"),
        pytest.param((a_certification(CATIC),), "2025-08-20", ["due", "due"], id="not met by another certificate"),
        pytest.param((a_certification(PIX),), "2025-08-20", ["due", "met"], id="met by Pix"),
        pytest.param((a_certification(PIX),), "2025-08-21", ["overdue", "met"], id="met for ever"),
        pytest.param(
            (a_certification(REMN_CCP1, outcome=CertificationOutcome.FAILED, on=day("2025-07-01")),),
            "2025-08-21",
            ["met", "overdue"],
            id="met though failed",
        ),
        pytest.param(
            (a_certification(PIX, outcome=CertificationOutcome.ABSENT_JUSTIFIED),),
            "2025-08-20",
            ["due", "due"],
            id="not met when missed with a motive",
        ),
        pytest.param(
            (a_certification(PIX, outcome=CertificationOutcome.ABSENT_UNJUSTIFIED),),
            "2025-08-21",
            ["overdue", "overdue"],
            id="not met when missed without",
        ),
    ],
)
def test_the_exams_are(certifications: tuple[Certification, ...], on: str, expected: list[str]) -> None:
    file = a_file(ended_on=ENDED, certifications=certifications)

    actual = presentations(file, CATALOGUE, POLICY, day(on))

    assert [item.status for item in actual] == expected


def test_the_end_that_counts_is_the_session_s_last_day() -> None:
    file = a_file(entered_on=None, registrations=(COMPLETED, a_registration(2, a_request(), status=Status.COMPLETED)))

    actual = presentations(file, (PIX,), POLICY, day("2025-08-20"))

    assert actual == (Presentation(QualificationCode("pix"), day("2025-08-20"), PresentationStatus.DUE, STATE),)


def test_a_mediator_outside_the_scheme_owes_nothing() -> None:
    actual = presentations(a_file(ended_on=ENDED, in_scheme=False), CATALOGUE, POLICY, ENDED)

    assert actual == ()


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param(a_file(), None, id="none when it was imported"),
        pytest.param(a_file(registrations=(an_initial_registration(),)), None, id="none while accepted only"),
        pytest.param(a_file(registrations=(COMPLETED,)), COMPLETED, id="the one completed"),
        pytest.param(a_file(registrations=(LATER, COMPLETED)), LATER, id="the one that ended last"),
    ],
)
def test_the_registration_that_completed_initial_training_is(file: AdviserFile, expected: Registration | None) -> None:
    assert initial_training_completed(file) is expected


@pytest.mark.parametrize(
    ("results", "status", "payer"),
    [
        pytest.param((("2019-05-14", OBTAINED),), "met", None, id="a certificate obtained long before"),
        pytest.param((("2022-03-13", FAILED),), "due", STATE, id="not an exam failed on the eve of the entry"),
        pytest.param((("2022-03-14", FAILED),), "met", EMPLOYER, id="an exam failed on the day of the entry"),
        pytest.param((("2022-03-13", MISSED),), "due", STATE, id="not an absence on the eve of the entry"),
        pytest.param((("2022-03-14", MISSED),), "due", EMPLOYER, id="an absence since, but for its price"),
        pytest.param(
            (("2020-06-17", FAILED), ("2025-07-01", FAILED)), "met", EMPLOYER, id="one failed after one before"
        ),
    ],
)
def test_what_counts_of_before_the_entry_is(
    results: tuple[tuple[str, CertificationOutcome], ...], status: str, payer: NextAttemptPayer | None
) -> None:
    """Entered on 2022-03-14, ended on 2025-06-20."""
    sat_for = tuple(sat(on, outcome, PIX) for on, outcome in results)
    file = a_file(ended_on=ENDED, certifications=sat_for)

    (actual,) = presentations(file, (PIX,), POLICY, ENDED)

    assert (actual.status, actual.next_attempt_payer) == (status, payer)


def sat(on: str, outcome: CertificationOutcome, qualification: Qualification = REMN_CCP1) -> Certification:
    return a_certification(qualification, outcome=outcome, on=day(on))


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        pytest.param((), STATE, id="the State for the first attempt"),
        pytest.param((sat("2025-07-01", FAILED),), EMPLOYER, id="the employer after a failure"),
        pytest.param((sat("2025-07-01", MISSED),), EMPLOYER, id="the employer after an unjustified absence"),
        pytest.param((sat("2025-07-01", EXCUSED),), STATE, id="the State after a justified one"),
        pytest.param((sat("2025-07-01", FAILED), sat("2025-07-02", EXCUSED)), STATE, id="as the latest says"),
        pytest.param((sat("2025-07-02", EXCUSED), sat("2025-07-01", FAILED)), STATE, id="in whichever order"),
        pytest.param((sat("2025-07-01", EXCUSED), sat("2025-07-02", MISSED)), EMPLOYER, id="the later costs"),
        pytest.param((sat("2025-07-01", MISSED), sat("2025-07-01", EXCUSED)), EMPLOYER, id="the dearer of one day"),
        pytest.param((sat("2025-07-01", EXCUSED), sat("2025-07-01", MISSED)), EMPLOYER, id="the dearer, again"),
        pytest.param((sat("2025-07-01", OBTAINED),), None, id="nobody once obtained"),
        pytest.param((sat("2025-07-01", OBTAINED), sat("2025-07-02", FAILED)), None, id="nobody ever after"),
        pytest.param((sat("2025-07-01", FAILED, MEDIATEUR_CCP1),), EMPLOYER, id="as another title's CCP1 says"),
        pytest.param((sat("2025-07-01", FAILED, PIX),), STATE, id="not as another exam says"),
    ],
)
def test_the_next_attempt_is_paid_by(results: tuple[Certification, ...], expected: NextAttemptPayer | None) -> None:
    file = a_file(ended_on=ENDED, certifications=results)

    (actual,) = presentations(file, (REMN_CCP1,), POLICY, ENDED)

    assert actual.next_attempt_payer is expected
