from dataclasses import replace

import pytest

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences, decide_all_again
from app.domain.decisions.recorded_decisions import Cause
from app.domain.decisions.refusals import Reason
from app.domain.facts.adviser_file import AdviserFile, EarlierUsage
from app.domain.facts.certification import Certification
from app.domain.facts.contract import Contract, LegalForm
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Funding, Payer, Status, Unit
from app.domain.facts.training_organisation import Territory
from tests.domain.file_outcomes import decided_numbers, outcome_label, registration_numbered, units_or_statuses
from tests.domain_builders import (
    ACCREDITED,
    FULL_TITLE,
    INITIAL,
    POLICIES,
    a_certification,
    a_contract,
    a_file,
    a_module,
    a_policy,
    a_registration,
    a_request,
    a_waiting_registration,
    an_initial_registration,
    an_organisation,
    cascade_of_requests,
    day,
    registration_id,
    with_contracts,
)

TODAY = "2025-05-01"
TERMINATED = a_contract(terminated_on=day("2025-05-01"))
KEPT = a_registration(1, a_request(kept_unfunded=True), funding=Funding.NONE, payer=Payer.SELF)


def reconsidered(
    before: AdviserFile,
    after: AdviserFile,
    *,
    today: str = TODAY,
    apart_from: int | None = None,
    policies: Policies = POLICIES,
) -> DecisionCascade:
    """After this change of the file; the registrations are those of `before`."""
    left_out = None if apart_from is None else registration_id(apart_from)
    changed = DecisionCascade(replace(after, registrations=before.registrations), policies)
    return apply_consequences(changed, before, today=day(today), apart_from=left_out)


def after_contracts(
    before: AdviserFile, *contracts: Contract, today: str = TODAY, apart_from: int | None = None
) -> DecisionCascade:
    return reconsidered(before, with_contracts(before, *contracts), today=today, apart_from=apart_from)


def terminated(*registrations: Registration, today: str = TODAY, apart_from: int | None = None) -> DecisionCascade:
    """After the adviser's contract was terminated on 1 May 2025."""
    return after_contracts(a_file(registrations=registrations), TERMINATED, today=today, apart_from=apart_from)


def funded(number: int, first_day: str, unit: str, status: Status = Status.ACCEPTED) -> Registration:
    return a_registration(number, a_request(day(first_day)), unit=unit, status=status)


def waiting(number: int, first_day: str) -> Registration:
    return a_waiting_registration(number, a_request(day(first_day)))


@pytest.mark.parametrize(
    ("registration", "expected"),
    [
        pytest.param(funded(1, "2025-05-13", "civil_year:2025#1"), "refused", id="accepted"),
        pytest.param(waiting(1, "2025-05-13"), "refused", id="waiting"),
        pytest.param(an_initial_registration(), "refused", id="an initial training"),
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
        pytest.param(KEPT, "accepted", id="not one kept: it binds only its payer"),
        pytest.param(
            a_registration(unit="derogation#1", derogated=True), "derogation#1", id="not what a person decided"
        ),
    ],
)
def test_a_termination_decides_again_the_sessions_to_come(registration: Registration, expected: str) -> None:
    before = a_file(entered_on=None, certifications=(a_certification(),), registrations=(registration,))

    actual = after_contracts(before, TERMINATED)

    assert units_or_statuses(actual) == [expected]


def test_a_refused_registration_waits_for_a_notice() -> None:
    before = a_file(contracts=(TERMINATED,), registrations=(a_registration(status=Status.REFUSED),))

    actual = after_contracts(before, a_contract())

    assert (units_or_statuses(actual), actual.decisions) == (["refused"], ())


def test_a_new_refusal_says_why() -> None:
    actual = terminated(funded(1, "2025-05-13", "civil_year:2025#1"))

    recorded = actual.decisions[0]
    assert (recorded.cause, outcome_label(recorded.decision)) == (Cause.FILE_CHANGED, "not_in_post")


def test_a_decision_names_the_reasons_that_were_read_again() -> None:
    actual = terminated(funded(1, "2025-05-13", "civil_year:2025#1"))

    assert actual.decisions[0].facts.reopened == (
        Reason.NOT_IN_POST,
        Reason.DS_FILE_MISSING,
        Reason.CONTRACT_NOT_UPLOADED,
        Reason.RECRUITMENT_NOT_VALIDATED,
        Reason.RENEWAL_NOT_VALIDATED,
        Reason.ACCREDITATION_MISSING,
    )


