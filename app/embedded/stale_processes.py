"""What a server that died, or is about to, left in the folder.

We hold the lock of the data folder, so no other service of ours runs on it. PostgreSQL guards itself against a second
server, but takes any living process (or zombie) that now bears the number in its `postmaster.pid` for the old one.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL

from app.embedded.cluster_error import ClusterError
from app.embedded.os_account import OsAccount

RETRY_FOR_S = 15.0
_PAUSE_S = 0.05
_FIND_PROCESSES_IN = 'for place in /proc/[0-9]*/cwd; do [ "$place" -ef "$1" ] && echo "$place"; done 2>/dev/null; :'


def wait_until_no_server(folder: Path, account: OsAccount, *, deadline: float) -> None:
    """Wait for the last server's processes to be gone, then remove the `postmaster.pid` that would block the next.

    `deadline` is of the monotonic clock. Raise ClusterError when they are still there by then. Where there is no /proc
    to prove anything by, PostgreSQL's own guard is left to decide.
    """
    pid_file = folder / "postmaster.pid"
    while sys.platform == "linux" and _names_a_process(pid_file):
        residents = _postgres_processes_in(folder, account)
        if not residents:
            pid_file.unlink(missing_ok=True)
        elif time.monotonic() > deadline:
            raise ClusterError(
                f"a PostgreSQL still runs on {folder} (process {min(residents)}): stop it with kill -INT"
            )
        else:
            time.sleep(_PAUSE_S)


def kill_leftover_processes(folder: Path, account: OsAccount) -> None:
    """Kill whoever outlives a dead server of ours: its children hold the memory that the next one must have, for as
    long as the statement takes that they are at."""
    for pid in _postgres_processes_in(folder, account) if sys.platform == "linux" else []:
        with suppress(ProcessLookupError):
            os.kill(pid, SIGKILL)


def _names_a_process(pid_file: Path) -> bool:
    """Tell whether the process named in the file exists, be it a zombie or a stranger."""
    try:
        os.kill(abs(int(pid_file.read_text().split("\n", 1)[0])), 0)
    except PermissionError:
        return True
    except (OSError, OverflowError, ValueError):
        return False
    return True


def _postgres_processes_in(folder: Path, account: OsAccount) -> list[int]:
    """Return the PostgreSQL processes at home in `folder`: every one of a cluster stands in its data folder.

    The account asks, not us: root without CAP_SYS_PTRACE, as in a container, may not look where others stand.
    """
    _, places = account.run("/bin/sh", "-c", _FIND_PROCESSES_IN, "sh", folder)
    pids = (int(place.split("/")[2]) for place in places.splitlines())
    return [pid for pid in pids if _program(pid) == "postgres"]


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
