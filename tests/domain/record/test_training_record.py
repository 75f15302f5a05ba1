from dataclasses import replace
from datetime import date

import pytest

from app.domain.decisions.in_post import PostOnDay
from app.domain.decisions.refusals import Absence, Reason, Refusal
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import CertificationOutcome, NextAttemptPayer
from app.domain.facts.module import ModuleCode
from app.domain.facts.registration_terms import Status
from app.domain.record.exam_presentations import Presentation, PresentationStatus
from app.domain.record.missed_sessions import MissedSession
from app.domain.record.obligations import Obligation, ObligationStatus
from app.domain.record.training_record import (
    Entitlement,
    TrainingRecord,
    entitlements,
    exempting_qualification,
    limited_to,
    training_record,
)
from app.domain.rights.buckets import Bucket, Category
from tests.domain_builders import (
    CATIC,
    PIX,
    POLICY,
    REMN_CCP1,
    REMN_CCP2,
    a_certification,
    a_contract,
    a_file,
    a_registration,
    a_request,
    day,
    registration_id,
)

SUPPLEMENTS = (ModuleCode("cafe-ia"),)
NONE: tuple[ModuleCode, ...] = ()


def names(found: tuple[Entitlement, ...]) -> list[str]:
    return [item.bucket.name for item in found]


def test_a_training_record_shows_what_the_rules_see() -> None:
    file = a_file(entered_on=day("2024-04-15"), ended_on=day("2025-03-21"))
    on = day("2025-04-15")

    actual = training_record(file, (REMN_CCP1, PIX), SUPPLEMENTS, POLICY, on)

    contract = a_contract()
    assert actual == TrainingRecord(
        on=on,
        policy_version="2024-01-01",
        category=Category.FIRST_YEAR,
        post=PostOnDay((contract,), on, contract),
        post_refusals=(),
        entered_on=day("2024-04-15"),
        ended_on=day("2025-03-21"),
        exempted_by=None,
        entitlements=entitlements(file, SUPPLEMENTS, POLICY, on, history=False),
        obligations=(Obligation("first_year", 2, 0, day("2024-04-15"), day("2025-04-15"), ObligationStatus.DUE),),
        presentations=(
            Presentation(REMN_CCP1.code, day("2025-05-21"), PresentationStatus.DUE, NextAttemptPayer.STATE),
            Presentation(PIX.code, day("2025-05-21"), PresentationStatus.DUE, NextAttemptPayer.STATE),
        ),
        missed=(),
        derogated=(),
    )


def test_a_training_record_shows_what_was_missed() -> None:
    missed = a_registration(1, a_request(day("2024-06-10")), status=Status.ABSENT_UNJUSTIFIED, unit="first_year#1")
    file = a_file(entered_on=day("2024-04-15"), registrations=(missed,))

    actual = training_record(file, (), NONE, POLICY, day("2024-06-10"))

    assert actual.missed == (MissedSession(missed),)


def test_a_training_record_shows_a_carried_right_whatever_became_of_its_year() -> None:
    file = a_file(contracts=(), carry_overs={"civil_year:2025": 1, "first_year": 1})

    actual = training_record(file, (), NONE, POLICY, day("2025-12-31"))

    assert [item.bucket for item in actual.entitlements] == [
        Bucket("carry_over:first_year", 1, day("2025-04-16"), day("2026-12-31"), "R27"),
        Bucket("carry_over:civil_year:2025", 1, day("2026-01-01"), day("2026-12-31"), "R27"),
    ]


def test_a_training_record_names_what_derogations_hold() -> None:
    registrations = (
        a_registration(1, a_request(day("2025-02-11")), unit="derogation#1"),
        a_registration(2, a_request(day("2025-03-11")), unit="civil_year:2025#1"),
        a_registration(3, a_request(day("2026-02-10")), unit="derogation#2"),
    )

    actual = training_record(a_file(registrations=registrations), (), NONE, POLICY, day("2025-12-31"))

    assert actual.derogated == (registration_id(1), registration_id(3))
    assert names(actual.entitlements) == ["civil_year:2025", "civil_year:2026"]


def test_a_training_record_tells_what_the_post_lacks() -> None:
    actual = training_record(a_file(contracts=()), (), SUPPLEMENTS, POLICY, day("2025-04-15"))

    assert (actual.post.contract, actual.post_refusals) == (
        None,
        (Refusal(Reason.NOT_IN_POST, Absence.NO_CONTRACT),),
    )


