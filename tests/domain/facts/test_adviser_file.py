from dataclasses import replace
from datetime import date

import pytest

from app.domain.facts.certification import Certification, CertificationOutcome, Qualification
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Status
from tests.domain_builders import (
    CATIC,
    FIRST_DAY,
    INITIAL,
    MEDIATEUR_CCP1,
    PIX,
    REMN,
    REMN_CCP1,
    REMN_CCP2,
    a_certification,
    a_file,
    a_module,
    a_registration,
    a_request,
    a_session,
    an_initial_registration,
    day,
    registration_id,
)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(Status.ACCEPTED, (FIRST_DAY,), id="accepted"),
        pytest.param(Status.COMPLETED, (FIRST_DAY,), id="completed"),
        pytest.param(Status.REFUSED, (), id="not refused"),
        pytest.param(Status.AWAITING_CHOICE, (), id="not waiting"),
        pytest.param(Status.CANCELLED, (), id="not cancelled"),
        pytest.param(Status.ABSENT_JUSTIFIED, (), id="not missed with a motive"),
        pytest.param(Status.ABSENT_UNJUSTIFIED, (), id="not missed without"),
    ],
)
def test_an_initial_training_is_an_entry_when(status: Status, expected: tuple[date, ...]) -> None:
    file = a_file(entered_on=None, registrations=(an_initial_registration(status=status),))

    actual = file.entries

    assert actual == expected


def test_a_thematic_module_is_no_entry() -> None:
    file = a_file(entered_on=None, registrations=(a_registration(),))

    actual = file.entries

    assert actual == ()


def test_every_entry_is_known_imported_and_registered() -> None:
    file = a_file(
        entered_on=day("2024-04-15"),
        registrations=(
            an_initial_registration(1, day("2025-09-15"), status=Status.COMPLETED),
            an_initial_registration(2, day("2023-02-06")),
        ),
    )

    actual = (file.entries, file.entered_on)

    assert actual == ((day("2024-04-15"), day("2025-09-15"), day("2023-02-06")), day("2023-02-06"))


def test_no_entry_is_known_without_any() -> None:
    actual = a_file(entered_on=None).entered_on

    assert actual is None


@pytest.mark.parametrize(
    ("qualification", "exempts"),
    [
        pytest.param(CATIC, True, id="one of the list"),
        pytest.param(REMN, True, id="the title"),
        pytest.param(REMN_CCP1, True, id="its CCP1"),
        pytest.param(MEDIATEUR_CCP1, True, id="the new CCP1"),
        pytest.param(REMN_CCP2, False, id="not its CCP2"),
        pytest.param(PIX, False, id="not Pix"),
    ],
)
def test_a_qualification_exempts_from_the_day_it_is_obtained(qualification: Qualification, *, exempts: bool) -> None:
    certification = a_certification(qualification, on=day("2021-06-15"))

    actual = a_file(certifications=(certification,)).exempted_on

    assert actual == (day("2021-06-15") if exempts else None)


@pytest.mark.parametrize(
    ("certifications", "expected"),
    [
        pytest.param((), None, id="none without any"),
        pytest.param((a_certification(outcome=CertificationOutcome.FAILED),), None, id="none when failed"),
        pytest.param(
            (a_certification(on=day("2022-01-10")), a_certification(REMN, on=day("2021-06-15"))),
            day("2021-06-15"),
            id="the first of several",
        ),
    ],
)
def test_the_first_exempting_day_is(certifications: tuple[Certification, ...], expected: date | None) -> None:
    actual = a_file(certifications=certifications).exempted_on

    assert actual == expected


ASKED = a_registration(9, a_request(FIRST_DAY))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(a_registration(1), True, id="accepted"),
        pytest.param(a_registration(1, status=Status.AWAITING_CHOICE), True, id="waiting"),
        pytest.param(a_registration(1, status=Status.COMPLETED), True, id="completed"),
        pytest.param(a_registration(1, status=Status.ABSENT_JUSTIFIED), True, id="missed with a motive"),
        pytest.param(a_registration(1, status=Status.ABSENT_UNJUSTIFIED), True, id="missed without"),
        pytest.param(a_registration(1, status=Status.REFUSED), False, id="not refused"),
        pytest.param(a_registration(1, status=Status.CANCELLED), False, id="not cancelled"),
        pytest.param(a_registration(1, a_request(day("2025-05-14"))), False, id="not another day"),
        pytest.param(a_registration(1, a_request(module=INITIAL)), False, id="not another module"),
        pytest.param(a_registration(1, a_request(module=a_module("thematic-b"))), False, id="not another theme"),
        pytest.param(a_registration(9), False, id="not itself"),
    ],
)
def test_a_duplicate_is_another_active_registration_for_the_module_and_day(
    other: Registration, *, expected: bool
) -> None:
    actual = a_file(registrations=(other,)).duplicate_of(ASKED)

    assert actual == (other if expected else None)


