"""Structured logs: one JSON object a line. A name, an e-mail, a key or a body never gets in.

An exception is logged by its type and the places it went through, never by its message: drivers quote values in theirs.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO, cast

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_PLACES = 12  # the innermost frames of a traceback


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, then what it was raised from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _described(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    places = traceback.extract_tb(error.__traceback__)[-_PLACES:]
    # PostgreSQL's five-character code and the constraint's name say what went wrong, and nothing of the row.
    said = {name: getattr(error, name, None) for name in ("sqlstate", "constraint_name")}
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "at": [f"{place.filename}:{place.lineno} {place.name}" for place in places],
        **{name: value for name, value in said.items() if value},
    }


def without_messages(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by what may be told of it."""
    found: object = event.pop("exc_info", None)
    error: object = sys.exc_info()[1] if found is True else found
    if isinstance(found, tuple):  # as the standard library has it: type, exception, traceback
        error = cast("tuple[object, ...]", found)[1]
    if isinstance(error, BaseException):
        event["exception"] = [_described(item) for item in _chain(error)]
    return event


SHARED: tuple[Processor, ...] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    without_messages,
)


def _as_bytes(event: EventDict, **_: Any) -> bytes:
    return orjson.dumps(event, default=str)


def _as_text(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def _standard(level: str, stream: TextIO, last: Processor) -> None:
    """Whatever logs through the standard library: the server, the drivers."""
    handler = logging.StreamHandler(stream)
    shown = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=SHARED, processors=shown))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # It tells each request's whole address, query included.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Send every log of the process to `stream` (standard error when None), from `level` up; as text on a terminal."""
    target = stream or sys.stderr
    wrapper = structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()])
    if target.isatty():
        console = structlog.dev.ConsoleRenderer()
        structlog.configure([*SHARED, console], wrapper, logger_factory=structlog.PrintLoggerFactory(target))
        _standard(level, target, console)
        return
    # Bytes straight to the file: the standard library's way costs a request's line three times as much.
    as_bytes = structlog.processors.JSONRenderer(_as_bytes)
    factory = structlog.BytesLoggerFactory(cast("BinaryIO", target.buffer))
    structlog.configure([*SHARED, as_bytes], wrapper, logger_factory=factory, cache_logger_on_first_use=True)
    _standard(level, target, structlog.processors.JSONRenderer(_as_text))
