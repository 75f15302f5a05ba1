"""The contract under the rules of OpenAPI, of OWASP and our own (tools/spectral.yaml)."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.api.openapi.contract_requests import CONTRACT, PUBLISHED
from tests.api.openapi.contract_tools import TOOLS, needs_tools, run_node_program

SPECTRAL = "@stoplight/spectral-cli/dist/index.js"

pytestmark = needs_tools


def findings(contract: Path) -> list[dict[str, Any]]:
    """What the linter says of a file: rule, severity, path."""
    found = contract.parent / "findings.json" if contract != PUBLISHED else TOOLS / "findings.json"
    found.unlink(missing_ok=True)
    done = run_node_program(
        SPECTRAL, "lint", contract, "-r", TOOLS / "spectral.yaml", "-f", "json", "-o", found, folder=TOOLS
    )
    assert found.exists(), done.stderr
    listed: list[dict[str, Any]] = json.loads(found.read_text())
    return listed


def test_no_rule_is_broken_not_even_one_that_only_warns() -> None:
    assert [(item["code"], item["path"]) for item in findings(PUBLISHED)] == []


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
def broken(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The rules that the linter names in a contract with every fault of FAULTS."""
    contract = deepcopy(CONTRACT)
    for plant in FAULTS.values():
        plant(contract)
    file = tmp_path_factory.mktemp("broken") / "openapi.json"
    file.write_text(json.dumps(contract))
    return {item["code"] for item in findings(file)}


@pytest.mark.parametrize("rule", FAULTS)
def test_a_fault_is_found(broken: set[str], rule: str) -> None:
    assert rule in broken
