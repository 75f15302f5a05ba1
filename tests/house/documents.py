"""The README and the documents: their headings, their tables, and the files that they name."""

import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[2]
DOCUMENTS = {
    path.relative_to(PROJECT).as_posix(): path.read_text()
    for path in (PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md")))
}
ROOT_FOLDERS = ("app", "tests", "benchmarks", "migrations", "openapi", "docs", "deploy", ".ci")
ROOT_FILES = (".env.example", "Dockerfile", "Makefile", "README.md", "pyproject.toml", "alembic.ini")

_FOLDER = rf"(?:{'|'.join(map(re.escape, ROOT_FOLDERS))})/[\w/.-]*"
_NAMED = re.compile(rf"`({_FOLDER}|{'|'.join(map(re.escape, ROOT_FILES))})`")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def paths_in(text: str) -> list[str]:
    """The files and folders of the project that are named; a folder ends with `/`."""
    return _NAMED.findall(text)


def sections(text: str) -> dict[str, str]:
    """What stands below each heading of the second level."""
    parts = re.split(r"^## (.+)$", _FENCE.sub("", text), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows_below(document: str, heading: str) -> list[list[str]]:
    """The cells of the table that follows a heading, without the table's own heading; code marks are left out."""
    _, _, below = DOCUMENTS[document].partition(f"# {heading}\n")
    table = below[below.index("\n|") :].partition("\n\n")[0].splitlines()
    return [[cell.strip().strip("`") for cell in row.strip("|").split(" | ")] for row in table[3:]]


def anchors_of(text: str) -> Iterator[str]:
    """What a link to a heading says after `#`."""
    for heading in re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE):
        yield re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
