"""The table of section 4.5: each cause opens again the reasons that it concerns, and no other."""

from dataclasses import replace

import pytest

from app.domain.decisions.recorded_decisions import Cause
from app.domain.decisions.refusals import Reason
from app.domain.decisions.reopenings import Reopening, reopening
from app.domain.facts.adviser_file import AdviserFile, EarlierUsage
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.contract import Contract, LegalForm
from app.domain.facts.registration_terms import Status, Unit
from tests.domain_builders import (
    PIX,
    a_certification,
    a_contract,
    a_file,
    a_registration,
    an_initial_registration,
    day,
    with_contracts,
)

CONTRACT = {
    Reason.NOT_IN_POST,
    Reason.DS_FILE_MISSING,
    Reason.CONTRACT_NOT_UPLOADED,
    Reason.RECRUITMENT_NOT_VALIDATED,
    Reason.RENEWAL_NOT_VALIDATED,
    Reason.ACCREDITATION_MISSING,
}
INITIAL_TRAINING = {Reason.INITIAL_TRAINING_ALREADY_FUNDED, Reason.INITIAL_TRAINING_NOT_STARTED}
FILE = a_file()
UNTRAINED = a_file(entered_on=None)
IN_TRAINING = a_file(entered_on=None, registrations=(an_initial_registration(),))
EXEMPT = a_file(certifications=(a_certification(),))
TWO = (a_contract(number=1), a_contract(number=2, starts_on=day("2025-09-01")))


def with_training(file: AdviserFile, status: Status = Status.ACCEPTED, starts_on: str = "2025-05-13") -> AdviserFile:
    return file.with_registration(an_initial_registration(1, day(starts_on), status=status))


ROWS = {
    "a contract added": (FILE, with_contracts(FILE, *TWO), Cause.FILE_CHANGED, CONTRACT),
    "a contract changed": (
        FILE,
        with_contracts(FILE, a_contract(missing=("validated_on",))),
        Cause.FILE_CHANGED,
        CONTRACT,
    ),
    "a contract terminated": (
        FILE,
        with_contracts(FILE, a_contract(terminated_on=day("2025-05-01"))),
        Cause.FILE_CHANGED,
        CONTRACT,
    ),
    "an employer changed": (
        FILE,
        with_contracts(FILE, a_contract(legal_form=LegalForm.PRIVATE)),
        Cause.FILE_CHANGED,
        CONTRACT,
    ),
    "an initial training imported": (UNTRAINED, FILE, Cause.INITIAL_TRAINING_CHANGED, INITIAL_TRAINING),
    "an initial training corrected": (
        FILE,
        a_file(entered_on=day("2025-01-20")),
        Cause.INITIAL_TRAINING_CHANGED,
        INITIAL_TRAINING,
    ),
    "an initial training taken away": (FILE, UNTRAINED, Cause.INITIAL_TRAINING_CHANGED, INITIAL_TRAINING),
    "an initial training registered": (
        UNTRAINED,
        with_training(UNTRAINED),
        Cause.INITIAL_TRAINING_CHANGED,
        INITIAL_TRAINING,
    ),
    "an initial training moved": (
        IN_TRAINING,
        with_training(UNTRAINED, starts_on="2025-06-16"),
        Cause.INITIAL_TRAINING_CHANGED,
        INITIAL_TRAINING,
    ),
    "an initial training missed": (
        IN_TRAINING,
        with_training(UNTRAINED, Status.ABSENT_UNJUSTIFIED),
        Cause.INITIAL_TRAINING_CHANGED,
        INITIAL_TRAINING,
    ),
    "an initial training cancelled": (
        IN_TRAINING,
        with_training(UNTRAINED, Status.CANCELLED),
        Cause.INITIAL_TRAINING_CHANGED,
        INITIAL_TRAINING,
    ),
    "a result that exempts recorded": (FILE, EXEMPT, Cause.EXEMPTION_CHANGED, {Reason.INITIAL_TRAINING_NOT_STARTED}),
    "a result that exempts annulled": (EXEMPT, FILE, Cause.EXEMPTION_CHANGED, {Reason.INITIAL_TRAINING_NOT_STARTED}),
    "the adviser left the scheme": (FILE, a_file(in_scheme=False), Cause.SCHEME_CHANGED, {Reason.OUTSIDE_SCHEME}),
    "the adviser joined the scheme": (a_file(in_scheme=False), FILE, Cause.SCHEME_CHANGED, {*Reason}),
    "the department changed": (
        FILE,
        a_file(department="974"),
        Cause.DEPARTMENT_CHANGED,
        {Reason.TERRITORY_NOT_COVERED},
    ),
    "the same person had used rights under an earlier file": (
        FILE,
        replace(FILE, former=EarlierUsage((), (Unit("civil_year:2025#1"),))),
        Cause.FILE_CHANGED,
        set[Reason](),
    ),
}
Row = tuple[AdviserFile, AdviserFile, Cause, set[Reason]]


