"""The examples of the contract, executed on the demonstration data."""

from typing import Any

import orjson
import pytest

from app.api.openapi.examples.request_examples import EXAMPLES
from tests.api.openapi.contract_requests import (
    CONTRACT,
    RECORDED_ANSWERS,
    RECORDING,
    Operation,
    new_key,
    operations,
    schema_errors,
    violations,
    without_volatile_parts,
)
from tests.live_server import LiveServer

BY_ID = {operation.id: operation for operation in operations()}


def test_every_operation_has_an_example() -> None:
    assert {*EXAMPLES} == {*BY_ID}


def test_every_example_succeeds_on_the_demonstration_in_their_order_and_is_answered_as_announced(
    served_demonstration: LiveServer,
) -> None:
    answers: dict[str, dict[str, Any]] = {}
    with served_demonstration.client("admin") as admin:
        for operation in (BY_ID[name] for name in EXAMPLES):
            for name, body in operation.bodies().items():
                answer = operation.send(admin, body, new_key())
                assert answer.status_code in operation.successes, (operation.id, name, answer.text)
                assert list(violations(answer, operation)) == [], (operation.id, name)
                if answer.content:
                    answers.setdefault(operation.recorded_as(answer), {})[name] = without_volatile_parts(
                        answer, served_demonstration.base_url
                    )
                for kind in operation.other_media_types:
                    other = operation.send(admin, body, accept=kind)
                    assert list(violations(other, operation)) == [], (operation.id, name, kind)
                    answers.setdefault(f"{operation.id} {kind}", {})[name] = without_volatile_parts(
                        other, served_demonstration.base_url
                    )
    if RECORDING:
        RECORDED_ANSWERS.write_bytes(orjson.dumps(answers, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def test_what_the_page_sends_twice_changes_nothing_more(served_demonstration: LiveServer) -> None:
    keyed = [operation for operation in operations() if "Idempotency-Key" in str(operation.definition["parameters"])]
    with served_demonstration.client("admin") as admin:
        for operation in keyed:
            body = next(iter(operation.bodies().values()))
            first, again = operation.send(admin, body), operation.send(admin, body)
            assert again.headers["idempotent-replayed"] == "true", operation.id
            assert again.content == first.content


def test_the_lines_of_an_import_are_taken_as_they_are_shown(served_demonstration: LiveServer) -> None:
    content = BY_ID["importFile"].definition["requestBody"]["content"]["application/x-ndjson"]
    (example,) = content["examples"].values()

    with served_demonstration.client("platform") as platform:
        answer = platform.post(
            "/v1/imports",
            params={"kind": "advisers", "dry_run": "true"},
            content=example["value"].encode(),
            headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": new_key()},
        )

    assert answer.status_code == 202, answer.text
    assert [orjson.loads(line)["conum_id"] for line in example["value"].splitlines()]


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.id)
def test_every_answer_that_is_shown_is_one_that_is_announced(operation: Operation) -> None:
    shown: set[str] = set()
    for status in operation.successes - {204}:
        for content in operation.definition["responses"][str(status)]["content"].values():
            examples = content.get("examples", {})
            assert {*examples} in ({*operation.bodies()}, set())
            assert examples or len(operation.successes) > 1
            shown |= {*examples}
            for example in examples.values():
                assert schema_errors(content["schema"], example["value"]) == []
    assert shown == {*operation.bodies()} or operation.successes == {204}


@pytest.mark.parametrize("code", CONTRACT["components"]["examples"])
def test_every_problem_that_is_shown_is_a_problem(code: str) -> None:
    shown = CONTRACT["components"]["examples"][code]["value"]

    assert schema_errors({"$ref": "#/components/schemas/ProblemResource"}, shown) == []
    assert shown["code"] == code
