import pytest

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.recorded_decisions import Cause
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import Certification
from app.domain.facts.contract import LegalForm
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Funding, Payer, Status
from tests.domain.file_outcomes import decided_numbers, outcome_label, registration_numbered, units_or_statuses
from tests.domain_builders import (
    INITIAL,
    POLICIES,
    a_certification,
    a_contract,
    a_file,
    a_policy,
    a_registration,
    a_request,
    a_waiting_registration,
    an_initial_registration,
    cascade_of_requests,
    day,
    registration_id,
    with_contracts,
)

TODAY = day("2025-05-01")
TERMINATED = a_contract(terminated_on=TODAY)
KEPT = a_registration(1, a_request(kept_unfunded=True), funding=Funding.NONE, payer=Payer.SELF)


def reconsidered(file: AdviserFile, today: str = "2025-05-01", apart_from: int | None = None) -> DecisionCascade:
    left_out = None if apart_from is None else registration_id(apart_from)
    return DecisionCascade(file, POLICIES).reconsider_all(Cause.FILE_CHANGED, today=day(today), apart_from=left_out)


def funded(number: int, first_day: str, unit: str, status: Status = Status.ACCEPTED) -> Registration:
    return a_registration(number, a_request(day(first_day)), unit=unit, status=status)


def waiting(number: int, first_day: str) -> Registration:
    return a_waiting_registration(number, a_request(day(first_day)))


@pytest.mark.parametrize(
    ("registration", "expected"),
    [
        pytest.param(funded(1, "2025-05-13", "civil_year:2025#1"), "refused", id="accepted"),
        pytest.param(waiting(1, "2025-05-13"), "refused", id="waiting"),
        pytest.param(KEPT, "refused", id="kept without funding"),
        pytest.param(funded(1, "2025-05-02", "civil_year:2025#1"), "refused", id="tomorrow's"),
        pytest.param(funded(1, "2025-05-01", "civil_year:2025#1"), "civil_year:2025#1", id="not today's"),
        pytest.param(funded(1, "2025-04-30", "civil_year:2025#1"), "civil_year:2025#1", id="not yesterday's"),
        pytest.param(
            funded(1, "2025-05-13", "civil_year:2025#1", Status.COMPLETED), "completed", id="not one completed"
        ),
        pytest.param(a_registration(status=Status.CANCELLED), "cancelled", id="not one cancelled"),
        pytest.param(
            funded(1, "2025-05-13", "civil_year:2025#1", Status.ABSENT_UNJUSTIFIED),
            "absent_unjustified",
            id="not one missed",
        ),
    ],
)
def test_a_termination_decides_again_the_sessions_to_come(registration: Registration, expected: str) -> None:
    actual = reconsidered(a_file(contracts=(TERMINATED,), registrations=(registration,)))

    assert units_or_statuses(actual) == [expected]


def test_a_refused_registration_waits_for_a_notice() -> None:
    actual = reconsidered(a_file(registrations=(a_registration(status=Status.REFUSED),)))

    assert (units_or_statuses(actual), actual.decisions) == (["refused"], ())


def test_a_new_refusal_says_why() -> None:
    registration = funded(1, "2025-05-13", "civil_year:2025#1")

    actual = reconsidered(a_file(contracts=(TERMINATED,), registrations=(registration,)))

    recorded = actual.decisions[0]
    assert (recorded.cause, outcome_label(recorded.decision)) == (Cause.FILE_CHANGED, "not_in_post")


def test_a_decision_that_changes_nothing_is_not_recorded() -> None:
    file = a_file(
        registrations=(
            funded(1, "2025-05-13", "civil_year:2025#1"),
            waiting(2, "2025-06-03"),
            a_registration(3, a_request(day("2025-07-01"), kept_unfunded=True), funding=Funding.NONE, payer=Payer.SELF),
        )
    )

    actual = reconsidered(with_contracts(file, a_contract(), a_contract(number=2, starts_on=day("2025-05-05"))))

    assert (actual.file.registrations, actual.decisions) == (file.registrations, ())


def test_a_registration_keeps_its_unit_though_a_lower_one_is_free() -> None:
    file = a_file(entered_on=day("2025-01-20"), registrations=(funded(1, "2025-05-13", "first_year#2"),))

    actual = reconsidered(file)

    assert (units_or_statuses(actual), actual.decisions) == (["first_year#2"], ())


