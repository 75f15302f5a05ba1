"""The project's own Python, as text and as syntax trees."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[2]
MODULES = {path.relative_to(PROJECT).as_posix(): path for path in sorted((PROJECT / "app").rglob("*.py"))}
ALL_PYTHON_FILES = [
    *MODULES.values(),
    *(path for room in ("tests", "benchmarks", "migrations") for path in sorted((PROJECT / room).rglob("*.py"))),
]
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}


def calls(tree: ast.AST) -> Iterator[str]:
    """Every call as it is written, without its arguments: `datetime.now`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def string_constants(tree: ast.AST) -> Iterator[str]:
    """Every string but the docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def modules_calling(pattern: str) -> set[str]:
    """The modules of the app with a call that the pattern matches."""
    return {name for name, tree in TREES.items() if any(re.search(pattern, call) for call in calls(tree))}


def modules_saying(pattern: str) -> set[str]:
    """The modules of the app with a string, no docstring, that the pattern matches."""
    return {name for name, tree in TREES.items() if any(re.search(pattern, text) for text in string_constants(tree))}
