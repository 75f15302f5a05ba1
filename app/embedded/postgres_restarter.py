"""Restart a server that dies by itself, at the same port; stop the service when it cannot be restarted."""

import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from signal import SIGINT
from time import monotonic

import structlog

from app.embedded.cluster_error import ClusterError
from app.embedded.server_process import Server

MAX_STARTS = 4  # in a row, before giving up
STABLE_AFTER_S = 10.0  # a death after so long counts as a first one
_MAX_BACKOFF_S = 5.0

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.embedded")


def _interrupt() -> None:
    """As Ctrl-C does: without graceful shutdown, since no request can be served."""
    os.kill(os.getpid(), SIGINT)


@contextmanager
def restarted_on_death(server: Server, interrupt: Callable[[], None] = _interrupt) -> Generator[None]:
    """Restart the server whenever it dies, until the block ends, and stop it then. When it cannot be restarted,
    `interrupt` is called, which must end the block. Raise ClusterError then.
    """
    restarter = _Restarter(server, interrupt)
    # On Linux the server that a thread has started ends with it: it lives as long as the process.
    thread = threading.Thread(target=restarter.run, name="PostgreSQL restarter", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join()
        if restarter.gave_up:
            raise ClusterError(
                "PostgreSQL s’est arrêté et ne redémarre pas ; le service s’arrête aussi. "
                f"La cause est dans {server.command.log_path}"
            ) from None


class _Restarter:
    def __init__(self, server: Server, interrupt: Callable[[], None]) -> None:
        self._server = server
        self._interrupt = interrupt
        self.gave_up = False

    def run(self) -> None:
        deaths = 0
        while True:
            started_at = monotonic()
            status = self._server.process.wait()
            if self._server.stopping.is_set():
                return
            died_at = monotonic()
            deaths = deaths + 1 if died_at - started_at < STABLE_AFTER_S else 1
            if not self._restart(deaths):
                return
            seconds = round(monotonic() - died_at, 1)
            _LOG.warning("PostgreSQL died and was started again", status=status, after_seconds=seconds)
            if self._server.stopping.is_set():  # set while this restarted: `stop` knew the dead process only
                self._server.stop()

    def _restart(self, deaths: int) -> bool:
        """Return False when it is to stop, or was given up."""
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
    """Seconds: none before the first start, 0.5 before the second, then doubled, up to 5."""
    return min(_MAX_BACKOFF_S, 0.5 * 2.0 ** (start - 2)) if start > 1 else 0.0
