from dataclasses import replace
from uuid import UUID

import pytest

from app.domain.decisions.policy_dry_run import Difference, Standing, Summary, Totals, differences, summarise
from app.domain.decisions.refusals import Reason, Refusal
from app.domain.facts.adviser import AdviserId
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies, Policy
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Funding, Payer, Status
from app.domain.facts.training_organisation import TrainingOrganisationId
from tests.domain_builders import (
    ADVISER_ID,
    CAFE_IA,
    CATIC,
    INITIAL,
    ORGANISATION_ID,
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
WHERE = (ADVISER_ID, "35", ORGANISATION_ID)
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
        Difference(registration_id(1), *WHERE, Status.ACCEPTED, of("first_year"), of("civil_year:2025")),
        Difference(registration_id(2), *WHERE, Status.ACCEPTED, of("first_year"), WAITING),
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
    """The unit of the first year that the session before holds counts as the only one of the year (4.2)."""
    later = a_policy(effective_from=day("2025-06-01"), entered_on_or_after=day("2025-01-01"))

    actual = differences_under(both_of_2024(), later)

    assert standings(actual) == {2: (of("first_year"), WAITING)}


def test_all_units_are_given_back_before_the_older_request_is_decided() -> None:
    """Whatever either held: the older request takes the right that expires first."""
    file = a_file(
        entered_on=day("2024-09-02"),
        registrations=(funded(1, "2025-06-10", "first_year#2"), funded(2, "2025-05-13", "first_year#1")),
    )

    actual = standings(differences_under(file))

    assert actual == {1: (of("first_year"), of("civil_year:2025")), 2: (of("first_year"), WAITING)}


def test_what_a_person_decided_stays_and_holds_no_right() -> None:
    derogated = replace(funded(1, "2025-05-13", "derogation#1"), derogated=True)
    file = a_file(entered_on=day("2024-09-02"), registrations=(derogated, funded(2, "2025-06-10", "first_year#1")))

    assert standings(differences_under(file)) == {2: (of("first_year"), of("civil_year:2025"))}


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.COMPLETED, Status.ABSENT_JUSTIFIED])
def test_what_ended_stays_as_it_is(status: Status) -> None:
    assert 1 not in standings(differences_under(both_of_2024(status=status)))


def test_who_waits_may_be_funded() -> None:
    longer = a_policy(effective_from=day("2024-07-01"), grace={2024: day("2025-12-31")})
    registrations = (
        funded(1, "2025-05-13", "civil_year:2025#1", Status.COMPLETED),
        a_waiting_registration(2, a_request(day("2025-06-10"))),
    )

    actual = differences_under(a_file(registrations=registrations), longer, today="2025-05-13")

    assert standings(actual) == {2: (WAITING, of("civil_year:2024"))}


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


ELSEWHERE = TrainingOrganisationId(UUID(int=5_001))


def a_difference(
    number: int,
    before: Standing,
    after: Standing,
    *,
    department: str | None = "35",
    organisation: TrainingOrganisationId = ORGANISATION_ID,
    status: Status = Status.ACCEPTED,
) -> Difference:
    """Two of them are of one person when their numbers have the same tens."""
    adviser = AdviserId(UUID(int=number // 10))
    return Difference(registration_id(number), adviser, department, organisation, status, before, after)


def test_what_would_change_is_totalled_by_department_and_by_organisation() -> None:
    found = (
        a_difference(11, of("first_year"), WAITING, department="974"),
        a_difference(12, of("first_year"), of("civil_year:2025"), department="974", organisation=ELSEWHERE),
        a_difference(21, WAITING, of("first_year"), department=None, status=Status.AWAITING_CHOICE),
        a_difference(31, of("first_year"), WAITING),
        a_difference(32, of("first_year"), WAITING, organisation=ELSEWHERE),
    )

    actual = summarise(found)

    assert actual == Summary(
        whole=Totals(people=3, registrations=5, units_before=4, units_after=2),
        by_department={
            "35": Totals(people=1, registrations=2, units_before=2, units_after=0),
            "974": Totals(people=1, registrations=2, units_before=2, units_after=1),
            None: Totals(people=1, registrations=1, units_before=0, units_after=1),
        },
        by_organisation={
            ORGANISATION_ID: Totals(people=3, registrations=3, units_before=2, units_after=1),
            ELSEWHERE: Totals(people=2, registrations=2, units_before=2, units_after=1),
        },
    )
    assert [*actual.by_department] == ["35", "974", None]
    assert [*actual.by_organisation] == [ORGANISATION_ID, ELSEWHERE]


def test_a_refused_registration_holds_no_right_before_its_notice() -> None:
    found = (a_difference(11, of("first_year"), WAITING, status=Status.REFUSED),)

    assert summarise(found).whole == Totals(people=1, registrations=1, units_before=0, units_after=0)


def test_nothing_changed_is_nobody_and_nothing() -> None:
    assert summarise(()) == Summary(Totals(0, 0, 0, 0), {}, {})
