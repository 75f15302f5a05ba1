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

from app.log_deduplication import Failure, Repeats
from app.logs import configure_logs
from app.persistence.engine.database import Database
from tests.log_capture import PERSONAL, STREAM
from tests.persistence.postgres_errors import Refused


@pytest.fixture
def book(tmp_path: Path) -> Generator[Path]:
    path = tmp_path / "log"
    with path.open("w") as stream:
        configure_logs("info", stream)
        yield path
    configure_logs("info", STREAM)


def _lines(book: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in book.read_text().splitlines()]


def _refuse(value: str) -> None:
    raise ValueError(value)


def test_an_exception_is_told_by_its_type_and_place_and_never_by_its_message(book: Path) -> None:
    for logger in (structlog.get_logger("ours"), logging.getLogger("theirs")):
        try:
            try:
                _refuse("jeanne.dupont@example.org")
            except ValueError as error:
                raise RuntimeError("Jeanne Dupont") from error
        except RuntimeError:
            logger.exception("failed")

    for line in _lines(book):
        assert [item["type"] for item in line["exception"]] == ["builtins.RuntimeError", "builtins.ValueError"]  # type: ignore[attr-defined]  # a list of objects
        assert "test_logs.py" in str(line["exception"])
    assert "upont" not in book.read_text()
    assert len(_lines(book)) == 2


def _told(line: dict[str, Any]) -> dict[str, Any]:
    """Of the only exception."""
    (item,) = line["exception"]
    return dict(item)


def _fail(logger: Any) -> None:
    try:
        _refuse("Jeanne Dupont")
    except ValueError:
        logger.exception("failed")


@pytest.mark.parametrize("logger", [structlog.get_logger("ours"), logging.getLogger("theirs")], ids=["ours", "theirs"])
def test_a_thousand_equal_failures_are_one_line_and_a_count(book: Path, logger: Any) -> None:
    for _ in range(1000):
        _fail(logger)
    configure_logs("info", STREAM)  # as at the end of the process, nothing is left uncounted

    first, again = _lines(book)
    assert (first["event"], again["event"], again["repeated"]) == ("failed", "failed", 999)
    assert [_told(first)["type"], _told(again)["type"]] == ["builtins.ValueError"] * 2
    assert _told(again)["at"] == _told(first)["at"][-1:] != _told(first)["at"]


def test_failures_that_differ_are_told_whole_each(book: Path) -> None:
    logger = structlog.get_logger("ours")
    for code in ("unavailable", "internal-error"):
        for chore in ("relay", "place_events"):
            _fail(logger.bind(code=code, chore=chore))

    assert [line["exception"] is not None for line in _lines(book)] == [True] * 4


def test_failures_said_to_be_alike_are_one_line_whatever_was_raised(book: Path) -> None:
    logger = structlog.get_logger("ours")
    for chore, failure in (("relay", OSError()), ("place_events", TimeoutError()), ("relay", ConnectionError())):
        logger.warning("the database does not answer", alike=True, chore=chore, exc_info=failure)
    configure_logs("info", STREAM)

    first, again = _lines(book)
    assert (first["chore"], again["repeated"], "alike" in first) == ("relay", 2, False)


def test_what_is_no_failure_is_told_each_time(book: Path) -> None:
    for _ in range(3):
        structlog.get_logger("ours").warning("SMTP_URL is not set: e-mails wait")

    assert len(_lines(book)) == 3


def test_each_interval_has_its_count_and_after_a_calm_one_a_failure_is_a_first_one() -> None:
    told, more = list[int](), threading.Semaphore(0)
    repeats = Repeats(seconds=0.05)
    failure = Failure("error", "failed", (), (("builtins.ValueError", "", ""),))

    def tell(_: Failure, times: int) -> None:
        told.append(times)
        more.release()

    repeats.tell_to(tell)
    assert [repeats.is_first(failure) for _ in range(4)] == [True, False, False, False]
    assert more.acquire(timeout=10)
    while not repeats.is_first(failure):
        time.sleep(0.2)  # intervals without it

    assert told[0] == 3


def test_a_task_that_nobody_asks_after_is_logged_without_its_message(book: Path) -> None:
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task ValueError('Jeanne Dupont')>")

    assert [line["event"] for line in _lines(book)] == ["Task exception was never retrieved"]


async def test_what_postgresql_says_of_a_row_is_not_logged(book: Path, database: Database) -> None:
    row = "VALUES ('01000000-0000-7000-8000-000000000000', 'Jeanne Dupont', 'x', 'y', 'jeanne@example.org')"
    try:
        await database.one(f"INSERT INTO adviser (id, first_name, last_name, department, email) {row}")
    except Refused:
        structlog.get_logger("ours").exception("failed")

    (line,) = _lines(book)
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
    configure_logs("info", STREAM)

    lines = terminal.getvalue().splitlines()
    assert len(lines) == 2
    assert all("ValueError" in line and "test_logs.py" in line and "upont" not in line for line in lines)


def test_a_full_disk_loses_the_line_and_not_what_was_being_done() -> None:
    with Path("/dev/full").open("w") as stream:
        configure_logs("info", stream)
        structlog.get_logger("ours").warning("said in vain")
        configure_logs("info", STREAM)
        with suppress(OSError):
            stream.close()


def test_below_the_level_nothing_is_said(book: Path) -> None:
    structlog.get_logger("ours").debug("detail")
    logging.getLogger("theirs").debug("detail")

    assert book.read_text() == ""


@pytest.mark.parametrize(
    "leak", ["a.b@example.org", "insc_abcdefghijkl_0", f"/answer/{'A' * 43}", "Valentine", "Exemple"]
)
def test_the_search_of_the_suites_logs_would_find_a_leak(leak: str) -> None:
    assert PERSONAL.search(json.dumps({"event": f"about {leak}, something"}))
