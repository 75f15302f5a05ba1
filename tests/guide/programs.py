"""The programs of the guide, started as the guide says."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.nodejs import NODE, PACKAGES

SAMPLES = Path(__file__).parents[2] / "app" / "api" / "reading" / "samples"
BASH_NEEDS = ("bash", "curl", "jq", "openssl")
STRICT = ("--strict", "--target", "es2023", "--module", "nodenext", "--types", "node")


def shown(name: str) -> str:
    """What the guide says that a program prints."""
    return (SAMPLES / name).read_text()


@dataclass(frozen=True, slots=True)
class Program:
    """`command` in `folder`, with these settings and nothing of the developer's own."""

    command: tuple[str, ...]
    folder: Path

    def run(self, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            self.command, cwd=self.folder, env=_bare(settings), capture_output=True, text=True, timeout=60, check=False
        )

    @contextmanager
    def running(self, **settings: str) -> Generator[subprocess.Popen[str]]:
        """Run it until the block ends."""
        process = subprocess.Popen(
            self.command, cwd=self.folder, env=_bare(settings), stdout=subprocess.PIPE, text=True
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=10)


def _bare(settings: dict[str, str]) -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | settings


def python(name: str, folder: Path) -> Program:
    return Program((sys.executable, str(SAMPLES / name)), folder)


def bash(name: str, folder: Path) -> Program:
    return Program(("bash", str(SAMPLES / name)), folder)


def node(name: str, compiled: Path, folder: Path) -> Program:
    return Program((str(NODE), str(compiled / name.replace(".ts", ".js"))), folder)


def compile_typescript(folder: Path) -> None:
    """Check every TypeScript program, and write it in JavaScript beside the packages that it imports."""
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(PACKAGES)
    names = [path.name for path in SAMPLES.glob("*.ts")]
    for name in names:
        (folder / name).write_text((SAMPLES / name).read_text())
    command = [str(NODE), str(PACKAGES / "typescript" / "bin" / "tsc"), *STRICT, *names]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
