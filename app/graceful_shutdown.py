"""Stopping without losing a request that an orchestrator has already sent here."""

import asyncio
import os
import signal
import threading
from types import FrameType

from app.api.http.application_state import ApplicationState


def drain_on_sigterm(service: ApplicationState, seconds: float) -> None:
    """From SIGTERM on, /readyz refuses while all else is served for `seconds`; then the server's own stop begins.

    Called once the server has its handlers. Ctrl-C, a second SIGTERM and the death of the parent stop without waiting.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop, parent, stop = asyncio.get_running_loop(), os.getppid(), signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: FrameType | None) -> None:
        at_once = service.draining or number == signal.SIGINT or os.getppid() != parent
        service.draining = True  # whoever waits for events is answered now
        if callable(stop):
            loop.call_soon_threadsafe(loop.call_later, 0.0 if at_once else seconds, stop, number, frame)

    signal.signal(signal.SIGTERM, drain)
    signal.signal(signal.SIGINT, drain)
