"""A deadline for each phase of a benchmark, whatever it waits for: a pipe, a process, an event loop."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic
from types import FrameType


class _LateError(KeyboardInterrupt):
    """An event loop lets nothing else out of its callbacks: it would log the error, and wait on."""


@contextmanager
def deadline(seconds: float, phase: str) -> Generator[None]:
    """Raise TimeoutError, which names the phase, when the block is not over in time. In the main thread only.

    A deadline within another ends no later than that one.
    """
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    allowed = min(seconds, left) if left else seconds

    def give_up(_: int, __: FrameType | None) -> None:
        raise _LateError

    former, begun = signal.signal(signal.SIGALRM, give_up), monotonic()
    signal.setitimer(signal.ITIMER_REAL, allowed)
    try:
        yield
    except _LateError:
        raise TimeoutError(f"{phase}: not over after {allowed:.0f} s") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(0.001, left - (monotonic() - begun)))