def test_a_registration_whose_right_has_gone_takes_another() -> None:
    hired_in_2025 = a_contract(starts_on=day("2025-01-06"))
    file = a_file(contracts=(hired_in_2025,), registrations=(funded(1, "2025-03-18", "civil_year:2024#1"),))

    actual = reconsidered(file, "2025-02-03")

    assert (units_or_statuses(actual), decided_numbers(actual)) == (["civil_year:2025#1"], [1])


def test_registrations_are_decided_again_in_order_of_creation() -> None:
    hired_in_2025 = a_contract(starts_on=day("2025-01-06"))
    file = a_file(
        contracts=(hired_in_2025,),
        registrations=(funded(1, "2025-03-18", "civil_year:2024#1"), waiting(2, "2025-03-11")),
    )

    actual = reconsidered(file, "2025-02-03")

    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice"]


def test_one_may_be_left_out() -> None:
    file = a_file(
        contracts=(TERMINATED,),
        registrations=(funded(1, "2025-05-13", "civil_year:2025#1"), waiting(2, "2025-06-03")),
    )

    actual = reconsidered(file, apart_from=1)

    assert units_or_statuses(actual) == ["civil_year:2025#1", "refused"]


def test_a_refused_one_gives_its_unit_to_a_younger_one() -> None:
    file = a_file(
        contracts=(a_contract(terminated_on=day("2025-06-30")),),
        registrations=(
            funded(1, "2025-10-08", "civil_year:2025#1"),
            waiting(2, "2025-06-03"),
            waiting(3, "2025-05-13"),
        ),
    )

    actual = reconsidered(file)

    assert units_or_statuses(actual) == ["refused", "civil_year:2025#1", "awaiting_choice"]


def test_a_refused_one_gives_its_unit_to_the_oldest_one_waiting() -> None:
    file = a_file(
        contracts=(a_contract(terminated_on=day("2025-06-30")),),
        registrations=(
            waiting(1, "2025-06-03"),
            waiting(2, "2025-05-13"),
            funded(3, "2025-10-08", "civil_year:2025#1"),
        ),
    )

    actual = reconsidered(file)

    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice", "refused"]
    assert [recorded.cause for recorded in actual.decisions] == [Cause.FILE_CHANGED, Cause.PROMOTION]


def test_a_kept_registration_stays_unfunded_though_a_unit_is_free() -> None:
    actual = reconsidered(a_file(registrations=(KEPT,)))

    assert (actual.file.registrations, actual.decisions) == ((KEPT,), ())


def test_a_kept_registration_once_refused_is_kept_no_more() -> None:
    refused = reconsidered(a_file(contracts=(TERMINATED,), registrations=(KEPT,))).file.registrations[0]

    actual = DecisionCascade(a_file(), POLICIES).decide_registration(refused, Cause.RE_EXAMINATION)

    assert units_or_statuses(actual) == ["civil_year:2025#1"]


PRIVATE = a_contract(legal_form=LegalForm.PRIVATE)
SPENT = funded(1, "2025-04-08", "civil_year:2025#1", Status.COMPLETED)


@pytest.mark.parametrize(
    ("first_day", "recorded"),
    [
        pytest.param("2025-05-13", [2], id="decided again before its session"),
        pytest.param("2025-05-01", [], id="told without a decision from its first day"),
    ],
)
def test_one_who_waits_is_offered_the_payers_of_the_moment(first_day: str, recorded: list[int]) -> None:
    file = a_file(contracts=(PRIVATE,), registrations=(SPENT, waiting(2, first_day)))

    actual = reconsidered(file)

    assert registration_numbered(actual, 2).offered_payers == (Payer.EMPLOYER, Payer.OPCO, Payer.SELF)
    assert decided_numbers(actual) == recorded


def test_one_who_waits_for_a_started_session_waits_on() -> None:
    file = a_file(contracts=(TERMINATED,), registrations=(SPENT, waiting(2, "2025-05-01")))

    actual = reconsidered(file)

    assert units_or_statuses(actual) == ["completed", "awaiting_choice"]


INITIAL_REQUEST = a_request(day("2025-09-15"), module=INITIAL)
AFTER_ENTRY = (a_request(day("2025-10-07")), a_request(day("2025-11-04")), a_request(day("2025-12-02")))


