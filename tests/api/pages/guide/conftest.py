"""The programs of the guide in each language, for the claims that hold for all of them."""

from pathlib import Path
from shutil import which

import pytest

from tests.api.pages.guide.guide_programs import (
    BASH_NEEDS,
    GuideProgram,
    bash,
    compile_typescript,
    node,
    python,
    receiver,
)
from tests.nodejs import PACKAGES


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the TypeScript programs, in JavaScript."""
    if not PACKAGES.is_dir():
        pytest.skip("TypeScript is missing: `make tools`")
    folder = tmp_path_factory.mktemp("typescript")
    compile_typescript(folder)
    return folder


@pytest.fixture(params=["py", "ts"], name="receiver")
def a_receiver(request: pytest.FixtureRequest, tmp_path: Path) -> GuideProgram:
    """The receiver kit, in each language, with an inbox of its own."""
    compiled = request.getfixturevalue("compiled") if request.param == "ts" else None
    return receiver(request.param, compiled, tmp_path)


@pytest.fixture
def shell() -> None:
    """Skip without the programs that a shell script of the guide calls."""
    if missing := [name for name in BASH_NEEDS if which(name) is None]:
        pytest.skip(f"missing: `apt-get install {' '.join(missing)}`")


@pytest.fixture(params=["register.sh", "register.py", "register.ts"])
def register(request: pytest.FixtureRequest, tmp_path: Path) -> GuideProgram:
    """The first call of the quick start, in each language."""
    name: str = request.param
    if name.endswith(".ts"):
        return node(name, request.getfixturevalue("compiled"), tmp_path)
    if name.endswith(".sh"):
        request.getfixturevalue("shell")
        return bash(name, tmp_path)
    return python(name, tmp_path)