def test_a_file_without_a_registration_keeps_the_others() -> None:
    file = a_file(registrations=(a_registration(1), a_registration(2), a_registration(3)))

    actual = file.without_registration(registration_id(2))

    assert actual == a_file(registrations=(a_registration(1), a_registration(3)))


def test_a_new_registration_comes_last() -> None:
    file = a_file(registrations=(a_registration(2),))

    actual = file.with_registration(a_registration(1))

    assert actual == a_file(registrations=(a_registration(2), a_registration(1)))


def test_a_known_registration_keeps_its_place() -> None:
    file = a_file(registrations=(a_registration(1), a_registration(2), a_registration(3)))
    cancelled = a_registration(2, status=Status.CANCELLED)

    actual = file.with_registration(cancelled)

    assert actual == a_file(registrations=(a_registration(1), cancelled, a_registration(3)))


LASTING = a_registration(9, a_request(day("2025-05-13"), ends_on=day("2025-05-15")))
WITHIN = a_request(day("2025-05-14"))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(a_registration(1, WITHIN), True, id="accepted"),
        pytest.param(a_registration(1, WITHIN, status=Status.AWAITING_CHOICE), True, id="waiting"),
        pytest.param(a_registration(1, WITHIN, status=Status.COMPLETED), True, id="completed"),
        pytest.param(a_registration(1, WITHIN, status=Status.REFUSED), False, id="not refused"),
        pytest.param(a_registration(1, WITHIN, status=Status.CANCELLED), False, id="not cancelled"),
        pytest.param(a_registration(1, WITHIN, status=Status.ABSENT_JUSTIFIED), False, id="not missed"),
        pytest.param(a_registration(1, a_request(day("2025-05-16"))), False, id="not on another day"),
        pytest.param(a_registration(9, WITHIN), False, id="not itself"),
    ],
)
def test_a_registration_overlaps_another(other: Registration, *, expected: bool) -> None:
    actual = a_file(registrations=(other,)).overlapping(LASTING)

    assert actual == ((other,) if expected else ())


@pytest.mark.parametrize("status", [Status.REFUSED, Status.CANCELLED, Status.ABSENT_UNJUSTIFIED])
def test_what_does_not_take_place_overlaps_nothing(status: Status) -> None:
    file = a_file(registrations=(a_registration(1, WITHIN),))

    assert file.overlapping(replace(LASTING, status=status)) == ()


IN_SEPTEMBER = a_session(day("2025-09-15"), ends_on=day("2025-12-19"))


@pytest.mark.parametrize(
    ("entered_on", "expected"),
    [
        pytest.param("2025-09-14", ("2025-09-14",), id="of the eve"),
        pytest.param("2025-09-15", (), id="not of its first day"),
        pytest.param("2025-12-19", (), id="not of its last day"),
        pytest.param("2025-12-20", ("2025-12-20",), id="of the morrow"),
    ],
)
def test_the_entries_other_than_a_session_s_are_those(entered_on: str, expected: tuple[str, ...]) -> None:
    file = a_file(entered_on=day(entered_on))

    assert file.entries_other_than(IN_SEPTEMBER) == tuple(map(day, expected))


def test_another_registration_is_another_entry_though_within_the_session() -> None:
    other = an_initial_registration(1, day("2025-10-06"))

    assert a_file(entered_on=None, registrations=(other,)).entries_other_than(IN_SEPTEMBER) == (day("2025-10-06"),)
    assert a_file(entered_on=day("2025-09-15"), registrations=(other,)).entries_other_than(IN_SEPTEMBER) == (
        day("2025-10-06"),
    )