@pytest.mark.parametrize(
    ("certifications", "expected"),
    [
        pytest.param((), ["refused", "refused", "refused"], id="refused for who is not exempt"),
        pytest.param(
            (a_certification(),),
            ["civil_year:2025#1", "awaiting_choice", "awaiting_choice"],
            id="one a year for who is",
        ),
    ],
)
@pytest.mark.parametrize("status", [Status.CANCELLED, Status.ABSENT_JUSTIFIED, Status.ABSENT_UNJUSTIFIED])
def test_without_initial_training_the_modules_are(
    certifications: tuple[Certification, ...], expected: list[str], status: Status
) -> None:
    entered = cascade_of_requests(a_file(entered_on=None, certifications=certifications), INITIAL_REQUEST, *AFTER_ENTRY)
    missed = entered.file.with_registration(an_initial_registration(1, day("2025-09-15"), status=status))

    actual = DecisionCascade(missed, POLICIES).reconsider_all(Cause.INITIAL_TRAINING_CHANGED, today=TODAY)

    assert units_or_statuses(entered)[1:] == ["first_year#1", "first_year#2", "awaiting_choice"]
    assert units_or_statuses(actual)[1:] == expected


def test_initial_training_moved_later_refuses_the_modules_before_it() -> None:
    entered = cascade_of_requests(a_file(entered_on=None), INITIAL_REQUEST, *AFTER_ENTRY)
    moved = entered.file.with_registration(an_initial_registration(1, day("2025-11-03")))

    actual = DecisionCascade(moved, POLICIES).reconsider_all(Cause.INITIAL_TRAINING_CHANGED, today=TODAY)

    assert units_or_statuses(actual)[1:] == ["refused", "first_year#2", "first_year#1"]


def test_initial_training_registered_gives_its_modules_the_rights_of_the_first_year() -> None:
    exempt = cascade_of_requests(a_file(entered_on=None, certifications=(a_certification(),)), *AFTER_ENTRY)
    with_initial_training = exempt.file.with_registration(an_initial_registration(4, day("2025-09-15")))

    actual = DecisionCascade(with_initial_training, POLICIES).reconsider_all(
        Cause.INITIAL_TRAINING_CHANGED, today=TODAY
    )

    assert units_or_statuses(exempt) == ["civil_year:2025#1", "awaiting_choice", "awaiting_choice"]
    assert units_or_statuses(actual)[:3] == ["first_year#1", "first_year#2", "awaiting_choice"]


BEFORE_THE_GAP = a_contract(number=1, terminated_on=day("2025-09-10"))
AFTER_THE_GAP = a_contract(number=2, starts_on=day("2025-10-01"))


def initial_training_in_a_gap() -> AdviserFile:
    """An exempt adviser with modules older than the initial training, which begins while no contract covers."""
    exempt = cascade_of_requests(a_file(entered_on=None, certifications=(a_certification(),)), *AFTER_ENTRY[:2])
    with_initial_training = exempt.file.with_registration(an_initial_registration(3, day("2025-09-15")))
    decided = DecisionCascade(with_initial_training, POLICIES).reconsider_all(
        Cause.INITIAL_TRAINING_CHANGED, today=TODAY
    )
    return with_contracts(decided.file, BEFORE_THE_GAP, AFTER_THE_GAP)


def test_initial_training_refused_decides_its_modules_again() -> None:
    file = initial_training_in_a_gap()

    actual = reconsidered(file)

    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice", "refused"]
    assert [(recorded.registration_id.int, recorded.cause) for recorded in actual.decisions] == [
        (3, Cause.FILE_CHANGED),
        (1, Cause.INITIAL_TRAINING_CHANGED),
        (2, Cause.INITIAL_TRAINING_CHANGED),
    ]


def test_one_left_out_is_left_out_until_the_end() -> None:
    actual = reconsidered(initial_training_in_a_gap(), apart_from=1)

    assert units_or_statuses(actual) == ["first_year#1", "civil_year:2025#1", "refused"]


def test_a_started_session_is_left_alone_until_the_end() -> None:
    early = initial_training_in_a_gap().with_registration(funded(1, "2025-05-01", "civil_year:2025#1"))
    moved = early.with_registration(funded(2, "2025-05-02", "first_year#1"))

    actual = reconsidered(moved)

    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice", "refused"]


def test_the_policy_of_each_first_day_decides_again() -> None:
    policies = Policies((a_policy(), a_policy(effective_from=day("2025-06-01"))))
    file = a_file(
        contracts=(TERMINATED,),
        registrations=(funded(1, "2025-05-31", "civil_year:2025#1"), waiting(2, "2025-06-01")),
    )

    actual = DecisionCascade(file, policies).reconsider_all(Cause.FILE_CHANGED, today=TODAY)

    assert [recorded.decision.policy_version for recorded in actual.decisions] == ["2024-01-01", "2025-06-01"]
