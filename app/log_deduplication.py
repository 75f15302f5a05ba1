"""Equal failures: the first is told whole, and those that follow as one line and a count for each interval."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

INTERVAL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Failure:
    """What equal failures have in common: `about` by name, and of each exception of the `chain` its type, what
    PostgreSQL called it, and the place where it arose. Not whom it befell, nor on whose behalf."""

    level: str
    event: str
    about: tuple[tuple[str, str], ...] = ()
    chain: tuple[tuple[str, str, str], ...] = ()


@dataclass(slots=True)
class _Count:
    unreported: int = 0
    is_recent: bool = True


ReportRepeats = Callable[[Failure, int], None]


class FailureDeduplicator:
    """After an interval of `seconds` without it, a failure is a first one again."""

    def __init__(self, seconds: float = INTERVAL_SECONDS) -> None:
        self._seconds = seconds
        self._report: ReportRepeats = _discard
        self._counts: dict[Failure, _Count] = {}
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def report_to(self, report: ReportRepeats) -> None:
        """Nothing was seen yet. At the end of each interval `tell` is given, in a thread, what came again in it, and
        how often."""
        self.flush()
        with self._lock:
            self._report = report
            self._counts = {}

    def is_first(self, failure: Failure) -> bool:
        """Whether it is to be told whole; it is counted otherwise."""
        with self._lock:
            self._start_timer()
            known = self._counts.get(failure)
            if known is None:
                self._counts[failure] = _Count()
                return True
            known.unreported += 1
            known.is_recent = True
            return False

    def flush(self) -> None:
        """Tell now what was only counted, as at the end of the process."""
        with self._lock:
            told = {failure: count.unreported for failure, count in self._counts.items() if count.unreported}
            for count in self._counts.values():
                count.unreported = 0
        for failure, untold in told.items():
            self._report(failure, untold)

    def _end_interval(self) -> None:
        self.flush()
        with self._lock:
            self._timer = None
            self._counts = {failure: count for failure, count in self._counts.items() if count.is_recent}
            for count in self._counts.values():
                count.is_recent = False
            if self._counts:
                self._start_timer()

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, self._end_interval)
            self._timer.daemon = True
            self._timer.start()


def _discard(_: Failure, __: int) -> None:
    """Logs are not configured yet."""
