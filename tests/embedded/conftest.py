import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from app.embedded import reachable_folders
from app.embedded.cluster import running_cluster
from tests.embedded.process_probes import copy_cluster


@pytest.fixture(scope="session")
def open_folder() -> Generator[Path]:
    """A folder that every account may enter: those of pytest are closed to the account that runs PostgreSQL for
    root."""
    with tempfile.TemporaryDirectory(prefix="embedded-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def new_dir(open_folder: Path) -> Generator[Path]:
    """A data folder without a cluster yet."""
    folder = Path(tempfile.mkdtemp(dir=open_folder))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def finished_dir(open_folder: Path) -> Path:
    """A data folder whose cluster was created and stopped: to be copied, never used."""
    with running_cluster(open_folder / "finished") as cluster:
        cluster.create_database("registrations")
    return open_folder / "finished"


@pytest.fixture(scope="module")
def data_dir(open_folder: Path, finished_dir: Path, request: pytest.FixtureRequest) -> Path:
    """A data folder with a cluster ready to start, shared in turn by the tests of a module."""
    return copy_cluster(finished_dir, open_folder / request.path.stem)


@pytest.fixture
def own_dir(new_dir: Path, finished_dir: Path) -> Path:
    """The same, for a test that damages it."""
    return copy_cluster(finished_dir, new_dir / "data")


@pytest.fixture
def reachable(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of /var/lib/registrations-embedded."""
    folder = Path(tempfile.mkdtemp(dir=open_folder)) / "registrations-embedded"
    folder.parent.chmod(0o755)
    monkeypatch.setattr(reachable_folders, "REACHABLE", folder)
    return folder


@pytest.fixture
def closed_dir(open_folder: Path) -> Path:
    """A data folder under one that only its owner may enter, like /root."""
    parent = Path(tempfile.mkdtemp(dir=open_folder))
    assert parent.stat().st_mode & 0o777 == 0o700
    assert parent.stat().st_uid == os.geteuid()
    return parent / "data"
