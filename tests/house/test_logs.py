"""What logs say, and what they never do."""

import json
import logging
from collections.abc import Generator
from pathlib import Path

import pytest
import structlog

from app.logs import configure_logs
from tests.logbook import PERSONAL, STREAM


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


def test_below_the_level_nothing_is_said(book: Path) -> None:
    structlog.get_logger("ours").debug("detail")
    logging.getLogger("theirs").debug("detail")

    assert book.read_text() == ""


@pytest.mark.parametrize(
    "leak", ["a.b@example.org", "insc_abcdefghijkl_0", f"/answer/{'A' * 43}", "Valentine", "Exemple"]
)
def test_the_search_of_the_suites_logs_would_find_a_leak(leak: str) -> None:
    assert PERSONAL.search(json.dumps({"event": f"about {leak}, something"}))
