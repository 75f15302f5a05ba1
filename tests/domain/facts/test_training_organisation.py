import pytest

from app.domain.facts.module import ModuleKind
from app.domain.facts.training_organisation import Territory, territory_of
from tests.domain_builders import an_organisation


@pytest.mark.parametrize(
    ("department", "expected"),
    [
        pytest.param("01", Territory.MAINLAND, id="a mainland department"),
        pytest.param("2A", Territory.MAINLAND, id="Corsica"),
        pytest.param("95", Territory.MAINLAND, id="the last mainland department"),
        pytest.param("971", Territory.OVERSEAS, id="Guadeloupe"),
        pytest.param("988", Territory.OVERSEAS, id="New Caledonia"),
    ],
)
def test_departments_97x_and_98x_are_overseas(department: str, expected: Territory) -> None:
    actual = territory_of(department)

    assert actual is expected


@pytest.mark.parametrize(
    ("territory", "department", "expected"),
    [
        pytest.param(Territory.MAINLAND, "35", True, id="mainland covers the mainland"),
        pytest.param(Territory.MAINLAND, "974", False, id="mainland leaves overseas out"),
        pytest.param(Territory.OVERSEAS, "974", True, id="overseas covers overseas"),
        pytest.param(Territory.OVERSEAS, "35", False, id="overseas leaves the mainland out"),
        pytest.param(Territory.NATIONAL, "35", True, id="national covers the mainland"),
        pytest.param(Territory.NATIONAL, "974", True, id="national covers overseas"),
    ],
)
def test_an_organisation_delivers_in_its_territory(territory: Territory, department: str, *, expected: bool) -> None:
    actual = an_organisation(territory).delivers(ModuleKind.INITIAL_TRAINING, department)

    assert actual is expected


def test_an_organisation_delivers_only_its_kinds() -> None:
    organisation = an_organisation(Territory.NATIONAL, kind=ModuleKind.THEMATIC)

    actual = organisation.delivers(ModuleKind.INITIAL_TRAINING, "35")

    assert actual is False


def test_one_of_several_deliveries_is_enough() -> None:
    organisation = an_organisation(Territory.OVERSEAS, Territory.MAINLAND)

    actual = organisation.delivers(ModuleKind.INITIAL_TRAINING, "35")

    assert actual is True
