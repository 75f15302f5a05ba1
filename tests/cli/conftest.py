"""A data folder that a first start has filled."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.cli.cli_process import FirstStart, new_folder, serving_cold_process


@pytest.fixture(scope="session")
def filled_data_dir(first_start: FirstStart) -> Path:
    """The folder, whoever served it last."""
    return first_start.data_dir


@pytest.fixture(scope="session")
def first_start() -> Generator[FirstStart]:
    """The first start, over."""
    with new_folder() as folder:
        data_dir = folder / "var"
        with serving_cold_process(data_dir) as program:
            first = FirstStart(data_dir, program.printed, program.keys)
        yield first
