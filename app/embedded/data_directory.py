"""The folder of the cluster: where it is, whose it is, and how it comes to be."""

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.embedded.binaries import Binaries
from app.embedded.cluster_error import ClusterError
from app.embedded.os_account import OsAccount, account_for_new_cluster
from app.embedded.reachable_folders import make_reachable, substitute_folder

PASSWORD_FILE = "superuser.password"  # noqa: S105  # the name of the file, not what is in it
_STAGING = "postgres.new-"
_BUILTIN_LOCALE_SINCE = 17


@dataclass(frozen=True)
class DataDirectory:
    """Where a cluster is or will be, and who runs it."""

    folder: Path
    account: OsAccount


def locate_data_directory(data_dir: Path) -> DataDirectory:
    """Return `data_dir`/postgres, or a folder under /var/lib when root's helper account cannot walk there.

    A cluster that exists is kept where it is, with its owner. Raise ClusterError when that cannot be.
    """
    here = data_dir / "postgres"
    elsewhere = substitute_folder(data_dir) / "postgres"
    for folder in (here, elsewhere) if os.geteuid() == 0 else (here,):
        if folder.exists():
            return DataDirectory(folder, _owner(folder))
    account = account_for_new_cluster()
    if account.can_enter(data_dir):
        return DataDirectory(here, account)
    make_reachable(elsewhere.parent)
    return DataDirectory(elsewhere, account)


def _owner(folder: Path) -> OsAccount:
    status = folder.stat()
    if os.geteuid() != 0:
        if status.st_uid != os.geteuid():
            raise ClusterError(f"{folder} belongs to another user (uid {status.st_uid}): run as them, or move it away")
        return OsAccount()
    account = OsAccount(status.st_uid, status.st_gid) if status.st_uid else account_for_new_cluster()
    if not account.can_enter(folder):
        raise ClusterError(
            f"{folder} is out of reach of its owner {account.name}: reopen the way to it, or move it away"
        )
    return account


def ensure_initialised(data_directory: DataDirectory, binaries: Binaries) -> str:
    """Make the cluster unless it is there; return the password of its superuser. Raise ClusterError."""
    _clear_leftovers(data_directory.folder.parent)
    if not data_directory.folder.exists():
        _create_cluster(data_directory, binaries)
    try:
        made_by = int((data_directory.folder / "PG_VERSION").read_text())
        password = (data_directory.folder / PASSWORD_FILE).read_text().strip()
    except (FileNotFoundError, ValueError) as error:
        raise ClusterError(
            f"{data_directory.folder} is not a cluster made by this service ({error}): move it away"
        ) from error
    if made_by != binaries.major:
        raise ClusterError(
            f"{data_directory.folder} was made by PostgreSQL {made_by} and {binaries.folder} is {binaries.version}: "
            f"set PG_BINDIR to the bin folder of a PostgreSQL {made_by}, or move {data_directory.folder} away"
        )
    return password


def _clear_leftovers(parent: Path) -> None:
    """Remove what a kill during initdb left; a folder that resists is harmless, its name is never used again."""
    for leftover in parent.glob(f"{_STAGING}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _create_cluster(data_directory: DataDirectory, binaries: Binaries) -> None:
    """Make the cluster beside its place and rename it when whole, password included: a kill leaves all or nothing."""
    staging = Path(tempfile.mkdtemp(dir=data_directory.folder.parent, prefix=_STAGING))
    try:
        data_directory.account.chown(staging)
        password_file = _write_password(staging, data_directory.account)
        _initdb(staging / "postgres", password_file, data_directory.account, binaries)
        password_file.rename(staging / "postgres" / PASSWORD_FILE)
        (staging / "postgres").rename(data_directory.folder)
        _fsync(data_directory.folder, data_directory.folder.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_password(staging: Path, account: OsAccount) -> Path:
    path = staging / PASSWORD_FILE
    path.touch(mode=0o600)
    account.chown(path)
    path.write_text(secrets.token_urlsafe(24) + "\n")
    _fsync(path)
    return path


def _initdb(folder: Path, password_file: Path, account: OsAccount, binaries: Binaries) -> None:
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


def _fsync(*paths: Path) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