def statuses(cascade: DecisionCascade) -> list[str]:
    return [item.status.value for item in cascade.file.registrations]


CLOSED = a_module(open_until=day("2025-01-01"))
OVERSEAS = an_organisation(Territory.OVERSEAS)
NO_LONGER_OFFERED = a_registration(1, a_request(module=CLOSED), unit="civil_year:2025#1")
FULL_TITLE_ACCEPTED = a_registration(1, a_request(module=FULL_TITLE), funding=Funding.STATE, payer=Payer.STATE)
FAR_AWAY = a_registration(1, a_request(module=INITIAL, organisation=OVERSEAS), funding=Funding.STATE, payer=Payer.STATE)
PARTIAL = a_contract(missing=("contract_uploaded_on",))


@pytest.mark.parametrize(
    ("registration", "before", "after", "expected"),
    [
        pytest.param(
            NO_LONGER_OFFERED, a_file(), a_file(contracts=(PARTIAL,)), "contract_not_uploaded", id="its own, of several"
        ),
        pytest.param(
            NO_LONGER_OFFERED,
            a_file(),
            a_file(contracts=(a_contract(), a_contract(number=2, starts_on=day("2025-05-05")))),
            "accepted",
            id="none for a contract that lacks nothing",
        ),
        pytest.param(
            FULL_TITLE_ACCEPTED,
            a_file(),
            a_file(contracts=(PARTIAL,)),
            "contract_not_uploaded",
            id="no result for a contract",
        ),
        pytest.param(
            FAR_AWAY,
            a_file(entered_on=None),
            a_file(),
            "initial_training_already_funded",
            id="no territory for an entry",
        ),
        pytest.param(
            FAR_AWAY,
            a_file(entered_on=None),
            a_file(entered_on=None, contracts=(TERMINATED,)),
            "not_in_post",
            id="no territory for a contract",
        ),
        pytest.param(
            FAR_AWAY,
            a_file(entered_on=None, department="974"),
            a_file(entered_on=None),
            "territory_not_covered",
            id="the territory for a department",
        ),
        pytest.param(
            FAR_AWAY,
            a_file(entered_on=None),
            a_file(entered_on=None, in_scheme=False),
            "outside_scheme",
            id="the scheme for who leaves it",
        ),
        pytest.param(
            a_registration(1, a_request(module=ACCREDITED), funding=Funding.NONE),
            a_file(in_scheme=False, entered_on=None, contracts=(PARTIAL,)),
            a_file(entered_on=None, contracts=(PARTIAL,)),
            "contract_not_uploaded, initial_training_not_started, accreditation_missing",
            id="every one for who joins it",
        ),
        pytest.param(
            a_registration(1, a_request(module=CLOSED), funding=Funding.NONE),
            a_file(in_scheme=False),
            a_file(),
            "civil_year:2025",
            id="none that stood before, for who joins it",
        ),
        pytest.param(
            a_registration(1, a_request(module=ACCREDITED), unit="civil_year:2025#1"),
            a_file(),
            a_file(contracts=(a_contract(), a_contract(number=2, starts_on=day("2025-05-05")))),
            "accepted",
            id="no accreditation that was missing before, for a contract",
        ),
        pytest.param(
            FAR_AWAY,
            a_file(entered_on=None),
            a_file(entered_on=None, department="22"),
            "accepted",
            id="no territory that was not covered before, for a department",
        ),
        pytest.param(
            a_registration(1, a_request(module=ACCREDITED), unit="civil_year:2025#1"),
            a_file(contracts=(a_contract(accredited=True),)),
            a_file(),
            "accreditation_missing",
            id="the accreditation for a contract",
        ),
        pytest.param(
            a_registration(1, a_request(module=ACCREDITED), unit="civil_year:2025#1"),
            a_file(contracts=(a_contract(),)),
            a_file(contracts=(a_contract(),), department="974"),
            "accepted",
            id="no accreditation for a department",
        ),
        pytest.param(
            a_registration(1, unit="civil_year:2025#1"),
            a_file(entered_on=None, certifications=(a_certification(),)),
            a_file(entered_on=None),
            "initial_training_not_started",
            id="the entry for a result annulled",
        ),
    ],
)
def test_a_change_refuses_for_no_reason_but(
    registration: Registration, before: AdviserFile, after: AdviserFile, expected: str
) -> None:
    """Each stands for several reasons that nobody read when it was accepted: a catalogue changed since."""
    actual = reconsidered(before.with_registration(registration), after)

    reasons = [outcome_label(recorded.decision) for recorded in actual.decisions]
    assert (reasons or statuses(actual)) == [expected]


