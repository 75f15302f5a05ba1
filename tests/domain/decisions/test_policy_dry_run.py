import pytest

from app.domain.decisions.policy_dry_run import Difference, Standing, differences
from app.domain.decisions.refusals import Reason, Refusal
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies, Policy
from app.domain.facts.registration import Funding, Payer, Registration, Status
from tests.domain_builders import (
    ADVISER_ID,
    CAFE_IA,
    CATIC,
    INITIAL,
    POLICIES,
    a_certification,
    a_file,
    a_policy,
    a_registration,
    a_request,
    a_waiting_registration,
    an_initial_registration,
    day,
    registration_id,
)

TODAY = "2025-01-15"
AFTER_2024 = a_policy(effective_from=day("2024-07-01"), entered_on_or_after=day("2025-01-01"))
QUOTA = (Refusal(Reason.MODULE_QUOTA_EXCEEDED),)
WAITING = Standing(Status.AWAITING_CHOICE, None, None, QUOTA)


def of(bucket: str) -> Standing:
    return Standing(Status.ACCEPTED, Funding.STATE, bucket, ())


def funded(number: int, first_day: str, unit: str, status: Status = Status.ACCEPTED) -> Registration:
    return a_registration(number, a_request(day(first_day)), unit=unit, status=status)


def refused(number: int, first_day: str) -> Registration:
    return a_registration(number, a_request(day(first_day)), status=Status.REFUSED)


def differences_under(file: AdviserFile, policy: Policy = AFTER_2024, today: str = TODAY) -> tuple[Difference, ...]:
    return differences(file, POLICIES, POLICIES.with_version(policy), today=day(today))


def standings(found: tuple[Difference, ...]) -> dict[int, tuple[Standing, Standing]]:
    return {item.registration_id.int: (item.before, item.after) for item in found}


def both_of_2024(**fields: Status) -> AdviserFile:
    """Entered in 2024; the two modules of the first year are to come."""
    first = funded(1, "2025-05-13", "first_year#1", **fields)
    return a_file(entered_on=day("2024-09-02"), registrations=(first, funded(2, "2025-06-10", "first_year#2")))


def test_the_other_reading_of_after_2024_takes_a_module_from_those_who_entered_that_year() -> None:
    actual = differences_under(both_of_2024())

    assert actual == (
        Difference(registration_id(1), ADVISER_ID, Status.ACCEPTED, of("first_year"), of("civil_year:2025")),
        Difference(registration_id(2), ADVISER_ID, Status.ACCEPTED, of("first_year"), WAITING),
    )


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(
            a_file(entered_on=day("2023-09-04"), registrations=(funded(1, "2025-05-13", "civil_year:2025#1"),)),
            id="before 2024",
        ),
        pytest.param(
            a_file(entered_on=day("2025-01-06"), registrations=(funded(1, "2025-05-13", "first_year#1"),)),
            id="from 2025 on",
        ),
        pytest.param(
            a_file(
                entered_on=None,
                certifications=(a_certification(CATIC),),
                registrations=(funded(1, "2025-05-13", "civil_year:2025#1"),),
            ),
            id="never, being exempt",
        ),
        pytest.param(
            a_file(
                entered_on=day("2024-09-02"),
                registrations=(a_registration(1, a_request(module=CAFE_IA), unit="supplementary:cafe-ia#1"),),
            ),
            id="in 2024, with a supplementary module",
        ),
        pytest.param(
            a_file(entered_on=day("2024-03-04"), registrations=(funded(1, "2026-05-12", "civil_year:2026#1"),)),
            id="in 2024, with a session that both readings fund alike",
        ),
    ],
)
def test_the_other_reading_changes_nothing_for_those_who_entered(file: AdviserFile) -> None:
    assert differences_under(file) == ()


@pytest.mark.parametrize(
    ("today", "expected"),
    [("2025-05-12", [1, 2]), ("2025-05-13", [2]), ("2025-06-09", [2]), ("2025-06-10", [])],
)
def test_only_sessions_to_come_are_decided_again(today: str, expected: list[int]) -> None:
    """The first one, started, keeps its unit of the bucket that the second one loses."""
    assert [*standings(differences_under(both_of_2024(), today=today))] == expected


