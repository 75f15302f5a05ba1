"""The operating system account that PostgreSQL runs as; it refuses root, so root starts it as another one."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, Signals
from typing import IO

from app.embedded.parent_death_signal import parent_death_hook

_NOBODY = 65534


@dataclass(frozen=True)
class OsAccount:
    """The account of PostgreSQL; `uid` and `gid` are None when it is the one of this process."""

    uid: int | None = None
    gid: int | None = None

    @property
    def name(self) -> str:
        uid = os.geteuid() if self.uid is None else self.uid
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return str(uid)

    def start(
        self, command: Sequence[str | Path], *, output: int | IO[bytes], at_parent_death: Signals
    ) -> subprocess.Popen[bytes]:
        """Start `command` as this account, in a session of its own, which a terminal's Ctrl-C does not reach.

        It gets the signal when the calling *thread* ends: call from one that lives as long as the process.
        """
        return subprocess.Popen(  # noqa: S603  # the commands are this package's, never a caller's text
            command,
            cwd="/",  # the account may not be allowed into the current folder
            env=environment_without_pg_settings(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            preexec_fn=parent_death_hook(os.getpid(), at_parent_death),  # noqa: PLW1509  # prctl must follow setuid; it takes no lock
        )

    def run(self, *command: str | Path) -> tuple[int, str]:
        """Run `command` to its end as this account; return exit code and output. Raise OSError if it cannot start."""
        with self.start(command, output=subprocess.PIPE, at_parent_death=SIGKILL) as process:
            try:
                output, _ = process.communicate()
            except BaseException:
                process.kill()
                raise
        return process.returncode, output.decode(errors="replace").strip()

    def can_enter(self, folder: Path) -> bool:
        """Try to: permission bits alone do not tell (parent folders, ACLs, mounts)."""
        return self.run("/bin/sh", "-c", 'cd -- "$1"', "sh", folder)[0] == 0

    def chown(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def account_for_new_cluster() -> OsAccount:
    """Return the account for a new cluster: for root `postgres`, else `nobody`; for any other account, itself."""
    if os.geteuid() != 0:
        return OsAccount()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return OsAccount(entry.pw_uid, entry.pw_gid)
    return OsAccount(_NOBODY, _NOBODY)


def environment_without_pg_settings() -> dict[str, str]:
    """Return the environment without what configures PostgreSQL (PGPORT, PGOPTIONS…), with messages in English."""
    prefixes = ("PG", "LC_", "LANG")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)} | {"LC_ALL": "C"}
