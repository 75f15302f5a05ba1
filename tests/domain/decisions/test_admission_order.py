import pytest

from app.domain.decisions.admission import decide
from app.domain.decisions.refusals import Reason, Refusal
from app.domain.facts.module import Module, ModuleKind, Prerequisite
from app.domain.facts.registration import Request
from app.domain.facts.training_organisation import Territory
from tests.domain.file_outcomes import outcome_label, refusal_codes
from tests.domain_builders import (
    ACCREDITED,
    CAFE_IA,
    FULL_TITLE,
    INITIAL,
    POLICY,
    a_contract,
    a_file,
    a_module,
    a_request,
    an_organisation,
    day,
)

MEDIATOR = a_file(entered_on=None, in_scheme=False, contracts=())
CLOSED = a_module(open_until=day("2025-05-12"), prerequisite=Prerequisite.AIDANTS_CONNECT)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(a_request(), "unfunded", id="a module, without post nor entry"),
        pytest.param(a_request(module=ACCREDITED), "unfunded", id="a module with a prerequisite"),
        pytest.param(a_request(module=CAFE_IA), "unfunded", id="a supplement"),
        pytest.param(
            a_request(day("2024-12-31"), module=CAFE_IA), "module_not_available_yet", id="not before its days"
        ),
        pytest.param(a_request(module=CLOSED), "module_no_longer_available", id="not after its days"),
        pytest.param(
            a_request(module=INITIAL, organisation=an_organisation(Territory.OVERSEAS)),
            "not_in_post, territory_not_covered, outside_scheme",
            id="not initial training, with every reason",
        ),
        pytest.param(
            a_request(module=FULL_TITLE),
            "not_in_post, ccp1_not_obtained, employer_agreement_missing, outside_scheme",
            id="not the full title, with every reason",
        ),
    ],
)
def test_a_mediator_takes_modules_only(request_: Request, expected: str) -> None:
    actual = decide(MEDIATOR, request_, POLICY)

    assert outcome_label(actual) == expected


def test_a_mediator_has_no_other_fact_to_be_told() -> None:
    file = a_file(entered_on=None, in_scheme=False)

    actual = decide(file, a_request(module=INITIAL), POLICY)

    assert actual.refusals == (Refusal(Reason.OUTSIDE_SCHEME),)


THE_FILE = ["ds_file_missing", "contract_not_uploaded", "recruitment_not_validated"]
THE_MODULE = ["accreditation_missing", "module_not_available_yet", "module_no_longer_available"]


def never(kind: ModuleKind) -> Module:
    """A module that no day suits, for an accredited employer."""
    return a_module(
        kind=kind,
        prerequisite=Prerequisite.AIDANTS_CONNECT,
        open_from=day("2026-01-01"),
        open_until=day("2024-01-01"),
    )


@pytest.mark.parametrize(
    ("kind", "in_scheme", "expected"),
    [
        pytest.param(
            ModuleKind.THEMATIC, True, [*THE_FILE, "initial_training_not_started", *THE_MODULE], id="of a module"
        ),
        pytest.param(ModuleKind.THEMATIC, False, THE_MODULE[1:], id="of a mediator's module"),
        pytest.param(
            ModuleKind.FULL_TITLE,
            False,
            [*THE_FILE, "ccp1_not_obtained", "employer_agreement_missing", *THE_MODULE, "outside_scheme"],
            id="of the full title",
        ),
        pytest.param(
            ModuleKind.INITIAL_TRAINING,
            False,
            [
                *THE_FILE,
                "initial_training_already_funded",
                *THE_MODULE,
                "territory_not_covered",
                "outside_scheme",
            ],
            id="of initial training",
        ),
    ],
)
def test_every_reason_is_told_at_once_in_order(kind: ModuleKind, expected: list[str], *, in_scheme: bool) -> None:
    contract = a_contract(missing=("ds_file_number", "contract_uploaded_on", "validated_on"))
    file = a_file(entered_on=day("2025-09-15"), in_scheme=in_scheme, contracts=(contract,))
    request = a_request(module=never(kind), organisation=an_organisation(Territory.OVERSEAS))

    actual = decide(file, request, POLICY)

    assert refusal_codes(actual.refusals) == expected


def test_a_rule_is_named_once_for_all_its_reasons() -> None:
    contract = a_contract(missing=("ds_file_number", "contract_uploaded_on", "validated_on"))
    request = a_request(module=never(ModuleKind.THEMATIC))

    actual = decide(a_file(contracts=(contract,)), request, POLICY)

    assert actual.rules == ("R3", "R4", "R5", "R28", "R24", "R35")