@pytest.mark.parametrize("reason", Reason, ids=str)
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_when(row: Row, reason: Reason) -> None:
    before, after, _, expected = row

    actual = reopening(before, after)

    assert actual is not None
    assert (reason in actual.reasons) is (reason in expected)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_cause_is_named_when(row: Row) -> None:
    before, after, cause, _ = row

    actual = reopening(before, after)

    assert actual is not None
    assert actual.cause is cause


UNREAD = {
    "the same contracts in another order": (with_contracts(FILE, *TWO), with_contracts(FILE, *reversed(TWO))),
    "a contract pushed again as it was": (FILE, with_contracts(FILE, a_contract())),
    "the end of the initial training": (FILE, a_file(ended_on=day("2022-06-30"))),
    "the same entry, registered after it was imported": (
        a_file(entered_on=day("2025-05-13")),
        with_training(UNTRAINED),
    ),
    "a result that exempts nobody": (FILE, a_file(certifications=(a_certification(PIX),))),
    "a result that exempts, failed": (
        FILE,
        a_file(certifications=(a_certification(outcome=CertificationOutcome.FAILED),)),
    ),
    "a later result that exempts as well": (
        EXEMPT,
        a_file(certifications=(a_certification(), a_certification(on=day("2024-06-03")))),
    ),
    "a module registered": (FILE, FILE.with_registration(a_registration())),
    "an initial training refused": (UNTRAINED, with_training(UNTRAINED, Status.REFUSED)),
    "an initial training completed": (IN_TRAINING, with_training(UNTRAINED, Status.COMPLETED)),
    "a carry-over": (FILE, a_file(carry_overs={"civil_year:2025": 1})),
    "nothing": (FILE, FILE),
}


@pytest.mark.parametrize(("before", "after"), UNREAD.values(), ids=UNREAD)
def test_nothing_is_opened_by(before: AdviserFile, after: AdviserFile) -> None:
    assert reopening(before, after) is None


def test_several_changes_open_the_reasons_of_each_under_the_first_cause() -> None:
    after = a_file(entered_on=day("2025-01-20"), department="974", contracts=())

    actual = reopening(FILE, after)

    expected = {*INITIAL_TRAINING, *CONTRACT, Reason.TERRITORY_NOT_COVERED}
    assert actual == Reopening(Cause.INITIAL_TRAINING_CHANGED, frozenset(expected))


def test_the_reasons_opened_are_told_in_the_order_of_the_table() -> None:
    opened = Reopening(Cause.FILE_CHANGED, frozenset({Reason.ACCREDITATION_MISSING, *INITIAL_TRAINING}))

    assert opened.in_order == (
        Reason.INITIAL_TRAINING_ALREADY_FUNDED,
        Reason.INITIAL_TRAINING_NOT_STARTED,
        Reason.ACCREDITATION_MISSING,
    )


def the_same_but(contract: Contract) -> AdviserFile:
    return with_contracts(FILE, contract)


@pytest.mark.parametrize(
    "contract",
    [
        pytest.param(a_contract(number=2), id="another contract in its place"),
        pytest.param(a_contract(starts_on=day("2022-01-11")), id="its first day"),
        pytest.param(a_contract(ends_on=day("2027-01-09")), id="its last day"),
        pytest.param(a_contract(renews=9), id="what it renews"),
        pytest.param(a_contract(accredited=True), id="the accreditation"),
        pytest.param(a_contract(missing=("ds_file_number",)), id="the file's number"),
        pytest.param(a_contract(missing=("contract_uploaded_on",)), id="the upload"),
    ],
)
def test_a_contract_is_changed_by_every_fact_that_a_rule_reads(contract: Contract) -> None:
    assert reopening(FILE, the_same_but(contract)) is not None