def test_a_training_record_shows_the_past_on_request() -> None:
    file = a_file(entered_on=day("2024-04-15"))

    present = training_record(file, (), NONE, POLICY, day("2025-04-16"))
    past = training_record(file, (), NONE, POLICY, day("2025-04-16"), history=True)

    assert [names(record.entitlements)[0] for record in (present, past)] == ["civil_year:2025", "first_year"]


def test_a_training_record_names_the_qualification_that_exempts() -> None:
    file = a_file(entered_on=None, certifications=(a_certification(CATIC, on=day("2024-06-03")),))

    records = [training_record(file, (), NONE, POLICY, day(on)) for on in ("2024-06-02", "2024-06-03")]

    assert [record.exempted_by for record in records] == [None, "catic"]


def test_a_mediator_has_no_category_nor_right() -> None:
    actual = training_record(a_file(in_scheme=False), (), SUPPLEMENTS, POLICY, day("2025-04-15"))

    assert (actual.category, actual.entitlements, actual.obligations) == (Category.NONE, (), ())


@pytest.mark.parametrize(
    ("file", "on", "expected"),
    [
        pytest.param(a_file(), "2025-03-31", ["2024", "2025", "2026"], id="until the last day"),
        pytest.param(a_file(), "2025-04-01", ["2025", "2026"], id="not after it"),
        pytest.param(a_file(), "2025-12-31", ["2025", "2026"], id="those of the next twelve months"),
        pytest.param(a_file(), "2026-01-01", ["2026", "2027"], id="those that open in twelve months to the day"),
    ],
)
def test_the_rights_shown_are_open_or_open_within_twelve_months(
    file: AdviserFile, on: str, expected: list[str]
) -> None:
    actual = entitlements(file, NONE, POLICY, day(on), history=False)

    assert names(actual) == [f"civil_year:{year}" for year in expected]


@pytest.mark.parametrize(
    ("entered_on", "expected"),
    [
        pytest.param("2026-04-15", ["first_year"], id="one that opens in twelve months"),
        pytest.param("2026-04-16", [], id="not one that opens a day later"),
    ],
)
def test_the_horizon_is_a_year(entered_on: str, expected: list[str]) -> None:
    actual = entitlements(a_file(entered_on=day(entered_on)), NONE, POLICY, day("2025-04-15"), history=False)

    assert names(actual) == expected


def test_the_rights_shown_go_from_the_oldest_then_the_first_to_expire_then_by_name() -> None:
    file = a_file(carry_overs={"civil_year:2024": 1})
    supplements = (ModuleCode("zen"), ModuleCode("cafe-ia"))

    actual = entitlements(file, supplements, POLICY, day("2025-02-10"), history=True)

    assert names(actual) == [
        "civil_year:2024",
        "carry_over:civil_year:2024",
        "civil_year:2025",
        "supplementary:cafe-ia",
        "supplementary:zen",
        "civil_year:2026",
    ]


def test_rights_that_open_together_go_by_expiry() -> None:
    file = a_file(entered_on=day("2025-06-02"), certifications=(a_certification(on=day("2024-06-03")),))

    actual = entitlements(file, SUPPLEMENTS, POLICY, day("2025-01-06"), history=False)

    assert names(actual) == ["civil_year:2024", "civil_year:2025", "supplementary:cafe-ia", "first_year"]


def test_a_right_shows_who_holds_it() -> None:
    first = a_registration(1, a_request(day("2024-06-10")), unit="first_year#1")
    waiting = a_registration(2, a_request(day("2024-09-10")))
    second = a_registration(3, a_request(day("2025-04-15")), unit="first_year#2")
    file = a_file(entered_on=day("2024-04-15"), registrations=(first, waiting, second))

    actual = entitlements(file, NONE, POLICY, day("2024-06-10"), history=False)

    assert actual[0].reserved_by == (registration_id(1), registration_id(3))


LICENCE = a_certification(CATIC, on=day("2024-06-03"))
OLDER = a_certification(REMN_CCP1, on=day("2023-06-15"))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param(a_file(entered_on=None, certifications=(LICENCE,)), "catic", id="obtained that day"),
        pytest.param(a_file(entered_on=None, certifications=(LICENCE, OLDER)), "remn-ccp1", id="the first obtained"),
        pytest.param(a_file(entered_on=day("2024-06-04"), certifications=(LICENCE,)), "catic", id="before entry"),
        pytest.param(a_file(entered_on=day("2024-06-03"), certifications=(LICENCE,)), None, id="not from entry on"),
        pytest.param(a_file(entered_on=None), None, id="not without any"),
        pytest.param(
            a_file(entered_on=None, certifications=(a_certification(on=day("2024-06-04")),)), None, id="not a later one"
        ),
        pytest.param(
            a_file(entered_on=None, certifications=(a_certification(outcome=CertificationOutcome.FAILED),)),
            None,
            id="not a failed one",
        ),
        pytest.param(
            a_file(entered_on=None, certifications=(a_certification(REMN_CCP2),)),
            None,
            id="not one that does not exempt",
        ),
    ],
)
def test_the_qualification_that_exempts_is(file: AdviserFile, expected: str | None) -> None:
    actual = exempting_qualification(file, day("2024-06-03"))

    assert actual == expected


