"""The programs that read the contract, as `make tools` installs them."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.nodejs import NODE, PACKAGES

TOOLS = PACKAGES.parent
PYTHON = TOOLS / ".venv" / "bin"

needs_tools = pytest.mark.skipif(
    not (TOOLS / ".installed").exists(), reason="what reads the contract is missing: `make tools`"
)
CompletedProcess = subprocess.CompletedProcess[str]


def run_program(*command: object, folder: Path, environment: Mapping[str, str] | None = None) -> CompletedProcess:
    """Run a program to its end, whatever that is."""
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def run_node_program(package: str, *arguments: object, folder: Path) -> CompletedProcess:
    """Run the program of a Node package, named by its file."""
    return run_program(NODE, PACKAGES / package, *arguments, folder=folder)
