"""Properties that hold for any file and any sequence of requests, cancellations and absences."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.decisions.admission import decide
from app.domain.decisions.admission_rules import refusals
from app.domain.decisions.decision_consequences import Cause, DecisionCascade, replay
from app.domain.decisions.entitlements import choose_bucket, quota_buckets, supplementary_bucket
from app.domain.decisions.refusals import Reason
from app.domain.errors import Conflict
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.contract import Contract
from app.domain.facts.registration import Attendance, Registration, Request, Status
from app.domain.facts.training_organisation import Territory
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
    a_carry_over,
    a_certification,
    a_contract,
    a_file,
    a_request,
    a_submission,
    an_organisation,
    day,
)

quickly = settings(max_examples=60, deadline=None, derandomize=True)

FACTS = ("ds_file_number", "contract_uploaded_on", "validated_on")
CARRIED = ("first_year", "civil_year:2024", "civil_year:2025")
DAYS = st.dates(day("2023-06-01"), day("2027-12-31"))
NEAR_THE_EDGES = st.sampled_from(
    [day(text) for text in ("2024-12-31", "2025-01-01", "2025-03-31", "2025-04-01", "2025-04-16")]
)
MODULES = st.sampled_from((THEMATIC, THEMATIC, THEMATIC, CAFE_IA))


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


CATEGORIES = st.sampled_from(
    (
        a_file(),
        a_file(entered_on=day("2024-04-15")),
        a_file(entered_on=day("2024-12-31")),
        a_file(entered_on=None, certifications=(a_certification(),)),
        a_file(entered_on=day("2025-09-15"), certifications=(a_certification(),)),
    )
)
CARRY_OVERS = st.lists(st.sampled_from([a_carry_over(bucket) for bucket in CARRIED]), max_size=2, unique=True).map(
    tuple
)
FILES_IN_POST = st.builds(replace, CATEGORIES, carry_overs=CARRY_OVERS)

REQUESTS = st.builds(
    a_request, st.dates(day("2025-01-01"), day("2026-06-30")) | NEAR_THE_EDGES | NEAR_THE_EDGES, module=MODULES
)
ANYTHING_ASKED = st.builds(
    a_request,
    DAYS,
    module=st.sampled_from((THEMATIC, CAFE_IA, INITIAL, FULL_TITLE, ACCREDITED)),
    organisation=st.sampled_from((NATIONAL, an_organisation(Territory.OVERSEAS))),
    requested_on=st.sampled_from((day("2024-06-03"), day("2026-06-01"))),
    employer_agreement=st.booleans(),
)
PLACES = st.integers(0, 4)
EVENTS = st.lists(
    REQUESTS | REQUESTS | PLACES | st.tuples(PLACES, st.sampled_from(Attendance)), min_size=5, max_size=12
)


Event = Request | int | tuple[int, Attendance]


def changed(registration: Registration, event: int | tuple[int, Attendance]) -> Registration:
    if isinstance(event, int):
        return registration.cancelled(registration.first_day - timedelta(days=1))
    return registration.attended(event[1], today=registration.first_day, absence_consumes=True)


def after_event(cascade: DecisionCascade, event: Event) -> DecisionCascade:
    """The cascade after an event, unchanged when it is a conflict."""
    known = cascade.file.registrations
    try:
        if isinstance(event, Request):
            return cascade.decide_registration(a_submission(len(known) + 1, event), Cause.REQUEST)
        place = event if isinstance(event, int) else event[0]
        return (
            cascade.with_registration(changed(known[place], event)).promote_waiting() if place < len(known) else cascade
        )
    except Conflict:
        return cascade


def after_events(file: AdviserFile, events: list[Event]) -> DecisionCascade:
    cascade = DecisionCascade(file, POLICIES)
    for event in events:
        cascade = after_event(cascade, event)
    return cascade


@given(FILES_IN_POST, EVENTS)
@quickly
def test_no_unit_is_held_twice(file: AdviserFile, events: list[Event]) -> None:
    after = after_events(file, events).file

    actual = Counter(registration.unit for registration in after.registrations if registration.unit)

    assert set(actual.values()) <= {1}


@given(FILES_IN_POST, EVENTS)
@quickly
def test_no_bucket_holds_more_than_its_units(file: AdviserFile, events: list[Event]) -> None:
    after = after_events(file, events).file

    actual = Counter(registration.entitlement for registration in after.registrations if registration.unit)

    buckets = (*quota_buckets(after, POLICY, through=2028), supplementary_bucket(CAFE_IA.code, POLICY))
    allowed = {bucket.name: bucket.units for bucket in buckets}
    assert all(number <= allowed[str(name)] for name, number in actual.items())


@given(FILES_IN_POST, EVENTS)
@quickly
def test_nobody_waits_while_a_unit_fits(file: AdviserFile, events: list[Event]) -> None:
    after = after_events(file, events).file

    waiting = [item for item in after.registrations if item.status is Status.AWAITING_CHOICE]
    actual = [choose_bucket(after, item.request.module, item.first_day, POLICY) for item in waiting]

    assert actual == [None] * len(waiting)


@given(FILES_IN_POST, EVENTS)
@quickly
def test_a_unit_s_bucket_is_open_on_the_first_day(file: AdviserFile, events: list[Event]) -> None:
    after = after_events(file, events).file

    buckets = (*quota_buckets(after, POLICY, through=2028), supplementary_bucket(CAFE_IA.code, POLICY))
    open_days = {bucket.name: bucket for bucket in buckets}
    funded = [item for item in after.registrations if item.unit]

    assert all(open_days[str(item.entitlement)].is_open(item.first_day) for item in funded)


@given(FILES_IN_POST, EVENTS)
@quickly
def test_every_decision_is_taken_again_the_same(file: AdviserFile, events: list[Event]) -> None:
    recorded_decisions = after_events(file, events).decisions

    actual = [replay(recorded.cause, recorded.facts, POLICIES) for recorded in recorded_decisions]

    assert actual == [recorded.decision for recorded in recorded_decisions]


@given(FILES_IN_POST, EVENTS)
@quickly
def test_a_file_that_did_not_change_changes_no_registration(file: AdviserFile, events: list[Event]) -> None:
    after = after_events(file, events)

    actual = after.reconsider_all(Cause.FILE_CHANGED, today=day("2023-01-01"))

    assert Counter(item.status for item in actual.file.registrations) == Counter(
        item.status for item in after.file.registrations
    )


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
