"""A data folder that a first start has filled."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.cli.program import new_folder, serving


@pytest.fixture(scope="session")
def filled(served_once: tuple[Path, str]) -> Path:
    return served_once[0]


@pytest.fixture(scope="session")
def served_once() -> Generator[tuple[Path, str]]:
    """The folder, and what the first start printed."""
    with new_folder() as folder:
        data_dir = folder / "var"
        with serving(data_dir) as program:
            printed = program.printed
        yield data_dir, printed
