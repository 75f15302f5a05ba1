"""A person sets published reasons aside, in the open (section 5bis)."""

from dataclasses import replace

import pytest

from app.domain.decisions.admission import Decision, Outcome, decide
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.derogations import Derogation, derogate
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import Cause, Facts, RecordedDecision
from app.domain.decisions.refusals import Reason
from app.domain.errors import DuplicateRegistration, InvalidTransition, ReasonsRemain
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.registration import Registration, Request
from app.domain.facts.registration_terms import Funding, Payer, Status, Unit
from app.domain.facts.training_organisation import Territory
from tests.domain.file_outcomes import registration_numbered, units_or_statuses
from tests.domain_builders import (
    ACCREDITED,
    FULL_TITLE,
    INITIAL,
    POLICIES,
    POLICY,
    a_contract,
    a_file,
    a_module,
    a_registration,
    a_request,
    a_session,
    a_waiting_registration,
    an_initial_registration,
    an_organisation,
    day,
    registration_id,
)

SPENT = a_registration(9, a_request(day("2025-04-08")), status=Status.COMPLETED, unit="civil_year:2025#1")
REFUSED = a_registration(status=Status.REFUSED)
CLOSED = a_module(open_until=day("2025-01-01"))
NOT_OPEN = a_module(open_from=day("2026-01-01"))
OVERSEAS = an_organisation(Territory.OVERSEAS)


def lacking(fact: str, renews: int | None = None) -> AdviserFile:
    return a_file(contracts=(a_contract(missing=(fact,), renews=renews),))


STANDING: dict[Reason, tuple[AdviserFile, Request]] = {
    Reason.NOT_IN_POST: (a_file(contracts=()), a_request()),
    Reason.DS_FILE_MISSING: (lacking("ds_file_number"), a_request()),
    Reason.CONTRACT_NOT_UPLOADED: (lacking("contract_uploaded_on"), a_request()),
    Reason.RECRUITMENT_NOT_VALIDATED: (lacking("validated_on"), a_request()),
    Reason.RENEWAL_NOT_VALIDATED: (lacking("validated_on", renews=9), a_request()),
    Reason.INITIAL_TRAINING_ALREADY_FUNDED: (a_file(), a_request(module=INITIAL)),
    Reason.INITIAL_TRAINING_NOT_STARTED: (a_file(entered_on=None), a_request()),
    Reason.CCP1_NOT_OBTAINED: (a_file(), a_request(module=FULL_TITLE, employer_agreement=True)),
    Reason.ACCREDITATION_MISSING: (a_file(), a_request(module=ACCREDITED)),
    Reason.MODULE_NOT_AVAILABLE_YET: (a_file(), a_request(module=NOT_OPEN)),
    Reason.MODULE_NO_LONGER_AVAILABLE: (a_file(), a_request(module=CLOSED)),
    Reason.TERRITORY_NOT_COVERED: (a_file(entered_on=None), a_request(module=INITIAL, organisation=OVERSEAS)),
    Reason.OUTSIDE_SCHEME: (a_file(entered_on=None, in_scheme=False), a_request(module=INITIAL)),
    Reason.MODULE_QUOTA_EXCEEDED: (a_file(registrations=(SPENT,)), a_request()),
}
BOTH_OF_THE_FULL_TITLE = (Reason.CCP1_NOT_OBTAINED, Reason.EMPLOYER_AGREEMENT_MISSING)


@pytest.mark.parametrize(("reason", "case"), STANDING.items(), ids=[*STANDING])
def test_a_reason_is_set_aside(reason: Reason, case: tuple[AdviserFile, Request]) -> None:
    file, request = case

    actual = derogate(file, request, Derogation((reason,), Funding.STATE), POLICY)

    unit = Unit("derogation#1")
    assert actual == Decision(
        Outcome.ACCEPTED, POLICY.version, (reason.rule,), funding=Funding.STATE, unit=unit, waived=(reason,)
    )


@pytest.mark.parametrize(("reason", "case"), STANDING.items(), ids=[*STANDING])
def test_a_reason_that_is_not_set_aside_remains(reason: Reason, case: tuple[AdviserFile, Request]) -> None:
    file, request = case
    others = tuple(other for other in Reason if other is not reason)

    with pytest.raises(ReasonsRemain) as raised:
        derogate(file, request, Derogation(others, Funding.NONE), POLICY)

    assert raised.value.reasons == (reason,)


def test_every_reason_that_remains_is_named() -> None:
    with pytest.raises(ReasonsRemain) as raised:
        derogate(a_file(contracts=()), a_request(module=FULL_TITLE), Derogation((), Funding.STATE), POLICY)

    assert raised.value.reasons == (Reason.NOT_IN_POST, *BOTH_OF_THE_FULL_TITLE)


def test_only_the_reasons_that_stand_are_named_in_their_order_and_their_rules_once() -> None:
    file = a_file(contracts=(a_contract(missing=("validated_on", "contract_uploaded_on")),))
    request = a_request(module=FULL_TITLE)

    actual = derogate(file, request, Derogation(tuple(reversed(Reason)), Funding.STATE), POLICY)

    assert actual.waived == (
        Reason.CONTRACT_NOT_UPLOADED,
        Reason.RECRUITMENT_NOT_VALIDATED,
        *BOTH_OF_THE_FULL_TITLE,
    )
    assert actual.rules == ("R4", "R5", "R32", "R33")