def test_a_decision_that_changes_nothing_is_not_recorded() -> None:
    before = a_file(
        registrations=(
            funded(1, "2025-05-13", "civil_year:2025#1"),
            waiting(2, "2025-06-03"),
            a_registration(3, a_request(day("2025-07-01"), kept_unfunded=True), funding=Funding.NONE, payer=Payer.SELF),
        )
    )

    actual = after_contracts(before, a_contract(), a_contract(number=2, starts_on=day("2025-05-05")))

    assert (actual.file.registrations, actual.decisions) == (before.registrations, ())


YOUNGER_HOLDS_IT = (waiting(1, "2025-06-03"), funded(2, "2025-10-07", "civil_year:2025#1"))


def test_nothing_is_dealt_anew_when_neither_reasons_nor_rights_change() -> None:
    """A push takes a right from nobody: the younger one keeps it."""
    actual = after_contracts(
        a_file(registrations=YOUNGER_HOLDS_IT), a_contract(), a_contract(number=2, starts_on=day("2025-05-05"))
    )

    assert (units_or_statuses(actual), actual.decisions) == (["awaiting_choice", "civil_year:2025#1"], ())


def test_nothing_is_dealt_anew_for_a_reason_that_the_change_does_not_open() -> None:
    """The module of the older one was closed since: a contract has nothing to do with it."""
    closed = replace(YOUNGER_HOLDS_IT[0], request=a_request(day("2025-06-03"), module=CLOSED))

    actual = after_contracts(
        a_file(registrations=(closed, YOUNGER_HOLDS_IT[1])),
        a_contract(),
        a_contract(number=2, starts_on=day("2025-05-05")),
    )

    assert (units_or_statuses(actual), actual.decisions) == (["awaiting_choice", "civil_year:2025#1"], ())


HIRED_LATER = a_contract(starts_on=day("2025-01-06"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            a_file(contracts=(a_contract(),)), a_file(contracts=(HIRED_LATER,)), id="the rights, which a contract gives"
        ),
        pytest.param(a_file(entered_on=day("2024-02-05")), a_file(), id="the rights, which the entry gives"),
    ],
)
def test_the_older_request_has_the_right_when_the_change_alters(before: AdviserFile, after: AdviserFile) -> None:
    actual = reconsidered(replace(before, registrations=YOUNGER_HOLDS_IT), after)

    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice"]
    assert decided_numbers(actual) == [1, 2]


def test_the_older_request_has_the_right_when_the_change_alters_the_reasons_of_one_of_them() -> None:
    before = a_file(registrations=(*YOUNGER_HOLDS_IT, waiting(3, "2026-02-03")))

    actual = after_contracts(before, a_contract(ends_on=day("2025-12-31")))

    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice", "refused"]


def test_a_right_of_a_year_to_come_deals_nothing_of_this_one_anew() -> None:
    before = a_file(contracts=(a_contract(ends_on=day("2025-12-31")),), registrations=YOUNGER_HOLDS_IT)

    actual = after_contracts(before, a_contract())

    assert (units_or_statuses(actual), actual.decisions) == (["awaiting_choice", "civil_year:2025#1"], ())


def test_what_a_started_session_holds_is_not_dealt_anew() -> None:
    before = a_file(registrations=(waiting(1, "2025-06-03"), funded(2, TODAY, "civil_year:2025#1", Status.ACCEPTED)))

    actual = after_contracts(before, HIRED_LATER)

    assert units_or_statuses(actual) == ["awaiting_choice", "civil_year:2025#1"]


def test_one_may_be_left_out() -> None:
    actual = terminated(funded(1, "2025-05-13", "civil_year:2025#1"), waiting(2, "2025-06-03"), apart_from=1)

    assert units_or_statuses(actual) == ["civil_year:2025#1", "refused"]


