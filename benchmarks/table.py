"""The table that the benchmarks print: columns of a fixed width, and figures as medians with their spread."""

from collections.abc import Sequence
from statistics import median

from benchmarks.http_load import Result

NAME_WIDTH = 46
HEADINGS = ("per s", "(of rounds)", "p50 ms", "p99 ms", "Python ms", "PG ms", "/ pgbench", "/ bare app")
WIDTHS = (8, 13, 8, 8, 10, 7, 17, 17)


def format_line(name: str, cells: Sequence[str]) -> str:
    padded = (cell.rjust(width) for cell, width in zip(cells, WIDTHS, strict=False))
    return f"{name:<{NAME_WIDTH}}{' '.join(padded)}".rstrip()


def header() -> str:
    return format_line("", HEADINGS)


def format_row(name: str, per_second: float, result: Result | None, cpu_ms: float | None) -> str:
    """A row measured once; `cpu_ms` is processor time of Python for each."""
    latency = (f"{result.p50_ms:.1f}", f"{result.p99_ms:.1f}") if result else ("", "")
    cpu = f"{cpu_ms:.2f}" if cpu_ms is not None else ""
    return format_line(name, (f"{per_second:.0f}", "", *latency, cpu))


def spread(values: Sequence[float], digits: int = 0) -> str:
    """The least and the greatest."""
    return f"{min(values):.{digits}f}..{max(values):.{digits}f}"


def median_and_spread(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({spread(values, 2)})" if values else ""
