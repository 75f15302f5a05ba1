"""The folder of the cluster: where it is, whose it is, and how it comes to be."""

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.embedded.binaries import Binaries
from app.embedded.cluster_error import ClusterError
from app.embedded.os_account import Account, fitting_account
from app.embedded.reachable_folders import make_reachable, stand_in

PASSWORD_FILE = "superuser.password"  # noqa: S105  # the name of the file, not what is in it
_STAGING = "postgres.new-"
_BUILTIN_LOCALE_SINCE = 17


@dataclass(frozen=True)
class Home:
    """Where a cluster is or will be, and who runs it."""

    folder: Path
    account: Account


def home_of(data_dir: Path) -> Home:
    """Return `data_dir`/postgres, or a folder under /var/lib when root's helper account cannot walk there.

    A cluster that exists is kept where it is, with its owner. Raises ClusterError when that cannot be.
    """
    here = data_dir / "postgres"
    elsewhere = stand_in(data_dir) / "postgres"
    for folder in (here, elsewhere) if os.geteuid() == 0 else (here,):
        if folder.exists():
            return Home(folder, _owner(folder))
    account = fitting_account()
    if account.can_enter(data_dir):
        return Home(here, account)
    make_reachable(elsewhere.parent)
    return Home(elsewhere, account)


def _owner(folder: Path) -> Account:
    status = folder.stat()
    if os.geteuid() != 0:
        if status.st_uid != os.geteuid():
            raise ClusterError(f"{folder} belongs to another user (uid {status.st_uid}): run as them, or move it away")
        return Account()
    account = Account(status.st_uid, status.st_gid) if status.st_uid else fitting_account()
    if not account.can_enter(folder):
        raise ClusterError(
            f"{folder} is out of reach of its owner {account.name}: reopen the way to it, or move it away"
        )
    return account


def initialised(home: Home, binaries: Binaries) -> str:
    """Make the cluster unless it is there; return the password of its superuser. Raises ClusterError."""
    _clear_leftovers(home.folder.parent)
    if not home.folder.exists():
        _make(home, binaries)
    try:
        made_by = int((home.folder / "PG_VERSION").read_text())
        password = (home.folder / PASSWORD_FILE).read_text().strip()
    except (FileNotFoundError, ValueError) as error:
        raise ClusterError(f"{home.folder} is not a cluster made by this service ({error}): move it away") from error
    if made_by != binaries.major:
        raise ClusterError(
            f"{home.folder} was made by PostgreSQL {made_by} and {binaries.folder} is {binaries.version}: "
            f"set PG_BINDIR to the bin folder of a PostgreSQL {made_by}, or move {home.folder} away"
        )
    return password


def _clear_leftovers(parent: Path) -> None:
    """Remove what a kill during initdb left; a folder that resists is harmless, its name is never used again."""
    for leftover in parent.glob(f"{_STAGING}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _make(home: Home, binaries: Binaries) -> None:
    """Make the cluster beside its place and rename it when whole, password included: a kill leaves all or nothing."""
    staging = Path(tempfile.mkdtemp(dir=home.folder.parent, prefix=_STAGING))
    try:
        home.account.take(staging)
        password_file = _write_password(staging, home.account)
        _initdb(staging / "postgres", password_file, home.account, binaries)
        password_file.rename(staging / "postgres" / PASSWORD_FILE)
        (staging / "postgres").rename(home.folder)
        _sync(home.folder, home.folder.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_password(staging: Path, account: Account) -> Path:
    path = staging / PASSWORD_FILE
    path.touch(mode=0o600)
    account.take(path)
    path.write_text(secrets.token_urlsafe(24) + "\n")
    _sync(path)
    return path


def _initdb(folder: Path, password_file: Path, account: Account, binaries: Binaries) -> None:
    code, said = account.run(
        binaries.folder / "initdb",
        f"--pgdata={folder}",
        "--username=postgres",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        *_locale(binaries),
        "--no-instructions",
    )
    if code != 0:
        raise ClusterError(f"initdb could not make {folder}: {said.splitlines()[-1] if said else f'exit code {code}'}")


def _locale(binaries: Binaries) -> tuple[str, ...]:
    """Sort by code point everywhere; from 17 on, PostgreSQL itself also knows that É is the capital of é."""
    if binaries.major < _BUILTIN_LOCALE_SINCE:
        return ("--locale=C",)
    return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def _sync(*paths: Path) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