FORMER = a_contract(number=1, starts_on=day("2019-01-07"), ends_on=day("2022-12-31"))
PRESENT = a_contract(number=2, starts_on=day("2023-01-02"), missing={"validated_on"})


def limited(on: str, *sessions: str, status: Status = Status.ACCEPTED) -> TrainingRecord:
    """The record of that day for whoever has these sessions, of an adviser with two contracts."""
    own = tuple(
        a_registration(number, a_request(day(session)), status=status) for number, session in enumerate(sessions, 1)
    )
    file = a_file(contracts=(FORMER, PRESENT), registrations=own)
    return limited_to(own, training_record(file, (), NONE, POLICY, day(on)), file, POLICY)


def test_an_organisation_knows_the_contract_of_its_session() -> None:
    record = limited("2024-06-10", "2024-09-10")

    assert record.post == PostOnDay((PRESENT,), day("2024-06-10"), PRESENT)
    assert [refusal.code for refusal in record.post_refusals] == [Reason.RECRUITMENT_NOT_VALIDATED]


@pytest.mark.parametrize("on", ["2019-01-06", "2019-01-07", "2022-12-31", "2023-01-01"])
def test_it_cannot_find_out_the_days_of_another_by_trying(on: str) -> None:
    record = limited(on, "2024-09-10")

    assert (record.post, record.post_refusals) == (PostOnDay((PRESENT,), day(on), None), ())


def test_a_contract_of_another_employer_lifts_no_reason_of_its_own() -> None:
    own = (a_registration(1, a_request(day("2024-09-10"))),)
    beside = a_contract(number=3, starts_on=day("2024-06-01"), ends_on=day("2024-06-30"))
    file = a_file(contracts=(PRESENT, beside), registrations=own)
    whole = training_record(file, (), NONE, POLICY, day("2024-06-10"))

    seen = limited_to(own, whole, file, POLICY)

    assert whole.post_refusals == ()
    assert [refusal.code for refusal in seen.post_refusals] == [Reason.RECRUITMENT_NOT_VALIDATED]


def test_it_knows_those_of_all_its_sessions() -> None:
    assert limited("2021-03-01", "2024-09-10", "2022-05-10").post.contract == FORMER


def test_on_the_day_of_its_session_it_knows_what_the_decision_said() -> None:
    record = limited("2018-05-10", "2018-05-10")

    assert record.post == PostOnDay((), day("2018-05-10"), None)
    assert record.post_refusals == (Refusal(Reason.NOT_IN_POST, Absence.CONTRACT_NOT_STARTED),)


def test_a_cancelled_registration_tells_it_of_no_contract() -> None:
    assert limited("2024-06-10", "2024-09-10", status=Status.CANCELLED).post.contracts == ()


def test_the_rest_of_the_record_is_whole() -> None:
    own = (a_registration(1, a_request(day("2024-09-10"))),)
    file = a_file(contracts=(FORMER, PRESENT), registrations=own)
    whole = training_record(file, (REMN_CCP1, PIX), SUPPLEMENTS, POLICY, day("2024-06-10"))

    seen = limited_to(own, whole, file, POLICY)

    assert replace(seen, post=whole.post, post_refusals=whole.post_refusals) == whole


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        pytest.param("2022-12-31", [], id="not while only another contract runs"),
        pytest.param("2023-01-01", [], id="not between two contracts"),
        pytest.param("2023-01-02", [day("2023-01-02")], id="from the first day of a contract that it knows"),
    ],
)
def test_an_organisation_is_told_that_initial_training_is_owed(on: str, expected: list[date]) -> None:
    """And not since when, if that was under another contract."""
    own = (a_registration(1, a_request(day("2024-09-10"))),)
    file = a_file(entered_on=None, contracts=(FORMER, PRESENT), registrations=own)
    whole = training_record(file, (), NONE, POLICY, day(on))

    seen = limited_to(own, whole, file, POLICY)

    assert [item.begins_on for item in whole.obligations] == ([] if on == "2023-01-01" else [day("2019-01-07")])
    assert [item.begins_on for item in seen.obligations] == expected
