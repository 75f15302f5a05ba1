"""The tables of the documents are those of the code."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import typer
from prometheus_client import CollectorRegistry
from pydantic_core import PydanticUndefined

from app.api.health import STOPPING
from app.api.http.problems.database_unavailable_messages import DATABASE_UNAVAILABLE_MESSAGES
from app.cli.program import cli
from app.domain.decisions.refusals import Reason
from app.metrics import REGISTRY, WORKER_REGISTRY
from app.persistence.schema import retention_periods
from app.settings import Settings
from tests.house.documents import DOCUMENTS, PROJECT, rows_below

APP = "\n".join(path.read_text() for path in (PROJECT / "app").rglob("*.py"))


def test_the_table_of_reasons_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (R\d+) \| (\w+) \|$", DOCUMENTS["docs/rules.md"], re.MULTILINE)

    found = [
        (str(reason), reason.rule, str(reason.who_acts)) for reason in Reason if reason != Reason.MODULE_QUOTA_EXCEEDED
    ]

    assert rows == found


def _default(value: Any) -> str:
    assert value is not PydanticUndefined
    return {None: "unset", "": "unset", False: "false"}.get(value, str(value))


def test_every_setting_has_its_row_with_its_default() -> None:
    rows = {name: default for name, default, _ in rows_below("docs/settings.md", "Settings")}

    assert rows == {name.upper(): _default(field.default) for name, field in Settings.model_fields.items()}


def test_every_setting_is_in_the_example_of_the_environment() -> None:
    named = set(re.findall(r"^#?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))

    assert named == {name.upper() for name in Settings.model_fields}


def _commands(command: Any, *names: str) -> Iterator[str]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _commands(inner, *names, name)
    elif not command.hidden:
        yield " ".join(names)


def test_every_command_has_its_row() -> None:
    rows = [name for name, _ in rows_below("docs/settings.md", "Commands")]

    assert sorted(rows) == sorted(_commands(typer.main.get_command(cli)))


def _metrics(registry: CollectorRegistry) -> dict[str, str]:
    """Their types, by the names that Prometheus shows."""
    return {
        f"{metric.name}_total" if metric.type == "counter" else metric.name: metric.type
        for metric in registry.collect()
    }


def test_every_metric_has_its_row() -> None:
    rows = rows_below("docs/operating.md", "What to alert on")

    assert {name: kind for name, kind, *_ in rows} == _metrics(REGISTRY)
    assert {name for name, _, shown_by, *_ in rows if shown_by == "API and worker"} == set(_metrics(WORKER_REGISTRY))
    assert all(len(row) == 5 for row in rows)


def test_every_reason_to_be_unready_has_its_row() -> None:
    rows = [message.strip("« »") for message, _ in rows_below("docs/operating.md", "What `/readyz` says")]

    assert sorted(rows) == sorted(sentence.fr for sentence in (*DATABASE_UNAVAILABLE_MESSAGES.values(), STOPPING))


def test_every_line_of_the_log_that_is_explained_is_written_somewhere() -> None:
    rows = [message for message, _ in rows_below("docs/operating.md", "What the log says")]

    assert [message for message in rows if f'"{message}' not in APP] == []


def test_what_is_forgotten_by_age_is_kept_as_long_as_the_table_says() -> None:
    kept = {
        "forget_answers": retention_periods.RESPONSES_RETENTION,
        "forget_events": retention_periods.EVENTS_RETENTION,
        "forget_deliveries": retention_periods.DELIVERIES_RETENTION,
        "forget_imports": retention_periods.IMPORTS_RETENTION,
        "forget_traces": retention_periods.AUDIT_LOG_RETENTION,
    }
    rows = {task: after for task, _, after in rows_below("docs/data.md", "Keep it") if after[0].isdigit()}

    assert {
        task: timedelta(**{unit: int(number)}) for task, after in rows.items() for number, unit in [after.split()]
    } == kept
