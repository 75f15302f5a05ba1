"""Equal failures: the first is logged whole, those that follow as one line with a count per interval."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

INTERVAL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Failure:
    """What equal failures have in common: the keys `about`, and of each exception of the `chain` its type, PostgreSQL's
    code for it, and where it was raised. Not the request or the person that it concerned."""

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
    """A failure that did not come for an interval of `seconds` is a first one again."""

    def __init__(self, seconds: float = INTERVAL_SECONDS) -> None:
        self._seconds = seconds
        self._report: ReportRepeats = _discard
        self._counts: dict[Failure, _Count] = {}
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def report_to(self, report: ReportRepeats) -> None:
        """Start afresh. At the end of each interval a thread calls `report` with each failure repeated in it, and how
        often."""
        self.flush()
        with self._lock:
            self._report = report
            self._counts = {}

    def is_first(self, failure: Failure) -> bool:
        """Whether to log it whole; it is counted otherwise."""
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
        """Report now what was only counted, as at the end of the process."""
        with self._lock:
            repeats = {failure: count.unreported for failure, count in self._counts.items() if count.unreported}
            for count in self._counts.values():
                count.unreported = 0
        for failure, times in repeats.items():
            self._report(failure, times)

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