def test_only_sessions_in_its_period_are_concerned() -> None:
    """The first one keeps its unit of the first year, which counts in the one right that the later version knows."""
    later = a_policy(effective_from=day("2025-06-01"), entered_on_or_after=day("2025-01-01"))

    actual = differences_under(both_of_2024(), later)

    assert standings(actual) == {2: (of("first_year"), WAITING)}


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.COMPLETED, Status.ABSENT_JUSTIFIED])
def test_what_ended_stays_as_it_is(status: Status) -> None:
    assert 1 not in standings(differences_under(both_of_2024(status=status)))


def test_who_waits_may_be_funded() -> None:
    longer = a_policy(effective_from=day("2024-07-01"), window_months=24)
    registrations = (
        funded(1, "2025-05-13", "civil_year:2025#1"),
        a_waiting_registration(2, a_request(day("2025-06-10"))),
    )

    actual = differences_under(a_file(entered_on=day("2024-04-15"), registrations=registrations), longer)

    assert standings(actual) == {1: (of("civil_year:2025"), of("first_year")), 2: (WAITING, of("first_year"))}


def test_units_are_first_given_back_under_both() -> None:
    """The younger one holds the only right; decided again, the older one has it, whatever the policy."""
    younger = funded(2, "2025-06-10", "civil_year:2025#1")
    file = a_file(registrations=(a_waiting_registration(1, a_request(day("2025-05-13"))), younger))
    longer = a_policy(effective_from=day("2025-06-01"), window_months=24)
    closed = a_policy(effective_from=day("2025-06-01"), max_funded=2)

    assert [differences_under(file, policy) for policy in (longer, closed)] == [(), ()]


def test_who_was_refused_is_told_as_a_notice_would_have_it() -> None:
    two = a_policy(effective_from=day("2024-07-01"), max_funded=2)
    again = a_registration(1, a_request(module=INITIAL), status=Status.REFUSED)
    already = Refusal(Reason.INITIAL_TRAINING_ALREADY_FUNDED, day=day("2022-03-14"))

    (actual,) = differences_under(a_file(registrations=(again,)), two)

    assert actual.status is Status.REFUSED
    assert actual.before == Standing(Status.REFUSED, None, None, (already,))
    assert actual.after == Standing(Status.ACCEPTED, Funding.STATE, None, ())


def test_who_was_refused_takes_nothing_from_the_others() -> None:
    """Refused for want of a contract since found; only a notice could bring it back, so that it holds no unit."""
    file = a_file(
        entered_on=day("2024-09-02"),
        registrations=(refused(1, "2025-05-13"), funded(2, "2025-06-10", "first_year#1")),
    )

    actual = standings(differences_under(file))

    assert actual[2] == (of("first_year"), of("civil_year:2025"))
    assert actual[1] == (of("first_year"), WAITING)


def test_who_was_refused_and_has_registered_again_is_left_alone() -> None:
    file = a_file(
        entered_on=day("2024-09-02"),
        registrations=(refused(1, "2025-06-10"), funded(2, "2025-06-10", "first_year#1")),
    )

    assert [*standings(differences_under(file))] == [2]


def test_who_was_refused_is_not_brought_back_on_the_day_of_the_session() -> None:
    file = a_file(entered_on=day("2024-09-02"), registrations=(refused(1, "2025-06-10"),))

    assert [*standings(differences_under(file, today="2025-06-09"))] == [1]
    assert [*standings(differences_under(file, today="2025-06-10"))] == []


def test_a_registration_kept_without_funding_stays_so() -> None:
    kept = a_registration(1, a_request(kept_unfunded=True), funding=Funding.NONE, payer=Payer.SELF)

    assert differences_under(a_file(entered_on=day("2024-09-02"), registrations=(kept,))) == ()


def test_what_follows_from_a_change_is_told_too() -> None:
    """A second path that the policy no longer funds: the module that was to follow it has no entry before it."""
    generous = Policies((a_policy(max_funded=2),))
    strict = generous.with_version(a_policy(effective_from=day("2025-01-01"), max_funded=1))
    file = a_file(
        entered_on=day("2025-09-01"),
        registrations=(an_initial_registration(1, day("2025-03-03")), funded(2, "2025-05-13", "first_year#1")),
    )

    actual = standings(differences(file, generous, strict, today=day(TODAY)))

    assert [(item, after.status) for item, (_, after) in actual.items()] == [(1, Status.REFUSED), (2, Status.REFUSED)]
    assert [refusal.code for refusal in actual[2][1].refusals] == [Reason.INITIAL_TRAINING_NOT_STARTED]


def test_nothing_of_the_file_changes() -> None:
    file = both_of_2024()
    before = file.registrations

    differences_under(file)

    assert file.registrations is before
