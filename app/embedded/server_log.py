"""The server's log file, in the data folder."""

from pathlib import Path

_MAX_BYTES = 5_000_000
_LINES_QUOTED = 6


def truncate_if_large(path: Path) -> None:
    """Create the log if missing, and empty it when it is larger than 5 MB."""
    with path.open("ab") as log:
        if log.tell() > _MAX_BYTES:
            log.truncate(0)


def tail_since(path: Path, start: int) -> str:
    """Return the last lines (6 at most) written after the byte `start`."""
    with path.open("rb") as log:
        log.seek(start)
        return "\n".join(log.read().decode(errors="replace").splitlines()[-_LINES_QUOTED:])
