"""A folder, a module and a function are small enough to be read at once, and are called by what they hold."""

import ast
from pathlib import Path

import pytest

from tests.house.source_files import MODULES, PROJECT, TREES

LONGEST_MODULE = 200
LONGEST_FUNCTION = 45
LARGEST_FOLDER = 14  # modules and folders in it
# At the top, each name is a storey of its own in `pyproject.toml`.
FOLDERS = sorted({path.parent for path in MODULES.values()} - {PROJECT / "app"})
# They say nothing of what is inside.
EMPTY_WORDS = {"utils", "core", "common", "helpers", "base", "services", "manager"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_read_in_one_sitting(module: str) -> None:
    assert len(MODULES[module].read_text().splitlines()) <= LONGEST_MODULE


def is_one_match(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it says one sentence for each case: long, and simple."""
    return isinstance(function.body[-1], ast.Match) and len(function.body) <= 2


def functions() -> dict[str, int]:
    """The length in lines of every function of the app that is more than a match."""
    return {
        f"{module}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_one_match(node)
    }


def test_no_function_is_longer_than_a_screen() -> None:
    assert {name: lines for name, lines in functions().items() if lines > LONGEST_FUNCTION} == {}


def test_nine_functions_in_ten_are_short() -> None:
    lengths = sorted(functions().values())

    assert lengths[len(lengths) // 2] <= 8
    assert lengths[len(lengths) * 9 // 10] <= 20


def names_in(folder: Path) -> list[str]:
    """The modules and folders of Python that one sees in it."""
    modules = (path.stem for path in folder.glob("*.py") if path.name != "__init__.py")
    return sorted({*modules, *(path.parent.name for path in folder.glob("*/__init__.py"))})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.relative_to(PROJECT).as_posix())
def test_a_folder_is_seen_at_a_glance(folder: Path) -> None:
    assert len(names_in(folder)) <= LARGEST_FOLDER


def says_nothing(name: str) -> bool:
    return bool(EMPTY_WORDS & {*name.split("_"), f"{name}s"})


def test_no_room_has_a_name_that_says_nothing() -> None:
    rooms = {part for path in MODULES.values() for part in (*path.relative_to(PROJECT).parts[:-1], path.stem)}

    assert {room for room in rooms if says_nothing(room)} == set()
    assert [name for name in ("utils", "helper", "http_base", "service_tables") if says_nothing(name)] == [
        "utils", "helper", "http_base"
    ]  # fmt: skip