def test_the_unit_is_the_lowest_of_its_own_bucket() -> None:
    held = tuple(a_registration(number, unit=f"derogation#{number}", derogated=True) for number in (1, 3))
    derogation = Derogation((Reason.NOT_IN_POST,), Funding.STATE)

    actual = derogate(a_file(contracts=(), registrations=held), a_request(day("2025-06-03")), derogation, POLICY)

    assert actual.unit == "derogation#2"


def derogated(
    registration: Registration,
    file: AdviserFile,
    funding: Funding = Funding.STATE,
    payer: Payer | None = None,
) -> DecisionCascade:
    state = DecisionCascade(file.with_registration(registration), POLICIES)
    return state.derogate(registration, Derogation(tuple(Reason), funding, payer))


OUT_OF_POST = a_file(contracts=())


@pytest.mark.parametrize(
    ("funding", "payer", "expected"),
    [
        pytest.param(
            Funding.STATE, None, a_registration(unit="derogation#1", derogated=True), id="the State with a unit"
        ),
        pytest.param(
            Funding.NONE,
            Payer.EMPLOYER,
            a_registration(
                1, a_request(kept_unfunded=True), funding=Funding.NONE, payer=Payer.EMPLOYER, derogated=True
            ),
            id="who is named, as if kept",
        ),
        pytest.param(
            Funding.NONE, None, a_registration(funding=Funding.NONE, derogated=True), id="nobody when nobody is named"
        ),
    ],
)
@pytest.mark.parametrize("registration", [REFUSED, a_waiting_registration()], ids=["refused", "waiting"])
def test_it_is_paid_by(
    registration: Registration, funding: Funding, payer: Payer | None, expected: Registration
) -> None:
    actual = derogated(registration, OUT_OF_POST, funding, payer)

    assert registration_numbered(actual, 1) == expected


def test_the_decision_keeps_what_the_person_decided_and_the_facts() -> None:
    derogation = Derogation(tuple(Reason), Funding.STATE)

    actual = derogated(REFUSED, OUT_OF_POST).decisions

    facts = Facts(OUT_OF_POST, REFUSED.request, derogation=derogation)
    decision = derogate(OUT_OF_POST, REFUSED.request, derogation, POLICY)
    assert actual == (RecordedDecision(registration_id(1), Cause.DEROGATION, facts, decision),)


@pytest.mark.parametrize(
    "status", [status for status in Status if status not in {Status.REFUSED, Status.AWAITING_CHOICE}], ids=str
)
def test_only_what_is_refused_or_waits_is_derogated(status: Status) -> None:
    with pytest.raises(InvalidTransition) as raised:
        derogated(a_registration(status=status), OUT_OF_POST)

    assert (raised.value.move, raised.value.status) == ("derogation", status)


def test_one_that_an_active_duplicate_has_replaced_is_not_derogated() -> None:
    with pytest.raises(DuplicateRegistration):
        derogated(REFUSED, a_file(registrations=(a_registration(2),)))


def test_it_takes_no_right_from_anybody() -> None:
    cascade = derogated(REFUSED, OUT_OF_POST)

    after = replace(cascade.file, contracts=(a_contract(),))

    actual = decide(after, a_request(day("2025-06-03")), POLICY)
    assert actual.unit == "civil_year:2025#1"


def test_an_initial_training_accepted_so_is_an_entry() -> None:
    cascade = derogated(
        replace(an_initial_registration(), status=Status.REFUSED), a_file(entered_on=None, contracts=())
    )

    assert cascade.file.entered_on == day("2025-05-13")


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(a_file(contracts=(a_contract(missing=("validated_on",)),)), id="the contract"),
        pytest.param(a_file(entered_on=None), id="the initial training"),
        pytest.param(a_file(in_scheme=False), id="the scheme"),
    ],
)
@pytest.mark.parametrize("funding", Funding)
def test_it_is_not_undone_by_a_change_of(after: AdviserFile, funding: Funding) -> None:
    before = derogated(REFUSED, OUT_OF_POST, funding).file

    changed = DecisionCascade(replace(after, registrations=before.registrations), POLICIES)
    actual = apply_consequences(changed, before, today=day("2025-05-01"))

    assert (actual.file.registrations, actual.decisions) == (before.registrations, ())


@pytest.mark.parametrize(
    ("file", "funding", "payer", "expected"),
    [
        pytest.param(OUT_OF_POST, Funding.STATE, None, "refused", id="the reasons, which stand"),
        pytest.param(a_file(), Funding.STATE, None, "civil_year:2025#1", id="the right, which is free"),
        pytest.param(a_file(), Funding.NONE, None, "civil_year:2025#1", id="the right, when nobody paid"),
        pytest.param(a_file(), Funding.NONE, Payer.SELF, "accepted", id="its payer, whom it binds"),
    ],
)
def test_its_session_moved_it_is_decided_by(
    file: AdviserFile, funding: Funding, payer: Payer | None, expected: str
) -> None:
    cascade = derogated(REFUSED, OUT_OF_POST, funding, payer)
    moved = registration_numbered(cascade, 1).rescheduled(
        a_session(day("2025-06-03")), today=day("2025-05-01"), regularisation=False
    )
    state = DecisionCascade(file.with_registration(moved), POLICIES)

    actual = state.decide_registration(moved, Cause.RESCHEDULED)

    assert units_or_statuses(actual) == [expected]
    assert not registration_numbered(actual, 1).derogated
