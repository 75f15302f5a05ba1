"""The import of advisers into a database of each size, by `python -m app import`."""

import os
import resource
import subprocess
import sys
from pathlib import Path

from app.persistence.administration.import_kind import ImportKind
from benchmarks.dataset import SECRET
from benchmarks.growth.database import GrownDatabase
from benchmarks.growth.processor_time import ended_children_seconds
from benchmarks.import_throughput import SAMPLE_FILES

LINES = 5_000
FIRST_FREE_CONUM_ID = 1 << 32


def measure_advisers_imported(postmaster: int, grown: GrownDatabase, folder: Path) -> tuple[float, float]:
    """Milliseconds of processor for a line, all of them new advisers: of the program, of the database."""
    headings, line = SAMPLE_FILES[ImportKind.ADVISERS]
    file = folder / "advisers.csv"
    lines = (line.format(number) for number in range(FIRST_FREE_CONUM_ID, FIRST_FREE_CONUM_ID + LINES))
    file.write_text("\n".join((headings, *lines)), encoding="utf-8-sig")
    environment = {**os.environ, "DATABASE_URL": grown.url, "SECRET_KEY": SECRET}
    before, sessions_before = resource.getrusage(resource.RUSAGE_CHILDREN), ended_children_seconds(postmaster)
    command = [sys.executable, "-m", "app", "import", ImportKind.ADVISERS, str(file)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    program = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return program * 1000 / LINES, (ended_children_seconds(postmaster) - sessions_before) * 1000 / LINES
