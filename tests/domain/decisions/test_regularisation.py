from dataclasses import replace

import pytest

from app.domain.decisions.reconsideration import newly_regularisable
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Status
from tests.domain_builders import (
    FIRST_DAY,
    FULL_TITLE,
    INITIAL,
    POLICIES,
    REMN_CCP1,
    a_certification,
    a_contract,
    a_file,
    a_policy,
    a_registration,
    a_request,
    an_initial_registration,
    day,
)

REFUSED = a_registration(status=Status.REFUSED)
LACKING = a_contract(missing=("ds_file_number", "validated_on"))
LACKING_LESS = a_contract(missing=("validated_on",))


TODAY = "2025-05-01"


def found(before: AdviserFile, after: AdviserFile, policies: Policies = POLICIES, today: str = TODAY) -> list[int]:
    changed = newly_regularisable(before, after, policies, today=day(today))
    return [registration.id.int for registration in changed]


def put_right(*registrations: Registration, today: str = TODAY) -> list[int]:
    """Those that the employer puts right by completing the file."""
    lacking, complete = a_file(contracts=(LACKING,)), a_file()
    return found(
        replace(lacking, registrations=registrations), replace(complete, registrations=registrations), today=today
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(a_file(contracts=(LACKING,)), a_file(), [1], id="the file put right"),
        pytest.param(a_file(contracts=()), a_file(), [1], id="a contract added"),
        pytest.param(a_file(entered_on=None), a_file(), [1], id="initial training entered"),
        pytest.param(
            a_file(entered_on=None),
            a_file(entered_on=None, certifications=(a_certification(),)),
            [1],
            id="a qualification obtained",
        ),
        pytest.param(a_file(contracts=(LACKING,)), a_file(contracts=(LACKING_LESS,)), [], id="not one reason of two"),
        pytest.param(a_file(), a_file(), [], id="not what had no reason already"),
        pytest.param(a_file(contracts=(LACKING,)), a_file(contracts=()), [], id="not a file gone worse"),
        pytest.param(a_file(), a_file(contracts=()), [], id="not a file gone wrong"),
    ],
)
def test_a_refused_registration_can_be_put_right_after(
    before: AdviserFile, after: AdviserFile, expected: list[int]
) -> None:
    actual = found(before.with_registration(REFUSED), after.with_registration(REFUSED))

    assert actual == expected


def test_one_refused_by_this_very_change_is_not_put_right_by_it() -> None:
    accepted = a_file(entered_on=None, registrations=(an_initial_registration(),))

    actual = found(accepted, accepted.with_registration(an_initial_registration(status=Status.REFUSED)))

    assert actual == []


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.REFUSED])
def test_only_a_refused_registration_is_put_right(status: Status) -> None:
    registration = a_registration(status=status)

    actual = found(a_file(contracts=(), registrations=(registration,)), a_file(registrations=(registration,)))

    assert actual == []


@pytest.mark.parametrize(
    "registration",
    [
        pytest.param(a_registration(1, a_request(module=INITIAL), status=Status.REFUSED), id="funded already"),
        pytest.param(
            a_registration(
                1,
                a_request(day("2025-10-21"), module=FULL_TITLE, employer_agreement=True),
                status=Status.REFUSED,
            ),
            id="offered no longer",
        ),
    ],
)
def test_a_reason_that_nobody_can_put_right_stays(registration: Registration) -> None:
    before = a_file(contracts=(LACKING,), registrations=(registration,))

    actual = found(before, a_file(registrations=(registration,)))

    assert actual == []


def test_every_one_is_found_in_order() -> None:
    registrations = (
        a_registration(1, a_request(day("2025-10-07")), status=Status.REFUSED),
        a_registration(2, a_request(day("2025-06-03"))),
        a_registration(3, a_request(day("2025-05-13")), status=Status.REFUSED),
    )

    actual = found(a_file(contracts=(LACKING,), registrations=registrations), a_file(registrations=registrations))

    assert actual == [1, 3]


@pytest.mark.parametrize(
    ("first_day", "expected"), [("2025-05-31", []), ("2025-06-01", [1])], ids=["under the former", "under the new"]
)
def test_the_policy_is_that_of_the_first_day(first_day: str, expected: list[int]) -> None:
    policies = Policies((a_policy(), a_policy(effective_from=day("2025-06-01"), max_funded=2)))
    request = a_request(day(first_day), module=INITIAL)
    registration = a_registration(1, request, status=Status.REFUSED)

    actual = found(
        a_file(contracts=(LACKING,), registrations=(registration,)), a_file(registrations=(registration,)), policies
    )

    assert actual == expected


OVER_TWO_DAYS = a_registration(1, a_request(FIRST_DAY, ends_on=day("2025-05-14")), status=Status.REFUSED)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        pytest.param("2025-05-13", [1], id="begun"),
        pytest.param("2025-05-14", [1], id="on its last day"),
        pytest.param("2025-05-15", [], id="not over"),
    ],
)
def test_a_session_can_still_be_put_right(today: str, expected: list[int]) -> None:
    assert put_right(OVER_TWO_DAYS, today=today) == expected


def test_one_that_an_active_duplicate_has_replaced_is_left_out() -> None:
    replaced = a_registration(2)

    assert put_right(REFUSED, replaced) == []
    assert put_right(REFUSED, replace(replaced, status=Status.CANCELLED)) == [1]


@pytest.mark.parametrize(
    ("obtained_on", "expected"),
    [
        pytest.param("2025-04-20", [1], id="by the day of the notice"),
        pytest.param("2025-05-01", [1], id="on the day of the notice"),
        pytest.param("2025-05-02", [], id="not after it"),
    ],
)
def test_the_ccp1_lifts_its_reason_when_obtained(obtained_on: str, expected: list[int]) -> None:
    """Requested on 2025-04-01, and refused for want of it."""
    request = a_request(module=FULL_TITLE, employer_agreement=True)
    refused = a_registration(1, request, status=Status.REFUSED)
    obtained = (a_certification(REMN_CCP1, on=day(obtained_on)),)

    actual = found(a_file(registrations=(refused,)), a_file(certifications=obtained, registrations=(refused,)))

    assert actual == expected
