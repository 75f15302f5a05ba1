"""The official worked cases, played by their own program against the service as `make run` starts it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.cli_process import serving_cold_process
from tests.forks import CHECKOUT
from tests.live_server import LiveServer

CASES = CHECKOUT / "tests" / "cases"
SHARED = CHECKOUT.parent / "shared" / "cases" / "revised"


def play(base_url: str, keys: Path) -> None:
    """Play them all, as the keys of each role in this file may."""
    played = subprocess.run(
        [sys.executable, CASES / "run_cases.py", "--base-url", base_url, "--keys", keys, CASES / "cases.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert played.stdout.splitlines()[-1] == "93 passed, 0 failed", played.stdout
    assert played.returncode == 0


def test_every_worked_case_passes(filled_data_dir: Path) -> None:
    with serving_cold_process(filled_data_dir) as program:
        play(program.base_url, filled_data_dir / "demo-keys.json")


def test_every_worked_case_passes_without_batches(served_demonstration: LiveServer, tmp_path: Path) -> None:
    served_demonstration.service.registration_batches.is_open = False
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(served_demonstration.keys))

    play(served_demonstration.base_url, keys)


@pytest.mark.skipif(not SHARED.exists(), reason="the folder these were copied from is not beside this checkout")
@pytest.mark.parametrize("name", ["cases.yaml", "run_cases.py"])
def test_the_cases_are_the_official_ones(name: str) -> None:
    assert (CASES / name).read_bytes() == (SHARED / name).read_bytes()
