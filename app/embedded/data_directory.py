"""The data directory of the cluster: where it is, which account owns it, how it is created."""

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
    """Where a cluster is or will be, and the account that runs it."""

    folder: Path
    account: OsAccount


def locate_data_directory(data_dir: Path) -> DataDirectory:
    """Return `data_dir`/postgres, or a folder under /var/lib when the account that root must use cannot enter there.

    A cluster that exists stays where it is, with its owner. Raise ClusterError when that owner cannot be used.
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
    """Raise ClusterError."""
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
    """Create the cluster unless it exists; return the password of its superuser. Raise ClusterError."""
    _clear_leftovers(data_directory.folder.parent)
    if not data_directory.folder.exists():
        _create_cluster(data_directory, binaries)
    major, password = _read_major_and_password(data_directory.folder)
    if major != binaries.major:
        raise ClusterError(
            f"{data_directory.folder} was made by PostgreSQL {major} and {binaries.folder} is {binaries.version}: "
            f"set PG_BINDIR to the bin folder of a PostgreSQL {major}, or move {data_directory.folder} away"
        )
    return password


def _read_major_and_password(folder: Path) -> tuple[int, str]:
    """Raise ClusterError."""
    try:
        return int((folder / "PG_VERSION").read_text()), (folder / PASSWORD_FILE).read_text().strip()
    except (FileNotFoundError, ValueError) as error:
        raise ClusterError(f"{folder} is not a cluster made by this service ({error}): move it away") from error


def _clear_leftovers(parent: Path) -> None:
    """Remove what a kill during initdb left; a folder that cannot be removed is harmless, its name is never reused."""
    for leftover in parent.glob(f"{_STAGING}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _create_cluster(data_directory: DataDirectory, binaries: Binaries) -> None:
    """Create the cluster under another name, password included, and rename it: a kill leaves all or nothing."""
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
    code, output = account.run(
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
        raise ClusterError(
            f"initdb could not make {folder}: {output.splitlines()[-1] if output else f'exit code {code}'}"
        )


def _locale(binaries: Binaries) -> tuple[str, ...]:
    """Sort by code point; the provider of PostgreSQL 17 and later also maps é to É."""
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
