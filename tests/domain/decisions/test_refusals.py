from datetime import date

import pytest

from app.domain.decisions.refusals import Absence, Actor, Reason, Refusal

TABLE = [
    ("not_in_post", "R1", Actor.EMPLOYER, True),
    ("ds_file_missing", "R3", Actor.EMPLOYER, True),
    ("contract_not_uploaded", "R4", Actor.EMPLOYER, True),
    ("recruitment_not_validated", "R5", Actor.EMPLOYER, True),
    ("renewal_not_validated", "R5", Actor.EMPLOYER, True),
    ("initial_training_already_funded", "R11", Actor.NOBODY, False),
    ("initial_training_not_started", "R18", Actor.ADVISER, True),
    ("ccp1_not_obtained", "R32", Actor.ADVISER, True),
    ("employer_agreement_missing", "R33", Actor.EMPLOYER, True),
    ("accreditation_missing", "R28", Actor.EMPLOYER, True),
    ("module_not_available_yet", "R24", Actor.TRAINING_ORGANISATION, True),
    ("module_no_longer_available", "R35", Actor.NOBODY, False),
    ("territory_not_covered", "R15", Actor.ADVISER, True),
    ("outside_scheme", "R29", Actor.NOBODY, False),
    ("module_quota_exceeded", "R25", Actor.ADVISER, True),
]


def test_the_reasons_are_those_of_the_table_in_its_order() -> None:
    actual = [(reason.value, reason.rule, reason.who_acts, reason.is_regularisable) for reason in Reason]

    assert actual == TABLE


@pytest.mark.parametrize("code", [row[0] for row in TABLE])
def test_a_reason_is_found_by_its_code(code: str) -> None:
    actual = Reason(code)  # type: ignore[call-arg]  # mypy takes a look-up for the making of a member

    assert actual == code


def test_an_organisation_is_not_told_when_a_contract_ended_and_all_else_of_a_refusal() -> None:
    ended = Refusal(Reason.NOT_IN_POST, Absence.CONTRACT_ENDED, day=date(2025, 4, 9))
    closed = Refusal(Reason.MODULE_NO_LONGER_AVAILABLE, day=date(2025, 10, 20))

    assert ended.without_last_day() == Refusal(Reason.NOT_IN_POST, Absence.CONTRACT_ENDED)
    assert closed.without_last_day() == closed
