"""Places every account can reach, for what root keeps to itself: a venv under /root is closed to everybody else.

Nothing here loosens anybody's permissions: what is out of reach is put somewhere else.
"""

import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

REACHABLE = Path("/var/lib/registrations-embedded")


def substitute_folder(folder: Path) -> Path:
    """Name the folder that stands in for `folder`; nothing is made yet."""
    return REACHABLE / _short_hash(str(folder))


def make_reachable(folder: Path) -> None:
    """Make `folder`, one of ours directly under /var/lib/registrations-embedded (OSError when not root)."""
    for place in (folder.parent, folder):
        place.mkdir(exist_ok=True)
        place.chmod(0o755)


def _short_hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


def copy_of_binaries(folder: Path) -> Path | None:
    """Copy the wheel whose `bin` is `folder`, once per build of it; None when it is not a wheel's.

    The programs look for their libraries beside the package, in `<package>.libs`: both move together.
    """
    install, package = folder.parent, folder.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    if not libraries.is_dir():
        return None
    build = (folder / "postgres").stat()
    copies = REACHABLE / "binaries"
    copy = copies / _short_hash(f"{folder} {build.st_size} {build.st_mtime_ns}")
    if not copy.exists():
        make_reachable(copies)
        _copy((install, libraries), package.parent, copy)
    return copy / folder.relative_to(package.parent)


def _copy(sources: tuple[Path, ...], origin: Path, copy: Path) -> None:
    """Copy beside, then rename: a kill on the way leaves no half copy under the name that is looked for."""
    with tempfile.TemporaryDirectory(dir=copy.parent, prefix=f"{copy.name}.new-") as staging:
        whole = Path(staging) / "copy"
        for source in sources:
            shutil.copytree(source, whole / source.relative_to(origin), symlinks=True)
        for path in (whole, *whole.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        try:
            whole.rename(copy)
        except OSError:
            if not copy.exists():
                raise
