import pytest

from app.domain.decisions.in_post import post_on, post_refusals
from app.domain.decisions.refusals import Absence, Reason, Refusal
from app.domain.facts.contract import Contract, LegalForm
from tests.domain.file_outcomes import refusal_codes
from tests.domain_builders import FIRST_DAY, a_contract, contract_id, day

ENDED = a_contract(number=1, starts_on=day("2023-06-01"), ends_on=day("2025-03-31"))
TERMINATED = a_contract(
    number=2, starts_on=day("2023-06-01"), ends_on=day("2026-05-31"), terminated_on=day("2025-03-14")
)
TO_COME = a_contract(number=3, starts_on=day("2025-05-14"))
ENDED_LATER = a_contract(number=4, starts_on=day("2025-04-01"), ends_on=day("2025-05-12"))
SAME_END = a_contract(number=5, starts_on=day("2024-01-08"), terminated_on=day("2025-03-31"))
BEGUN_THAT_DAY_AND_BROKEN_BEFORE = a_contract(number=6, starts_on=FIRST_DAY, terminated_on=day("2025-05-12"))


def refused(absence: Absence, contract: Contract | None = None) -> Refusal:
    if contract is None:
        return Refusal(Reason.NOT_IN_POST, absence)
    return Refusal(Reason.NOT_IN_POST, absence, contract.id, contract.last_day)


@pytest.mark.parametrize(
    ("contracts", "expected"),
    [
        pytest.param((), refused(Absence.NO_CONTRACT), id="no contract"),
        pytest.param((TO_COME,), refused(Absence.CONTRACT_NOT_STARTED), id="one that starts the next day"),
        pytest.param((ENDED,), refused(Absence.CONTRACT_ENDED, ENDED), id="one that ended"),
        pytest.param((TERMINATED,), refused(Absence.CONTRACT_TERMINATED, TERMINATED), id="one broken"),
        pytest.param((ENDED, TERMINATED), refused(Absence.CONTRACT_ENDED, ENDED), id="the one that ended last"),
        pytest.param((TERMINATED, ENDED), refused(Absence.CONTRACT_ENDED, ENDED), id="in whatever order"),
        pytest.param((ENDED_LATER, TERMINATED), refused(Absence.CONTRACT_ENDED, ENDED_LATER), id="ended on the eve"),
        pytest.param((ENDED, SAME_END), refused(Absence.CONTRACT_TERMINATED, SAME_END), id="then the latest start"),
        pytest.param((SAME_END, ENDED), refused(Absence.CONTRACT_TERMINATED, SAME_END), id="that too in any order"),
        pytest.param((ENDED, TO_COME), refused(Absence.CONTRACT_ENDED, ENDED), id="one ended and one to come"),
        pytest.param(
            (BEGUN_THAT_DAY_AND_BROKEN_BEFORE,),
            refused(Absence.CONTRACT_TERMINATED, BEGUN_THAT_DAY_AND_BROKEN_BEFORE),
            id="one due that day and broken before",
        ),
    ],
)
def test_an_adviser_is_not_in_post_with(contracts: tuple[Contract, ...], expected: Refusal) -> None:
    actual = post_refusals(post_on(contracts, FIRST_DAY))

    assert actual == (expected,)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "expected"),
    [
        pytest.param("2025-05-13", "2026-05-12", [], id="from the first day on"),
        pytest.param("2025-05-14", "2026-05-12", ["not_in_post"], id="not from the second day on"),
        pytest.param("2024-05-13", "2025-05-13", [], id="until the first day, though the session goes on"),
        pytest.param("2024-05-13", "2025-05-12", ["not_in_post"], id="not until the eve"),
    ],
)
def test_a_contract_must_cover_the_first_day(starts_on: str, ends_on: str, expected: list[str]) -> None:
    contract = a_contract(starts_on=day(starts_on), ends_on=day(ends_on))

    actual = post_refusals(post_on((contract,), FIRST_DAY))

    assert refusal_codes(actual) == expected


@pytest.mark.parametrize(
    ("missing", "renews", "expected"),
    [
        pytest.param((), None, (), id="nothing"),
        pytest.param((), 1, (), id="nothing of a renewal"),
        pytest.param(("ds_file_number",), None, (Reason.DS_FILE_MISSING,), id="the file"),
        pytest.param(("contract_uploaded_on",), None, (Reason.CONTRACT_NOT_UPLOADED,), id="the upload"),
        pytest.param(("validated_on",), None, (Reason.RECRUITMENT_NOT_VALIDATED,), id="the validation"),
        pytest.param(("validated_on",), 1, (Reason.RENEWAL_NOT_VALIDATED,), id="the validation of a renewal"),
        pytest.param(
            ("validated_on", "contract_uploaded_on", "ds_file_number"),
            None,
            (Reason.DS_FILE_MISSING, Reason.CONTRACT_NOT_UPLOADED, Reason.RECRUITMENT_NOT_VALIDATED),
            id="everything, in order",
        ),
        pytest.param(
            ("validated_on", "contract_uploaded_on", "ds_file_number"),
            1,
            (Reason.DS_FILE_MISSING, Reason.CONTRACT_NOT_UPLOADED, Reason.RENEWAL_NOT_VALIDATED),
            id="everything of a renewal, in order",
        ),
    ],
)
def test_the_employer_is_told_all_that_is_missing(
    missing: tuple[str, ...], renews: int | None, expected: tuple[Reason, ...]
) -> None:
    contract = a_contract(number=7, missing=missing, renews=renews)

    actual = post_refusals(post_on((contract,), FIRST_DAY))

    assert actual == tuple(Refusal(reason, contract_id=contract_id(7)) for reason in expected)


def test_the_file_of_a_contract_that_does_not_cover_is_not_read() -> None:
    contract = a_contract(ends_on=day("2025-05-12"), missing=("ds_file_number", "contract_uploaded_on", "validated_on"))

    actual = post_refusals(post_on((contract,), FIRST_DAY))

    assert refusal_codes(actual) == ["not_in_post"]


@pytest.mark.parametrize(
    ("legal_form", "ends_on", "expected"),
    [
        pytest.param(LegalForm.PRIVATE, None, True, id="private"),
        pytest.param(LegalForm.PUBLIC, None, False, id="not public"),
        pytest.param(LegalForm.UNDETERMINED, None, False, id="not undetermined"),
        pytest.param(LegalForm.PRIVATE, "2025-05-12", False, id="not when it employs no more"),
    ],
)
def test_the_employer_is_private(legal_form: LegalForm, ends_on: str | None, *, expected: bool) -> None:
    contract = a_contract(legal_form=legal_form, ends_on=day(ends_on) if ends_on else None)

    actual = post_on((contract,), FIRST_DAY).is_private

    assert actual is expected