def test_a_refused_one_gives_its_unit_to_the_oldest_of_the_others() -> None:
    before = a_file(
        registrations=(funded(1, "2025-10-08", "civil_year:2025#1"), waiting(2, "2025-06-03"), waiting(3, "2025-05-13"))
    )

    actual = after_contracts(before, a_contract(terminated_on=day("2025-06-30")))

    assert units_or_statuses(actual) == ["refused", "civil_year:2025#1", "awaiting_choice"]
    assert [recorded.cause for recorded in actual.decisions] == [Cause.FILE_CHANGED, Cause.FILE_CHANGED]


def test_a_unit_that_was_given_back_goes_to_a_session_of_today_too() -> None:
    """It has started, so that it is not decided again; it waits, and the deed is of today."""
    actual = terminated(waiting(1, TODAY), funded(2, "2025-05-13", "civil_year:2025#1"))

    assert units_or_statuses(actual) == ["civil_year:2025#1", "refused"]
    assert [recorded.cause for recorded in actual.decisions] == [Cause.FILE_CHANGED, Cause.PROMOTION]


def test_a_kept_registration_stays_unfunded_though_a_right_comes() -> None:
    actual = after_contracts(a_file(contracts=(), registrations=(KEPT,)), a_contract())

    assert (actual.file.registrations, actual.decisions) == ((KEPT,), ())


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(a_file(contracts=(TERMINATED,)), id="contract"),
        pytest.param(a_file(entered_on=None), id="initial training"),
        pytest.param(a_file(in_scheme=False), id="scheme"),
        pytest.param(a_file(department="974"), id="department"),
    ],
)
def test_what_was_kept_binds_its_payer_whatever_becomes_of_the(after: AdviserFile) -> None:
    actual = reconsidered(a_file(registrations=(KEPT,)), after)

    assert (actual.file.registrations, actual.decisions) == ((KEPT,), ())


def test_a_kept_registration_once_refused_is_kept_no_more() -> None:
    moved = DecisionCascade(a_file(contracts=(TERMINATED,)), POLICIES).decide_registration(KEPT, Cause.RESCHEDULED)

    actual = DecisionCascade(a_file(), POLICIES).decide_registration(
        registration_numbered(moved, 1), Cause.RE_EXAMINATION
    )

    assert units_or_statuses(moved) == ["refused"]
    assert units_or_statuses(actual) == ["civil_year:2025#1"]


PRIVATE = a_contract(legal_form=LegalForm.PRIVATE)
SPENT = funded(1, "2025-04-08", "civil_year:2025#1", Status.COMPLETED)
OPCO_TOO, WITHOUT_OPCO = (Payer.EMPLOYER, Payer.OPCO, Payer.SELF), (Payer.EMPLOYER, Payer.SELF)


@pytest.mark.parametrize("first_day", ["2025-05-13", "2025-05-01", "2025-04-30"])
def test_one_who_waits_is_offered_the_payers_of_the_employer_of_the_moment(first_day: str) -> None:
    """Whatever its session, and without a decision: the offer alone is another."""
    before = a_file(registrations=(SPENT, waiting(2, first_day)))

    private = after_contracts(before, PRIVATE)
    public = after_contracts(private.file, a_contract())

    assert [registration_numbered(state, 2).offered_payers for state in (private, public)] == [OPCO_TOO, WITHOUT_OPCO]
    assert (private.decisions, public.decisions) == ((), ())


def test_the_payers_are_offered_anew_to_those_who_wait_after_all() -> None:
    """The employer's change takes the right of the younger one at the same time."""
    before = a_file(entered_on=day("2024-02-05"), registrations=YOUNGER_HOLDS_IT)
    after = a_file(contracts=(PRIVATE,))

    actual = reconsidered(before, after)

    assert registration_numbered(actual, 2).offered_payers == OPCO_TOO
    assert registration_numbered(actual, 1).offered_payers == ()


def test_one_who_waits_for_a_started_session_waits_on() -> None:
    actual = terminated(SPENT, waiting(2, "2025-05-01"))

    assert units_or_statuses(actual) == ["completed", "awaiting_choice"]


MODULES = (funded(1, "2025-05-13", "civil_year:2025#1"), waiting(2, "2025-06-03"))


def test_who_leaves_the_scheme_keeps_the_modules_without_funding() -> None:
    actual = reconsidered(a_file(registrations=MODULES), a_file(in_scheme=False))

    assert [(item.status, item.funding, item.payer) for item in actual.file.registrations] == [
        (Status.ACCEPTED, Funding.NONE, None)
    ] * 2
    assert [recorded.cause for recorded in actual.decisions] == [Cause.SCHEME_CHANGED] * 2


