"""Structured logs: one JSON object a line, without names, e-mails, keys or bodies.

An exception is logged by its type and the places of its traceback, never by its message: drivers quote values in it.
Equal ones are logged once, and then counted.
"""

import atexit
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import PurePath
from typing import Any, BinaryIO, TextIO, cast

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.log_deduplication import Failure, FailureDeduplicator

_MAX_TRACEBACK_FRAMES = 12  # the innermost frames of a traceback
# What tells failures of one event apart, beside their exceptions.
_DISTINGUISHING_KEYS = ("code", "chore", "logger")
_PROCESSORS: list[Processor] = []  # changed in place: loggers that were given it keep it
_DEDUPLICATOR = FailureDeduplicator()
atexit.register(_DEDUPLICATOR.flush)


def _exception_chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, then those it was raised from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _describe_exception(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    places = traceback.extract_tb(error.__traceback__)[-_MAX_TRACEBACK_FRAMES:]
    # PostgreSQL's five-character code and the constraint's name say what went wrong, and nothing of the row.
    details = {name: getattr(error, name, None) for name in ("sqlstate", "constraint_name")}
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "at": [f"{place.filename}:{place.lineno} {place.name}" for place in places],
        **{name: value for name, value in details.items() if value},
    }


def strip_exception_messages(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by what may be logged of it."""
    found: object = event.pop("exc_info", None)
    error: object = sys.exc_info()[1] if found is True else found
    if isinstance(found, tuple):  # as the standard library has it: type, exception, traceback
        error = cast("tuple[object, ...]", found)[1]
    if isinstance(error, BaseException):
        event["exception"] = [_describe_exception(item) for item in _exception_chain(error)]
    return event


def _failure_of(level: str, event: str, about: EventDict, chain: list[dict[str, Any]]) -> Failure:
    return Failure(
        level,
        event,
        tuple((name, str(about[name])) for name in _DISTINGUISHING_KEYS if name in about),
        tuple((item["type"], item.get("sqlstate", ""), item["at"][-1] if item["at"] else "") for item in chain),
    )


def _log_repeats(logger: structlog.typing.FilteringBoundLogger, failure: Failure, times: int) -> None:
    details: dict[str, Any] = dict(failure.about)
    if failure.chain:
        details["exception"] = [{"type": kind, "at": [place]} for kind, _, place in failure.chain]
    logger.log(logging.getLevelNamesMapping()[failure.level.upper()], failure.event, repeated=times, **details)


def drop_repeated_failures(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Let the first of equal failures through. Those logged with `alike` are equal whatever exception they carry."""
    alike = event.pop("alike", False)
    if "exception" in event:
        level, what = event["level"], str(event["event"])
        failure = Failure(level, what) if alike else _failure_of(level, what, event, event["exception"])
        if not _DEDUPLICATOR.is_first(failure):
            raise structlog.DropEvent
    return event


def _first_occurrence_filter(record: logging.LogRecord) -> bool:
    """As `drop_repeated_failures`, for the standard library."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return True
    chain = [_describe_exception(item) for item in _exception_chain(error)]
    return _DEDUPLICATOR.is_first(_failure_of(record.levelname, str(record.msg), {"logger": record.name}, chain))


def keep_first_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The other lines are what asyncio shows of a failed task, the message of its exception included."""
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


def summarise_exceptions(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """For a terminal: the types of the exceptions, and where the last was raised."""
    chain: list[dict[str, Any]] | None = event.pop("exception", None)
    if chain:
        place = PurePath(chain[-1]["at"][-1]).name if chain[-1]["at"] else "?"
        event["because"] = f"{' < '.join(item['type'] for item in chain)} ({place})"
    return event


SHARED_PROCESSORS: tuple[Processor, ...] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    strip_exception_messages,
)


class _ErrorTolerantStream:
    """A stream that may be closed, or its disk full: the line is lost then, and the caller goes on."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: Any) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def _to_json_bytes(event: EventDict, **_: Any) -> bytes:
    return orjson.dumps(event, default=str)


def _to_json_text(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def _configure_standard_logging(level: str, stream: TextIO, *last: Processor) -> None:
    """For what logs through the standard library: the server, the drivers."""
    handler = logging.StreamHandler(stream)
    handler.addFilter(_first_occurrence_filter)
    shown = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    foreign = (*SHARED_PROCESSORS, keep_first_line)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=foreign, processors=shown))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # It logs the whole URL of each request, query included.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Send every log of the process to `stream` (standard error when None), from `level` up; as text on a terminal."""
    target = stream or sys.stderr
    wrapper = structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()])
    factory: Callable[..., WrappedLogger]
    last: tuple[Processor, ...]
    if target.isatty():
        last = summarise_exceptions, structlog.dev.ConsoleRenderer()
        factory = structlog.PrintLoggerFactory(cast("TextIO", _ErrorTolerantStream(target)))
        _configure_standard_logging(level, target, *last)
    else:
        # Bytes straight to the file: the standard library's way costs a request's line three times as much.
        last = (structlog.processors.JSONRenderer(_to_json_bytes),)
        factory = structlog.BytesLoggerFactory(cast("BinaryIO", _ErrorTolerantStream(target.buffer)))
        _configure_standard_logging(level, target, structlog.processors.JSONRenderer(_to_json_text))
    repeated = structlog.wrap_logger(factory(), processors=[*SHARED_PROCESSORS, *last], wrapper_class=wrapper)
    _DEDUPLICATOR.report_to(partial(_log_repeats, repeated))
    _PROCESSORS[:] = [*SHARED_PROCESSORS, drop_repeated_failures, *last]
    structlog.configure(_PROCESSORS, wrapper, logger_factory=factory, cache_logger_on_first_use=True)
