"""Processes that end with the one that started them, even by `kill -9`.

Linux sends a child a signal when its parent dies (`prctl(2)`, PR_SET_PDEATHSIG). Its parent is the *thread* that
forked, and the setting is lost when the child changes its user. On other systems these functions do nothing.
"""

import ctypes
import os
import sys
from collections.abc import Callable
from signal import Signals

_PR_SET_PDEATHSIG = 1
_LIBC: ctypes.CDLL | None = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def stop_with_parent(signal: Signals) -> None:
    """Send `signal` to this process when its parent dies, at once if the parent is dead already."""
    if _LIBC is None:
        return
    parent = os.getppid()
    _set_parent_death_signal(signal)
    if os.getppid() != parent or _was_adopted_by(parent):
        os.kill(os.getpid(), signal)


def parent_death_hook(parent: int, signal: Signals) -> Callable[[], None] | None:
    """Return what a child of process `parent` must call before exec and after any change of user; None: nothing."""

    def arm() -> None:
        _set_parent_death_signal(signal)
        if os.getppid() != parent:
            raise ProcessLookupError(parent)

    return None if _LIBC is None else arm


def _set_parent_death_signal(signal: Signals) -> None:
    if _LIBC is not None and _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def _was_adopted_by(parent: int) -> bool:
    """Whether `parent` adopted this process: a child that leads no session shares that of its real parent."""
    session = os.getsid(0)
    try:
        return session not in {os.getpid(), os.getsid(parent)}
    except ProcessLookupError:
        return True