def test_who_leaves_the_scheme_keeps_what_has_started() -> None:
    actual = reconsidered(a_file(registrations=MODULES), a_file(in_scheme=False), today="2025-05-13")

    assert units_or_statuses(actual) == ["civil_year:2025#1", "accepted"]


def test_who_joins_the_scheme_has_rights_in_order_of_creation() -> None:
    modules = tuple(
        a_registration(number, a_request(day(on)), funding=Funding.NONE)
        for number, on in enumerate(("2025-06-03", "2025-05-13"), start=1)
    )

    actual = reconsidered(a_file(in_scheme=False, registrations=modules), a_file())

    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice"]


def test_who_joins_the_scheme_out_of_post_is_refused() -> None:
    module = a_registration(1, funding=Funding.NONE)

    actual = reconsidered(a_file(in_scheme=False, contracts=(), registrations=(module,)), a_file(contracts=()))

    assert [outcome_label(recorded.decision) for recorded in actual.decisions] == ["not_in_post"]


def test_what_was_used_under_an_earlier_file_takes_a_right() -> None:
    before = a_file(registrations=(funded(1, "2025-05-13", "civil_year:2025#1"),))
    used = EarlierUsage((), (Unit("civil_year:2025#2"),))

    actual = reconsidered(before, replace(before, former=used))

    assert (units_or_statuses(actual), actual.decisions[0].cause) == (["awaiting_choice"], Cause.FILE_CHANGED)


INITIAL_REQUEST = a_request(day("2025-09-15"), module=INITIAL)
AFTER_ENTRY = (a_request(day("2025-10-07")), a_request(day("2025-11-04")), a_request(day("2025-12-02")))


def after_training(before: AdviserFile, training: Registration, today: str = TODAY) -> DecisionCascade:
    """After a deed about the initial training."""
    changed = DecisionCascade(before.with_registration(training), POLICIES)
    return apply_consequences(changed, before, today=day(today), apart_from=training.id)


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

    actual = after_training(entered.file, an_initial_registration(1, day("2025-09-15"), status=status))

    assert units_or_statuses(entered)[1:] == ["first_year#1", "first_year#2", "awaiting_choice"]
    assert units_or_statuses(actual)[1:] == expected


def test_initial_training_moved_later_refuses_the_modules_before_it() -> None:
    entered = cascade_of_requests(a_file(entered_on=None), INITIAL_REQUEST, *AFTER_ENTRY)

    actual = after_training(entered.file, an_initial_registration(1, day("2025-11-03")))

    assert units_or_statuses(actual)[1:] == ["refused", "first_year#1", "first_year#2"]


def test_initial_training_registered_gives_its_modules_the_rights_of_the_first_year() -> None:
    exempt = cascade_of_requests(a_file(entered_on=None, certifications=(a_certification(),)), *AFTER_ENTRY)

    actual = after_training(exempt.file, an_initial_registration(4, day("2025-09-15")))

    assert units_or_statuses(exempt) == ["civil_year:2025#1", "awaiting_choice", "awaiting_choice"]
    assert units_or_statuses(actual)[:3] == ["first_year#1", "first_year#2", "awaiting_choice"]


def test_a_corrected_entry_gives_the_rights_that_it_should_have_given() -> None:
    """Thought to have entered in 2022; it was in January 2025."""
    before = a_file(registrations=MODULES)

    actual = reconsidered(before, a_file(entered_on=day("2025-01-20")))

    assert units_or_statuses(actual) == ["first_year#1", "first_year#2"]
    assert [recorded.cause for recorded in actual.decisions] == [Cause.INITIAL_TRAINING_CHANGED] * 2


def test_a_corrected_entry_takes_the_rights_that_it_should_not_have_given() -> None:
    before = a_file(
        entered_on=day("2025-01-20"),
        registrations=(funded(1, "2025-05-13", "first_year#1"), funded(2, "2025-06-03", "first_year#2")),
    )

    actual = reconsidered(before, a_file())

    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice"]


