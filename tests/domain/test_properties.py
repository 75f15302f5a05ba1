"""Properties that hold for any file and any sequence of deeds and corrections."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.decisions.admission import decide
from app.domain.decisions.admission_rules import refusals
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import replay
from app.domain.decisions.refusals import Reason
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.contract import Contract
from app.domain.facts.registration import Registration, Request
from app.domain.facts.registration_terms import Status
from app.domain.facts.training_organisation import Territory
from app.domain.rights.buckets import Bucket, quota_buckets, supplementary_bucket
from tests.domain.random_deeds import DEEDS, FIRST_FILES, SINCE, Deed, World, done
from tests.domain_builders import (
    ACCREDITED,
    CAFE_IA,
    FULL_TITLE,
    INITIAL,
    NATIONAL,
    POLICIES,
    POLICY,
    REMN_CCP1,
    THEMATIC,
    a_certification,
    a_contract,
    a_file,
    a_request,
    an_organisation,
    day,
)

quickly = settings(max_examples=60, deadline=None, derandomize=True)
thoroughly = settings(max_examples=300, deadline=None, derandomize=True)

FACTS = ("ds_file_number", "contract_uploaded_on", "validated_on")
DAYS = st.dates(day("2023-06-01"), day("2027-12-31"))

MISSING = st.sampled_from(((), ("ds_file_number",), ("contract_uploaded_on", "validated_on"), FACTS))


def contracts(number: int) -> st.SearchStrategy[Contract]:
    return st.builds(
        a_contract,
        number=st.just(number),
        starts_on=st.dates(day("2022-01-01"), day("2026-06-30")),
        ends_on=st.none() | DAYS,
        terminated_on=st.none() | DAYS,
        renews=st.sampled_from((None, 9)),
        missing=MISSING,
    )


FILES = st.builds(
    a_file,
    entered_on=st.none() | DAYS,
    in_scheme=st.sampled_from((True, True, True, False)),
    department=st.sampled_from(("35", "974", None)),
    contracts=st.sampled_from((0, 1, 2)).flatmap(
        lambda number: st.tuples(*(contracts(place) for place in range(1, number + 1)))
    ),
    certifications=st.none().map(lambda _: ()) | DAYS.map(lambda on: (a_certification(REMN_CCP1, on=on),)),
)


ANYTHING_ASKED = st.builds(
    a_request,
    DAYS,
    module=st.sampled_from((THEMATIC, CAFE_IA, INITIAL, FULL_TITLE, ACCREDITED)),
    organisation=st.sampled_from((NATIONAL, an_organisation(Territory.OVERSEAS))),
    requested_on=st.sampled_from((day("2024-06-03"), day("2026-06-01"))),
    employer_agreement=st.booleans(),
)


def all_buckets(world: World) -> tuple[Bucket, ...]:
    """Every right of the file as it stands; a mediator outside the scheme has none."""
    if not world.file.adviser.in_scheme:
        return ()
    return (*quota_buckets(world.file, POLICY, through=2028), supplementary_bucket(CAFE_IA.code, POLICY))


def fits(item: Registration, bucket: Bucket) -> bool:
    is_supplementary = bucket.name.startswith("supplementary:")
    return bucket.is_open(item.first_day) and item.request.module.supplementary is is_supplementary


def funded_by_rights(world: World) -> list[Registration]:
    return [item for item in world.file.registrations if item.unit and item.entitlement != "derogation"]


def seated(items: Iterable[Registration], buckets: Iterable[Bucket]) -> list[Registration]:
    """As many of these as the units allow, the first ones served first: each may make another change units, not lose
    its own (augmenting paths)."""
    units = [bucket for bucket in buckets for _ in range(bucket.units)]
    taken: dict[int, Registration] = {}

    def seat(item: Registration, tried: set[int]) -> bool:
        for place, bucket in enumerate(units):
            if place not in tried and fits(item, bucket):
                tried.add(place)
                if place not in taken or seat(taken[place], tried):
                    taken[place] = item
                    return True
        return False

    return [item for item in items if seat(item, set())]


def may_count_in(item: Registration, bucket: Bucket, buckets: Iterable[Bucket]) -> bool:
    """By its name; by its day, when what it is named after is not there or not open that day."""
    is_at_home = any(own.name == item.entitlement and own.is_open(item.first_day) for own in buckets)
    return item.entitlement == bucket.name or (not is_at_home and fits(item, bucket))


@given(FIRST_FILES, DEEDS)
@thoroughly
def test_no_more_modules_to_come_are_funded_than_the_file_allows_beside_those_that_started(
    file: AdviserFile, deeds: list[Deed]
) -> None:
    """What started is served first, whatever it holds; all that is to come must find a unit of its own in what is
    left. Thus funded modules exceed the rights of the file by those that had started at most."""
    world = done(file, deeds)

    funded = funded_by_rights(world)
    to_come = [item for item in funded if item.first_day > world.today]
    started = [item for item in funded if item.first_day <= world.today]

    assert [item for item in seated([*started, *to_come], all_buckets(world)) if item in to_come] == to_come


@given(FIRST_FILES, DEEDS)
@thoroughly
def test_nobody_waits_while_a_right_of_their_day_is_free(file: AdviserFile, deeds: list[Deed]) -> None:
    """Thus funded modules never fall short of what the file allows: every right open on the day of one who waits is
    held to its last unit."""
    world = done(file, deeds)

    buckets, funded = all_buckets(world), funded_by_rights(world)
    waiting = [item for item in world.file.registrations if item.status is Status.AWAITING_CHOICE]
    free = [
        (item.first_day, bucket.name)
        for item in waiting
        for bucket in buckets
        if item.first_day >= world.served_from and fits(item, bucket)
        if sum(may_count_in(holder, bucket, buckets) for holder in funded) < bucket.units
    ]

    assert free == []


@given(FIRST_FILES, DEEDS)
@quickly
def test_no_unit_is_held_twice(file: AdviserFile, deeds: list[Deed]) -> None:
    after = done(file, deeds).file

    actual = Counter(registration.unit for registration in after.registrations if registration.unit)

    assert set(actual.values()) <= {1}


@given(FIRST_FILES, DEEDS)
@quickly
def test_a_unit_s_bucket_is_open_on_the_first_day_of_what_is_to_come(file: AdviserFile, deeds: list[Deed]) -> None:
    world = done(file, deeds)

    open_days = {bucket.name: bucket for bucket in all_buckets(world)}
    to_come = [item for item in funded_by_rights(world) if item.first_day > world.today]

    assert all(open_days[str(item.entitlement)].is_open(item.first_day) for item in to_come)


@given(FIRST_FILES, DEEDS)
@quickly
def test_every_decision_is_taken_again_the_same(file: AdviserFile, deeds: list[Deed]) -> None:
    recorded_decisions = done(file, deeds).decisions

    actual = [replay(recorded.cause, recorded.facts, POLICIES) for recorded in recorded_decisions]

    assert actual == [recorded.decision for recorded in recorded_decisions]


@given(FIRST_FILES, DEEDS)
@quickly
def test_what_a_person_decided_and_what_was_kept_stays_until_its_session_moves(
    file: AdviserFile, deeds: list[Deed]
) -> None:
    world = done(file, deeds)
    bound = [item for item in world.file.registrations if item.derogated or item.request.kept_unfunded]

    dismissed = replace(world.file, contracts=(), adviser=replace(world.file.adviser, in_scheme=False))
    after = apply_consequences(DecisionCascade(dismissed, POLICIES), world.file, today=SINCE).file

    assert [item for item in after.registrations if item in bound] == bound


@given(FIRST_FILES, DEEDS)
@quickly
def test_a_file_that_did_not_change_changes_no_registration(file: AdviserFile, deeds: list[Deed]) -> None:
    world = done(file, deeds)

    actual = apply_consequences(DecisionCascade(world.file, POLICIES), world.file, today=SINCE)

    assert actual == DecisionCascade(world.file, POLICIES)


@given(FILES, ANYTHING_ASKED, contracts(4))
@quickly
def test_a_contract_more_never_takes_an_adviser_out_of_post(
    file: AdviserFile, request: Request, contract: Contract
) -> None:
    before = refusals(file, request, POLICY)

    actual = refusals(replace(file, contracts=(*file.contracts, contract)), request, POLICY)

    out_of_post = [Reason.NOT_IN_POST in {refusal.code for refusal in found} for found in (before, actual)]
    assert out_of_post != [False, True]


@given(FILES, ANYTHING_ASKED, contracts(4))
@quickly
def test_a_complete_contract_more_never_adds_a_reason_of_the_file(
    file: AdviserFile, request: Request, contract: Contract
) -> None:
    complete = replace(contract, file=a_contract().file)

    before = refusals(file, request, POLICY)
    actual = refusals(replace(file, contracts=(*file.contracts, complete)), request, POLICY)

    added = {refusal.code for refusal in actual} - {refusal.code for refusal in before}
    assert added <= {Reason.ACCREDITATION_MISSING}


@given(FILES, ANYTHING_ASKED, st.randoms(use_true_random=False))
@quickly
def test_the_order_of_the_contracts_decides_nothing(file: AdviserFile, request: Request, random: Random) -> None:
    shuffled = list(file.contracts)
    random.shuffle(shuffled)

    actual = decide(replace(file, contracts=tuple(shuffled)), request, POLICY)

    assert actual == decide(file, request, POLICY)


@given(FILES, ANYTHING_ASKED)
@quickly
def test_reasons_are_told_once_each_in_the_table_s_order(file: AdviserFile, request: Request) -> None:
    actual = [refusal.code for refusal in refusals(file, request, POLICY)]

    assert actual == [reason for reason in Reason if reason in actual]


@given(FILES, ANYTHING_ASKED)
@quickly
def test_a_decision_is_always_the_same(file: AdviserFile, request: Request) -> None:
    actual = decide(file, request, POLICY)

    assert actual == decide(replace(file), replace(request), POLICY)
