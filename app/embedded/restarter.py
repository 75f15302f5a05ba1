"""A server that dies of something else than us is started again, where it was; one that can't be stops the service."""

import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from signal import SIGINT
from time import monotonic

import structlog

from app.embedded.cluster_error import ClusterError
from app.embedded.server_process import Server

MAX_STARTS = 4  # one after the other, before it is given up
STABLE_AFTER_S = 10.0  # after so long, a death has nothing to do with the last one
_MAX_BACKOFF_S = 5.0

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.embedded")


def _interrupt() -> None:
    """As Ctrl-C does: without waiting for anybody, since nobody can be served."""
    os.kill(os.getpid(), SIGINT)


@contextmanager
def restarted_on_death(server: Server, interrupt: Callable[[], None] = _interrupt) -> Generator[None]:
    """Keep the server alive until the block ends, and stop it then. When it can't be, `interrupt` is called, which must
    end the block; what comes of it is raised as ClusterError."""
    keeper = _Restarter(server, interrupt)
    # Its end would be the server's: whoever starts a process on Linux takes it along.
    thread = threading.Thread(target=keeper.run, name="keeper of PostgreSQL", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join()
        if keeper.gave_up:
            raise ClusterError(
                "PostgreSQL s’est arrêté et ne redémarre pas ; le service s’arrête aussi. "
                f"La cause est dans {server.program.log_path}"
            ) from None


class _Restarter:
    def __init__(self, server: Server, interrupt: Callable[[], None]) -> None:
        self._server = server
        self._interrupt = interrupt
        self.gave_up = False

    def run(self) -> None:
        deaths = 0
        while True:
            born = monotonic()
            status = self._server.process.wait()
            if self._server.stopping.is_set():
                return
            died = monotonic()
            deaths = deaths + 1 if died - born < STABLE_AFTER_S else 1
            if not self._restart(deaths):
                return
            seconds = round(monotonic() - died, 1)
            _LOG.warning("PostgreSQL died and was started again", status=status, after_seconds=seconds)
            if self._server.stopping.is_set():  # by whoever knew of the dead one only
                self._server.stop()

    def _restart(self, deaths: int) -> bool:
        """False when it is to stop, or was given up."""
        for starts in range(MAX_STARTS):
            if self._server.stopping.wait(_backoff_before(deaths + starts)):
                return False
            try:
                self._server.restart()
            except (ClusterError, OSError) as failure:
                _LOG.warning("PostgreSQL died and does not start", exc_info=failure)
            else:
                return True
        if not self._server.stopping.is_set():
            self.gave_up = True
            self._interrupt()
        return False


def _backoff_before(start: int) -> float:
    """Seconds: none before the first, then twice as long each time."""
    return min(_MAX_BACKOFF_S, 0.5 * 2.0 ** (start - 2)) if start > 1 else 0.0
