"""Clients generated from the contract: they type-check strictly, and a program that uses them works."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from app.seed.published_catalogue import LA_MEDNUM
from tests.api.openapi.contract_requests import PUBLISHED
from tests.api.openapi.contract_tools import PYTHON, needs_tools, run_node_program, run_program
from tests.live_server import LiveServer
from tests.nodejs import NODE, PACKAGES

STORIES = Path(__file__).parent / "stories"
EXPECTED_OUTPUT = {
    "previewed": "accepted",
    "first": ["accepted", "civil_year:2026"],
    "read_again": 304,
    "problem": [409, "duplicate-registration"],
    "second": "awaiting_choice",
    "kept": ["accepted", "none", "employer"],
    "listed": ["handicap", "cybersecurite"],
    "pages": 2,
}

pytestmark = needs_tools


def story_output(served: LiveServer, *command: object, folder: Path) -> Any:
    """What a program prints at its end."""
    environment = {
        "PATH": os.environ["PATH"],
        "BASE_URL": served.base_url,
        "KEY": served.keys["platform"],
        "TRAINING_ORGANISATION": str(LA_MEDNUM),
    }
    done = run_program(*command, folder=folder, environment=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program and the types it uses."""
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "node_modules").symlink_to(PACKAGES)
    (folder / "package.json").write_text('{"type": "module"}')
    for name in ("story.ts", "tsconfig.json"):
        shutil.copy(STORIES / name, folder)
    # A field with a default need not be sent.
    options = ("--default-non-nullable=false", "--output", folder / "contract.ts")
    done = run_node_program("openapi-typescript/bin/cli.js", PUBLISHED, *options, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program and the package it uses."""
    folder = tmp_path_factory.mktemp("python")
    shutil.copy(STORIES / "story.py", folder)
    # The generator knows neither pictures nor lines of JSON; the ones are a text, the others bytes.
    texts = "{image/svg+xml: text/plain, application/x-ndjson: application/octet-stream}"
    (folder / "as-generated.yaml").write_text(f"{{post_hooks: [], content_type_overrides: {texts}}}")
    options = ("--meta", "none", "--output-path", "inscriptions", "--config", "as-generated.yaml", "--fail-on-warning")
    done = run_program(PYTHON / "openapi-python-client", "generate", "--path", PUBLISHED, *options, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_typescript_client_type_checks(typescript: Path) -> None:
    done = run_node_program("typescript/bin/tsc", "--project", ".", folder=typescript)

    assert (done.stdout, done.returncode) == ("", 0)


def test_a_program_that_the_contract_does_not_allow_does_not_type_check(typescript: Path) -> None:
    story = typescript / "story.ts"
    wrong = story.read_text().replace('type: "CDI"', 'type: "CDX"').replace("kept.funding", "kept.fundings")
    (typescript / "wrong.ts").write_text(wrong)
    (typescript / "wrong.json").write_text('{"extends": "./tsconfig.json", "files": ["wrong.ts"]}')

    done = run_node_program("typescript/bin/tsc", "--project", "wrong.json", folder=typescript)

    assert "CDX" in done.stdout
    assert "fundings" in done.stdout


def test_a_program_with_the_typescript_client_works(served: LiveServer, typescript: Path) -> None:
    assert story_output(served, NODE, "story.ts", folder=typescript) == EXPECTED_OUTPUT


def test_the_python_client_type_checks(python: Path) -> None:
    command = (sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable", PYTHON / "python")

    done = run_program(*command, "story.py", "inscriptions", folder=python)

    assert done.returncode == 0, done.stdout


def test_a_program_with_the_python_client_works(served: LiveServer, python: Path) -> None:
    assert story_output(served, PYTHON / "python", "story.py", folder=python) == EXPECTED_OUTPUT


def test_no_name_is_made_up_by_a_generator(python: Path) -> None:
    modules = {file.stem for file in (python / "inscriptions" / "models").glob("*.py")} - {"__init__"}
    schemas = json.loads(PUBLISHED.read_text())["components"]["schemas"]

    assert {module.replace("_", "") for module in modules} <= {name.lower() for name in schemas}
