"""Processes and files that a server which died, or is stopping, left in the data directory.

The lock of the data folder is held, so no other service runs on it. PostgreSQL itself refuses a second server, but
takes any process (or zombie) that now has the number in `postmaster.pid` for the old one.
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
    """Wait until the last server's processes are gone, then remove the `postmaster.pid` that would block the next one.

    `deadline` is in seconds of the monotonic clock; raise ClusterError when they still run by then. Without /proc, on
    other systems than Linux, nothing is done: PostgreSQL's own check decides.
    """
    pid_file = folder / "postmaster.pid"
    while sys.platform == "linux" and _names_a_process(pid_file):
        pids = _postgres_processes_in(folder, account)
        if not pids:
            pid_file.unlink(missing_ok=True)
        elif time.monotonic() > deadline:
            raise ClusterError(f"a PostgreSQL still runs on {folder} (process {min(pids)}): stop it with kill -INT")
        else:
            time.sleep(_PAUSE_S)


def kill_leftover_processes(folder: Path, account: OsAccount) -> None:
    """Kill the children that outlive a dead server: until their statement ends, they hold the shared memory that the
    next server needs."""
    for pid in _postgres_processes_in(folder, account) if sys.platform == "linux" else []:
        with suppress(ProcessLookupError):
            os.kill(pid, SIGKILL)


def _names_a_process(pid_file: Path) -> bool:
    """Whether the process whose number is in the file exists, be it a zombie or another program."""
    try:
        os.kill(abs(int(pid_file.read_text().split("\n", 1)[0])), 0)
    except PermissionError:
        return True
    except (OSError, OverflowError, ValueError):
        return False
    return True


def _postgres_processes_in(folder: Path, account: OsAccount) -> list[int]:
    """Return the PostgreSQL processes whose working directory is `folder`, as is that of all processes of a cluster.

    A shell of the account asks: root without CAP_SYS_PTRACE, as in a container, may not read it of other accounts.
    """
    _, output = account.run("/bin/sh", "-c", _FIND_PROCESSES_IN, "sh", folder)
    pids = (int(line.split("/")[2]) for line in output.splitlines())
    return [pid for pid in pids if _program(pid) == "postgres"]


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
