"""Folders that every account can reach, for what stands under /root, which is closed to other accounts.

No permission is loosened: what other accounts cannot reach is put, or copied, under /var/lib.
"""

import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

REACHABLE = Path("/var/lib/registrations-embedded")


def substitute_folder(folder: Path) -> Path:
    """Return the path of the folder that stands in for `folder`, without creating it."""
    return REACHABLE / _short_hash(str(folder))


def make_reachable(folder: Path) -> None:
    """Create `folder`, directly under /var/lib/registrations-embedded. Raise OSError when not root."""
    for place in (folder.parent, folder):
        place.mkdir(exist_ok=True)
        place.chmod(0o755)


def _short_hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


def copy_of_binaries(folder: Path) -> Path | None:
    """Copy the wheel whose `bin` is `folder`, once per build; return the copy's `bin`, None when it is no wheel's.

    The programs look for their libraries beside the package, in `<package>.libs`: both are copied.
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
    """Copy under another name, then rename: a kill leaves no half copy under the final name."""
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
