"""The running service under schemathesis: what the contract allows is answered as it says, the rest is refused.

Every check, as each role. `FUZZ_SECONDS` (`make fuzz`) draws anew for as long, for each role.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.api.openapi.contract_requests import PUBLISHED, operations
from tests.api.openapi.contract_tools import PYTHON, TOOLS, needs_tools, run_program
from tests.live_server import LiveServer
from tests.samples import FUZZ_SECONDS

FUZZING = Path(__file__).parent / "fuzzing"
# Every value at its bounds is the longest phase; whoever may do everything goes through it.
PHASES = {
    "admin": "examples,coverage,fuzzing,stateful",
    "platform": "examples,fuzzing,stateful",
    "training_organisation": "examples,fuzzing,stateful",
}
# Operations of which at least one request is accepted: a service that refuses everything would announce it correctly.
LEAST_ACCEPTED = {"admin": 35, "platform": 20, "training_organisation": 10}

pytestmark = needs_tools


def run_schemathesis(served: LiveServer, role: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """What schemathesis printed, and its report."""
    repeatable = ("--generation-deterministic", "--max-examples", "5", "--phases", PHASES[role])
    options = ("--max-time", FUZZ_SECONDS) if FUZZ_SECONDS else repeatable
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(FUZZING),
        "BASE_URL": served.base_url,
        "KEY": served.keys[role],
        "HYPOTHESIS_STORAGE_DIRECTORY": str(TOOLS / "hypothesis"),  # its tables of all characters take a second
    }
    report = folder / "report.json"
    done = run_program(
        PYTHON / "st", "--no-color", "--config-file", FUZZING / "schemathesis.toml", "run", PUBLISHED, *options,
        "--report", "json", "--report-json-path", report, folder=folder, environment=environment,
    )  # fmt: skip
    return done.stdout + done.stderr, json.loads(report.read_text())


@pytest.mark.parametrize("role", PHASES)
def test_every_drawn_request_is_answered_as_announced(
    served_demonstration: LiveServer, role: str, tmp_path: Path
) -> None:
    printed, report = run_schemathesis(served_demonstration, role, tmp_path)

    assert (report["failures"], report["errors"]) == ([], []), printed
    assert report["operations"]["tested"] == len(operations())
    with served_demonstration.client(role) as client:  # and it was not by being refused from the first request on
        assert client.get("/v1/modules").status_code == 200
    accepted = {name for name, phases in report["valid_rates"].items() for one in phases.values() if one["accepted"]}
    assert len(accepted) >= LEAST_ACCEPTED[role], sorted(accepted)
