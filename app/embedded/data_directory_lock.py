"""The lock that keeps a data folder to one service."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from app.embedded.cluster_error import ClusterError


@contextmanager
def exclusive_use(data_dir: Path) -> Generator[None]:
    """Hold the lock of `data_dir` until the block ends. Raise ClusterError at once when another service holds it.

    The kernel releases it with the process, however it ends. No child inherits it: PostgreSQL outlives a `kill -9` of
    the service by a moment, and the next start must not take it for a service.
    """
    descriptor = os.open(data_dir / "service.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _lock(descriptor, data_dir)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, data_dir: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        by = f" (process {holder})" if holder else ""
        raise ClusterError(f"{data_dir} is in use by another service{by}: stop it, or choose another folder") from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
