"""The contract under the rules of OpenAPI, of OWASP and our own (tools/spectral.yaml)."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from tests.api.openapi.contract_requests import CONTRACT, PUBLISHED
from tests.api.openapi.contract_tools import TOOLS, needs_tools, run_node_program

SPECTRAL = "@stoplight/spectral-cli/dist/index.js"

pytestmark = needs_tools


def _operation(contract: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = contract["paths"]["/v1/registrations"]["post"]
    return found


FAULTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "operation-id-is-camel-case": lambda c: _operation(c).update(operationId="register_adviser_v1_registrations_post"),
    "operation-is-described": lambda c: _operation(c).pop("description"),
    "problem-is-problem-json": lambda c: _operation(c)["responses"].update(
        {"409": {"description": "…", "content": {"application/json": {"schema": {"type": "object"}}}}}
    ),
    "answer-has-an-example": lambda c: _operation(c)["responses"]["201"]["content"]["application/json"].pop("examples"),
    "body-has-an-example": lambda c: _operation(c)["requestBody"]["content"]["application/json"].pop("examples"),
    "schema-is-described": lambda c: c["components"]["schemas"]["Status"].pop("description"),
    "no-generated-title": lambda c: c["components"]["schemas"]["Status"].update(title="Status"),
    "oas3-valid-media-example": lambda c: c["components"]["schemas"]["Status"].update(enum=["accepted"]),
    "owasp:api4:2023-string-limit": lambda c: c["components"]["schemas"]["Pagination"]["properties"]["next"].pop(
        "maxLength"
    ),
    "owasp:api4:2023-rate-limit": lambda c: _operation(c)["responses"]["201"]["headers"].pop("RateLimit"),
}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What the linter says, in one run, of the published contract and of one with every fault of FAULTS, by file."""
    faulty = deepcopy(CONTRACT)
    for plant in FAULTS.values():
        plant(faulty)
    folder = tmp_path_factory.mktemp("contracts")
    (folder / "faulty.json").write_text(json.dumps(faulty))
    copyfile(PUBLISHED, folder / "published.json")
    found = folder / "findings.json"
    done = run_node_program(
        SPECTRAL, "lint", folder / "published.json", folder / "faulty.json",
        "-r", TOOLS / "spectral.yaml", "-f", "json", "-o", found, folder=TOOLS,
    )  # fmt: skip
    assert found.exists(), done.stderr
    by_file: dict[str, list[dict[str, Any]]] = {"published.json": [], "faulty.json": []}
    for finding in json.loads(found.read_text()):
        by_file[Path(finding["source"]).name].append(finding)
    return by_file


def test_no_rule_is_broken_not_even_one_that_only_warns(findings: dict[str, list[dict[str, Any]]]) -> None:
    assert [(finding["code"], finding["path"]) for finding in findings["published.json"]] == []


@pytest.mark.parametrize("rule", FAULTS)
def test_a_fault_is_found(findings: dict[str, list[dict[str, Any]]], rule: str) -> None:
    assert rule in {finding["code"] for finding in findings["faulty.json"]}
