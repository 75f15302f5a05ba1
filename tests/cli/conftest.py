"""A data folder that a first start has filled."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.cli.program import First, new_folder, serving_cold


@pytest.fixture(scope="session")
def filled(served_once: First) -> Path:
    """The folder, whoever served it last."""
    return served_once.data_dir


@pytest.fixture(scope="session")
def served_once() -> Generator[First]:
    """The first start, over."""
    with new_folder() as folder:
        data_dir = folder / "var"
        with serving_cold(data_dir) as program:
            first = First(data_dir, program.printed, program.keys)
        yield first