def test_a_corrected_entry_takes_nothing_from_what_started() -> None:
    before = a_file(
        entered_on=day("2025-01-20"),
        registrations=(
            funded(1, "2025-06-03", "first_year#1"),
            funded(2, "2025-04-08", "first_year#2", Status.COMPLETED),
        ),
    )

    actual = reconsidered(before, a_file())

    assert [registration_numbered(actual, 2).unit, *units_or_statuses(actual)] == [
        "first_year#2", "awaiting_choice", "completed"
    ]  # fmt: skip


BEFORE_THE_GAP = a_contract(number=1, terminated_on=day("2025-09-10"))
AFTER_THE_GAP = a_contract(number=2, starts_on=day("2025-10-01"))


def initial_training_in_a_gap() -> AdviserFile:
    """An exempt adviser with modules older than the initial training, which begins while no contract will cover."""
    exempt = cascade_of_requests(a_file(entered_on=None, certifications=(a_certification(),)), *AFTER_ENTRY[:2])
    return after_training(exempt.file, an_initial_registration(3, day("2025-09-15"))).file


def test_initial_training_refused_decides_its_modules_again() -> None:
    before = initial_training_in_a_gap()

    actual = after_contracts(before, BEFORE_THE_GAP, AFTER_THE_GAP)

    assert units_or_statuses(DecisionCascade(before, POLICIES)) == ["first_year#1", "first_year#2", "accepted"]
    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice", "refused"]
    assert [(recorded.registration_id.int, recorded.cause) for recorded in actual.decisions] == [
        (3, Cause.FILE_CHANGED),
        (1, Cause.INITIAL_TRAINING_CHANGED),
        (2, Cause.INITIAL_TRAINING_CHANGED),
    ]


def test_modules_of_an_initial_training_refused_are_decided_on_reasons_of_their_own_too() -> None:
    """Not exempt: no entry before them, and no post on the day of the first."""
    entered = cascade_of_requests(a_file(entered_on=None), INITIAL_REQUEST, *AFTER_ENTRY[:2])

    actual = after_contracts(
        entered.file,
        a_contract(number=1, terminated_on=day("2025-09-10")),
        a_contract(number=2, starts_on=day("2025-11-03")),
    )

    assert [outcome_label(recorded.decision) for recorded in actual.decisions] == [
        "not_in_post",
        "not_in_post, initial_training_not_started",
        "initial_training_not_started",
    ]


def test_one_left_out_is_left_out_until_the_end() -> None:
    actual = after_contracts(initial_training_in_a_gap(), BEFORE_THE_GAP, AFTER_THE_GAP, apart_from=1)

    assert units_or_statuses(actual) == ["first_year#1", "awaiting_choice", "refused"]


def test_a_started_session_is_left_alone_until_the_end() -> None:
    before = initial_training_in_a_gap().with_registration(funded(1, TODAY, "civil_year:2025#1"))

    actual = after_contracts(before, BEFORE_THE_GAP, AFTER_THE_GAP)

    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice", "refused"]


def test_the_policy_of_each_first_day_decides_again() -> None:
    policies = Policies((a_policy(), a_policy(effective_from=day("2025-06-01"))))
    before = a_file(registrations=(funded(1, "2025-05-31", "civil_year:2025#1"), waiting(2, "2025-06-01")))

    actual = reconsidered(before, with_contracts(before, TERMINATED), policies=policies)

    assert [recorded.decision.policy_version for recorded in actual.decisions] == ["2024-01-01", "2025-06-01"]


def test_under_other_policies_all_are_decided_again_on_all_their_reasons() -> None:
    closed, kept = replace(NO_LONGER_OFFERED, id=registration_id(3)), replace(KEPT, id=registration_id(4))
    file = a_file(
        entered_on=None,
        certifications=(a_certification(),),
        registrations=(
            an_initial_registration(1),
            funded(2, "2025-10-07", "first_year#1"),
            closed,
            kept,
        ),
    )

    actual = decide_all_again(DecisionCascade(file, POLICIES), today=day(TODAY))

    assert units_or_statuses(actual) == ["accepted", "first_year#1", "refused", "accepted"]
    assert [(recorded.registration_id.int, recorded.cause) for recorded in actual.decisions] == [
        (3, Cause.FILE_CHANGED)
    ]


def test_under_other_policies_the_older_request_has_the_right() -> None:
    actual = decide_all_again(DecisionCascade(a_file(registrations=YOUNGER_HOLDS_IT), POLICIES), today=day(TODAY))

    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice"]
