from datetime import date

import pytest

from app.domain.facts.contract import Contract, covering_contract
from tests.domain_builders import FIRST_DAY, a_contract, contract_id, day

FIXED = a_contract(starts_on=day("2024-06-03"), ends_on=day("2025-05-31"))
BROKEN = a_contract(starts_on=day("2024-06-03"), ends_on=day("2025-05-31"), terminated_on=day("2025-03-14"))


@pytest.mark.parametrize(
    ("contract", "on", "expected"),
    [
        pytest.param(FIXED, "2024-06-02", False, id="not on the eve"),
        pytest.param(FIXED, "2024-06-03", True, id="on its first day"),
        pytest.param(FIXED, "2025-05-31", True, id="on its last day"),
        pytest.param(FIXED, "2025-06-01", False, id="not on the morrow"),
        pytest.param(BROKEN, "2025-03-14", True, id="on the day of its termination"),
        pytest.param(BROKEN, "2025-03-15", False, id="not on the morrow of its termination"),
        pytest.param(a_contract(), "2199-12-31", True, id="without end when it has none"),
    ],
)
def test_a_contract_covers_its_days_both_ends_included(contract: Contract, on: str, *, expected: bool) -> None:
    actual = contract.covers(day(on))

    assert actual is expected


@pytest.mark.parametrize(
    ("ends_on", "terminated_on", "expected"),
    [
        pytest.param(None, None, date.max, id="neither"),
        pytest.param(day("2025-05-31"), None, day("2025-05-31"), id="a term"),
        pytest.param(None, day("2025-03-14"), day("2025-03-14"), id="a termination"),
        pytest.param(day("2025-05-31"), day("2025-03-14"), day("2025-03-14"), id="a termination before the term"),
        pytest.param(day("2025-05-31"), day("2025-06-14"), day("2025-05-31"), id="a termination after the term"),
    ],
)
def test_a_contract_ends_at_its_term_or_its_termination(
    ends_on: date | None, terminated_on: date | None, expected: date
) -> None:
    actual = a_contract(ends_on=ends_on, terminated_on=terminated_on).last_day

    assert actual == expected


@pytest.mark.parametrize(
    ("ends_on", "terminated_on", "expected"),
    [
        pytest.param(None, None, False, id="not when nobody broke it"),
        pytest.param(None, day("2025-03-14"), True, id="of a permanent contract"),
        pytest.param(day("2025-03-15"), day("2025-03-14"), True, id="on the eve of the term"),
        pytest.param(day("2025-03-14"), day("2025-03-14"), False, id="not on the day of the term"),
        pytest.param(day("2025-03-13"), day("2025-03-14"), False, id="not after the term"),
    ],
)
def test_a_termination_counts_when_it_ends_the_contract(
    ends_on: date | None, terminated_on: date | None, *, expected: bool
) -> None:
    actual = a_contract(ends_on=ends_on, terminated_on=terminated_on).was_terminated

    assert actual is expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        pytest.param("2024-01-01", "2024-06-02", False, id="not in a period that ends on the eve"),
        pytest.param("2024-01-01", "2024-06-03", True, id="in a period that ends on its first day"),
        pytest.param("2025-05-31", "2025-12-31", True, id="in a period that begins on its last day"),
        pytest.param("2025-06-01", "2025-12-31", False, id="not in a period that begins on the morrow"),
    ],
)
def test_a_contract_runs_during_a_period_it_shares_a_day_with(first: str, last: str, *, expected: bool) -> None:
    actual = FIXED.runs_during(day(first), day(last))

    assert actual is expected


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        pytest.param((), 0, id="nothing"),
        pytest.param(("ds_file_number",), 1, id="the file"),
        pytest.param(("contract_uploaded_on",), 1, id="the upload"),
        pytest.param(("validated_on",), 1, id="the validation"),
        pytest.param(("ds_file_number", "contract_uploaded_on", "validated_on"), 3, id="everything"),
    ],
)
def test_missing_facts_are_counted(missing: tuple[str, ...], expected: int) -> None:
    actual = a_contract(missing=missing).file.missing_facts

    assert actual == expected


OLDER = a_contract(number=1, starts_on=day("2023-01-09"))
NEWER = a_contract(number=2, starts_on=day("2025-01-06"))
INCOMPLETE = a_contract(number=3, starts_on=day("2025-02-03"), missing=("ds_file_number",))
EMPTIER = a_contract(number=4, starts_on=day("2025-03-03"), missing=("ds_file_number", "validated_on"))
ENDED = a_contract(number=5, starts_on=day("2025-04-01"), ends_on=day("2025-05-12"))
SAME_START = a_contract(number=6, starts_on=day("2025-01-06"))


@pytest.mark.parametrize(
    ("contracts", "expected"),
    [
        pytest.param((OLDER, INCOMPLETE), 1, id="the complete one, though older"),
        pytest.param((EMPTIER, INCOMPLETE), 3, id="the fewest missing facts, though older"),
        pytest.param((OLDER, NEWER), 2, id="the latest start"),
        pytest.param((NEWER, OLDER), 2, id="the latest start, in whatever order"),
        pytest.param((SAME_START, NEWER), 2, id="the lowest id at last"),
        pytest.param((ENDED, EMPTIER), 4, id="never one that does not cover the day"),
    ],
)
def test_the_contract_read_is(contracts: tuple[Contract, ...], expected: int) -> None:
    actual = covering_contract(contracts, FIRST_DAY)

    assert actual is not None
    assert actual.id == contract_id(expected)


def test_no_contract_is_read_when_none_covers_the_day() -> None:
    actual = covering_contract((ENDED,), FIRST_DAY)

    assert actual is None
