"""The official worked cases, played by their own program against the service as `make run` starts it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.cli_process import serving_cold_process
from tests.forks import CHECKOUT

CASES = CHECKOUT / "tests" / "cases"
SHARED = CHECKOUT.parent / "shared" / "cases"


def test_every_worked_case_passes(filled_data_dir: Path) -> None:
    with serving_cold_process(filled_data_dir) as program:
        played = subprocess.run(
            [
                sys.executable,
                CASES / "run_cases.py",
                "--base-url",
                program.base_url,
                "--keys",
                filled_data_dir / "demo-keys.json",
                CASES / "cases.yaml",
            ],
            capture_output=True,
            text=True,
            check=False,
        )

    assert played.stdout.splitlines()[-1] == "62 passed, 0 failed", played.stdout
    assert played.returncode == 0


@pytest.mark.skipif(not SHARED.exists(), reason="the folder these were copied from is not beside this checkout")
@pytest.mark.parametrize("name", ["cases.yaml", "run_cases.py"])
def test_the_cases_are_the_official_ones(name: str) -> None:
    assert (CASES / name).read_bytes() == (SHARED / name).read_bytes()
