from dataclasses import replace
from datetime import date

import pytest

from app.domain.errors import AlreadyAnnulled, Conflict, ResultExists
from app.domain.facts.calendar import Dated
from app.domain.facts.certification import Certification, CertificationOutcome, Qualification
from app.domain.facts.policy import Policies
from app.domain.record.exam_results import attempt_numbers, check_counts, check_motive, check_result
from app.domain.statement_errors import ImplausibleDate, MotiveNotValid, TitleNotDelivered
from tests.domain_builders import MEDIATEUR_CCP1, PIX, POLICY, REMN_CCP1, a_certification, a_file, day

OBTAINED, FAILED, EXCUSED, MISSED = CertificationOutcome
MOTIVES: tuple[Dated[tuple[str, ...]], ...] = (
    Dated(day("2021-01-01"), ("medical_certificate", "force_majeure", "covid_positive_test")),
    Dated(day("2023-11-29"), ("medical_certificate", "force_majeure")),
)
POLICIES = Policies((replace(POLICY, certification=replace(POLICY.certification, valid_absence_motives=MOTIVES)),))
TODAY = day("2026-06-15")


def sat(on: str, outcome: CertificationOutcome = OBTAINED, qualification: Qualification = REMN_CCP1) -> Certification:
    return a_certification(qualification, outcome=outcome, on=day(on))


def refusal(result: Certification, motive: str | None = None, *recorded: Certification) -> type[Conflict] | None:
    try:
        check_result(result, motive, a_file(certifications=recorded), POLICIES, today=TODAY)
    except Conflict as conflict:
        return type(conflict)
    return None


@pytest.mark.parametrize(
    ("result", "motive", "expected"),
    [
        pytest.param(sat("2026-06-15", FAILED), None, None, id="of today"),
        pytest.param(sat("2026-06-16", FAILED), None, ImplausibleDate, id="of tomorrow"),
        pytest.param(sat("2026-06-16"), None, ImplausibleDate, id="of tomorrow, when the title is over too"),
        pytest.param(sat("2019-07-13"), None, None, id="a title on its first day"),
        pytest.param(sat("2019-07-12"), None, TitleNotDelivered, id="a title before its first day"),
        pytest.param(sat("2025-07-12"), None, None, id="a title on its last day"),
        pytest.param(sat("2025-07-13"), None, TitleNotDelivered, id="a title after its last day"),
        pytest.param(sat("2025-07-13", FAILED), None, None, id="an exam failed after the last day"),
        pytest.param(sat("2025-07-13", MISSED), None, None, id="an exam missed after the last day"),
        pytest.param(sat("1999-01-01", OBTAINED, PIX), None, None, id="a certificate without dates"),
        pytest.param(sat("2025-07-12", OBTAINED, MEDIATEUR_CCP1), None, TitleNotDelivered, id="a title to come"),
        pytest.param(sat("2025-02-12", EXCUSED), None, MotiveNotValid, id="a justified absence without its motive"),
        pytest.param(sat("2025-02-12", EXCUSED), "medical_certificate", None, id="a justified absence with one"),
    ],
)
def test_a_result_is_refused(result: Certification, motive: str | None, expected: type[Conflict] | None) -> None:
    assert refusal(result, motive) is expected


def test_a_result_that_is_refused_says_why() -> None:
    with pytest.raises(ImplausibleDate) as to_come:
        check_result(sat("2026-06-16"), None, a_file(), POLICIES, today=TODAY)
    with pytest.raises(TitleNotDelivered) as over:
        check_result(sat("2025-07-13"), None, a_file(), POLICIES, today=TODAY)
    with pytest.raises(ResultExists) as exists:
        check_result(sat("2025-03-12"), None, a_file(certifications=(sat("2025-03-12"),)), POLICIES, today=TODAY)

    assert (to_come.value.pointer, to_come.value.latest) == ("/on", TODAY)
    assert (over.value.valid_from, over.value.valid_until) == (day("2019-07-13"), day("2025-07-12"))
    assert (exists.value.qualification, exists.value.on) == ("remn-ccp1", day("2025-03-12"))


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        pytest.param(sat("2025-03-12", FAILED), ResultExists, id="that contradicts it"),
        pytest.param(sat("2025-03-12"), ResultExists, id="that says the same"),
        pytest.param(sat("2025-03-13"), None, id="of another day"),
        pytest.param(sat("2025-03-12", OBTAINED, PIX), None, id="of another title"),
    ],
)
def test_one_result_of_a_title_and_a_day_counts_beside_one(
    recorded: Certification, expected: type[Conflict] | None
) -> None:
    assert refusal(sat("2025-03-12"), None, recorded) is expected


@pytest.mark.parametrize(
    ("outcome", "motive", "on", "valid"),
    [
        (EXCUSED, "medical_certificate", "2026-06-01", True),
        (EXCUSED, "force_majeure", "2026-06-01", True),
        (EXCUSED, "covid_positive_test", "2023-11-28", True),
        (EXCUSED, "covid_positive_test", "2023-11-29", False),
        (EXCUSED, None, "2026-06-01", False),
        (EXCUSED, "grippe", "2026-06-01", False),
        (OBTAINED, None, "2026-06-01", True),
        (MISSED, None, "2026-06-01", True),
        (OBTAINED, "force_majeure", "2026-06-01", False),
        (FAILED, "force_majeure", "2026-06-01", False),
        (MISSED, "force_majeure", "2026-06-01", False),
    ],
)
def test_a_motive_goes_with_a_justified_absence_and_is_valid_on_its_day(
    outcome: CertificationOutcome, motive: str | None, on: str, *, valid: bool
) -> None:
    result = sat(on, outcome, PIX)

    if valid:
        check_motive(result, motive, POLICIES)
    else:
        with pytest.raises(MotiveNotValid) as refused:
            check_motive(result, motive, POLICIES)
        assert refused.value.motive == motive
        assert "force_majeure" in refused.value.valid


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([FAILED, MISSED, OBTAINED], [1, 2, 3], id="each counts"),
        pytest.param([EXCUSED, EXCUSED, FAILED, EXCUSED, OBTAINED], [1, 1, 1, 2, 2], id="but justified absences"),
    ],
)
def test_attempts_are_numbered_in_their_order(outcomes: list[CertificationOutcome], expected: list[int]) -> None:
    assert [*attempt_numbers(outcomes)] == expected


@pytest.mark.parametrize("annulled_on", [None, day("2026-06-01")])
def test_a_result_is_annulled_once(annulled_on: date | None) -> None:
    if annulled_on is None:
        check_counts(annulled_on)
    else:
        with pytest.raises(AlreadyAnnulled) as refused:
            check_counts(annulled_on)
        assert refused.value.annulled_on == annulled_on
