"""What logs say, and what they never do."""

import json
import logging
import threading
import time
from collections.abc import Generator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.log_deduplication import Failure, FailureDeduplicator
from app.logs import configure_logs
from app.persistence.engine.database import Database
from tests.log_capture import PERSONAL_DATA, SUITE_LOG
from tests.persistence.postgres_errors import PostgresError


@pytest.fixture
def log_path(tmp_path: Path) -> Generator[Path]:
    path = tmp_path / "log"
    with path.open("w") as stream:
        configure_logs("info", stream)
        yield path
    configure_logs("info", SUITE_LOG)


def _lines(log_path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log_path.read_text().splitlines()]


def _refuse(value: str) -> None:
    raise ValueError(value)


def test_an_exception_is_logged_by_its_type_and_place_and_never_by_its_message(log_path: Path) -> None:
    for logger in (structlog.get_logger("ours"), logging.getLogger("theirs")):
        try:
            try:
                _refuse("jeanne.dupont@example.org")
            except ValueError as error:
                raise RuntimeError("Jeanne Dupont") from error
        except RuntimeError:
            logger.exception("failed")

    for line in _lines(log_path):
        assert [item["type"] for item in line["exception"]] == ["builtins.RuntimeError", "builtins.ValueError"]  # type: ignore[attr-defined]  # a list of objects
        assert "test_logs.py" in str(line["exception"])
    assert "upont" not in log_path.read_text()
    assert len(_lines(log_path)) == 2


def _logged_exception(line: dict[str, Any]) -> dict[str, Any]:
    """Of the only exception."""
    (item,) = line["exception"]
    return dict(item)


def _fail(logger: Any) -> None:
    try:
        _refuse("Jeanne Dupont")
    except ValueError:
        logger.exception("failed")


@pytest.mark.parametrize("logger", [structlog.get_logger("ours"), logging.getLogger("theirs")], ids=["ours", "theirs"])
def test_a_thousand_equal_failures_are_one_line_and_a_count(log_path: Path, logger: Any) -> None:
    for _ in range(1000):
        _fail(logger)
    configure_logs("info", SUITE_LOG)  # as at the end of the process, nothing is left uncounted

    first, again = _lines(log_path)
    assert (first["event"], again["event"], again["repeated"]) == ("failed", "failed", 999)
    assert [_logged_exception(first)["type"], _logged_exception(again)["type"]] == ["builtins.ValueError"] * 2
    assert _logged_exception(again)["at"] == _logged_exception(first)["at"][-1:] != _logged_exception(first)["at"]


def test_failures_that_differ_are_logged_whole(log_path: Path) -> None:
    logger = structlog.get_logger("ours")
    for code in ("unavailable", "internal-error"):
        for task in ("relay", "place_events"):
            _fail(logger.bind(code=code, chore=task))

    assert [line["exception"] is not None for line in _lines(log_path)] == [True] * 4


def test_failures_said_to_be_alike_are_one_line_whatever_was_raised(log_path: Path) -> None:
    logger = structlog.get_logger("ours")
    for task, failure in (("relay", OSError()), ("place_events", TimeoutError()), ("relay", ConnectionError())):
        logger.warning("the database does not answer", alike=True, chore=task, exc_info=failure)
    configure_logs("info", SUITE_LOG)

    first, again = _lines(log_path)
    assert (first["chore"], again["repeated"], "alike" in first) == ("relay", 2, False)


def test_what_is_no_failure_is_logged_each_time(log_path: Path) -> None:
    for _ in range(3):
        structlog.get_logger("ours").warning("SMTP_URL is not set: e-mails wait")

    assert len(_lines(log_path)) == 3


def test_each_interval_has_its_count_and_after_a_calm_one_a_failure_is_a_first_one() -> None:
    reported, more = list[int](), threading.Semaphore(0)
    repeats = FailureDeduplicator(seconds=0.05)
    failure = Failure("error", "failed", (), (("builtins.ValueError", "", ""),))

    def report(_: Failure, times: int) -> None:
        reported.append(times)
        more.release()

    repeats.report_to(report)
    assert [repeats.is_first(failure) for _ in range(4)] == [True, False, False, False]
    assert more.acquire(timeout=10)
    while not repeats.is_first(failure):
        time.sleep(0.2)  # intervals without it

    assert reported[0] == 3


def test_a_task_that_nobody_awaits_is_logged_without_its_message(log_path: Path) -> None:
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task ValueError('Jeanne Dupont')>")

    assert [line["event"] for line in _lines(log_path)] == ["Task exception was never retrieved"]


async def test_what_postgresql_says_of_a_row_is_not_logged(log_path: Path, database: Database) -> None:
    row = "VALUES ('01000000-0000-7000-8000-000000000000', 'Jeanne Dupont', 'x', 'y', 'jeanne@example.org')"
    try:
        await database.one(f"INSERT INTO adviser (id, first_name, last_name, department, email) {row}")
    except PostgresError:
        structlog.get_logger("ours").exception("failed")

    (line,) = _lines(log_path)
    assert "sqlstate" in str(line["exception"])
    assert "upont" not in str(line)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_failure_is_one_line() -> None:
    terminal = Terminal()
    configure_logs("info", terminal)
    for logger in (structlog.get_logger("ours"), logging.getLogger("theirs")):
        _fail(logger)
    configure_logs("info", SUITE_LOG)

    lines = terminal.getvalue().splitlines()
    assert len(lines) == 2
    assert all("ValueError" in line and "test_logs.py" in line and "upont" not in line for line in lines)


def test_a_full_disk_loses_the_line_and_not_what_was_being_done() -> None:
    with Path("/dev/full").open("w") as stream:
        configure_logs("info", stream)
        structlog.get_logger("ours").warning("said in vain")
        configure_logs("info", SUITE_LOG)
        with suppress(OSError):
            stream.close()


def test_below_the_level_nothing_is_said(log_path: Path) -> None:
    structlog.get_logger("ours").debug("detail")
    logging.getLogger("theirs").debug("detail")

    assert log_path.read_text() == ""


@pytest.mark.parametrize(
    "leak", ["a.b@example.org", "insc_abcdefghijkl_0", f"/answer/{'A' * 43}", "Valentine", "Exemple"]
)
def test_the_search_of_the_suites_logs_would_find_a_leak(leak: str) -> None:
    assert PERSONAL_DATA.search(json.dumps({"event": f"about {leak}, something"}))
