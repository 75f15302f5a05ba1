"""Habits of this code that no linter checks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.source_files import ALL_PYTHON_FILES, modules_calling, modules_saying


def test_nothing_commits_but_the_one_transaction() -> None:
    assert modules_calling(r"\.(commit|rollback|begin)$") == set()
    assert modules_saying(r"^\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT)\b") == {
        "app/persistence/engine/database.py",
        "app/persistence/engine/transactions/commits.py",
    }


def test_time_is_an_argument_everywhere_but_in_the_clock() -> None:
    assert modules_calling(r"\b(date|datetime)\.(now|today|utcnow)$|\btime\.time$") == {"app/clock.py"}


def test_the_domain_asks_nothing_of_the_world() -> None:
    outside = r"^(open|print|input)$|\.(read_text|write_text|getenv)$|^uuid[147]$"

    assert {name for name in modules_calling(outside) if name.startswith("app/domain/")} == set()


def import_statements(path: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def test_no_import_is_relative() -> None:
    assert [path for path in ALL_PYTHON_FILES for node in import_statements(path) if getattr(node, "level", 0)] == []


def test_nothing_is_mocked() -> None:
    mocks = re.compile(r"\b(mock|pytest_mock)\b")

    assert [
        path for path in ALL_PYTHON_FILES for node in import_statements(path) if mocks.search(ast.unparse(node))
    ] == []


def test_nothing_is_left_for_later() -> None:
    left = re.compile("|".join((r"\bTO" + "DO", r"\bFIX" + "ME", r"\bX" + r"XX\b")))  # not found in itself

    assert [path for path in ALL_PYTHON_FILES if left.search(path.read_text())] == []


def test_a_suppression_says_why() -> None:
    silent = re.compile(r"# (noqa|type: ignore|pyright: ignore|pragma)[^#\n]*$")

    assert [
        f"{path}:{number}"
        for path in ALL_PYTHON_FILES
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if silent.search(line)
    ] == []
