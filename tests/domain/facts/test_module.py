import pytest

from app.domain.facts.module import Module
from tests.domain_builders import ACCREDITED, CAFE_IA, FULL_TITLE, INITIAL, THEMATIC


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        pytest.param(THEMATIC, True, id="a thematic module"),
        pytest.param(ACCREDITED, True, id="a thematic module with a prerequisite"),
        pytest.param(CAFE_IA, False, id="a supplement"),
        pytest.param(INITIAL, False, id="initial training"),
        pytest.param(FULL_TITLE, False, id="the full title"),
    ],
)
def test_a_thematic_module_that_is_no_supplement_is_standard(module: Module, *, expected: bool) -> None:
    actual = module.is_standard

    assert actual is expected
