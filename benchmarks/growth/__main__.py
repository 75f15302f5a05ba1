"""`make bench-growth`: the same requests on databases of 1,000, 100,000 and 1,000,000 advisers, in turn.

Exit with 1 when a request costs more than 1.15 times what it costs in the smallest one, when a list takes over a
second, or when a migration stops a writer for over two.
"""

import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from app.embedded.cluster import Cluster, running_cluster
from benchmarks.growth.database import CLUSTER_SETTINGS, GrownDatabase, build
from benchmarks.growth.disk import bytes_per_registration
from benchmarks.growth.imports import measure_advisers_imported
from benchmarks.growth.lists import LIST_SECONDS, measure_lists
from benchmarks.growth.migration import MOST_STALLED_MS, measure_stall
from benchmarks.growth.request_costs import MOST, measure_requests
from benchmarks.growth.requests import LISTS

SIZES = [int(size) for size in os.environ.get("GROWTH_SIZES", "1000,100000,1000000").split(",")]
ROUNDS = int(os.environ.get("GROWTH_ROUNDS", "5"))


def _line(name: str, values: list[str], ending: str = "") -> None:
    print(f"{name:<50}" + "".join(f"{value:>12}" for value in values) + ending, flush=True)


def report_requests(postmaster: int, databases: list[GrownDatabase]) -> bool:
    """Print the processor milliseconds of each request, of the program and the database together; whether all are
    within bounds."""
    is_flat = True
    for name, costs in measure_requests(postmaster, databases, ROUNDS).items():
        totals = [program + server for program, server in costs]
        ratio = totals[-1] / totals[0]
        is_within_bounds = totals[-1] <= LIST_SECONDS * 1000 if name in LISTS else ratio <= MOST
        is_flat &= is_within_bounds
        shown = [f"{program:.2f}+{server:.2f}" for program, server in costs]
        _line(name, shown, f"  x {ratio:.2f}{'' if is_within_bounds else '  TOO MUCH'}")
    return is_flat


def report_lists(databases: list[GrownDatabase]) -> bool:
    """Print the milliseconds of each list; whether each takes a second at most."""
    found = [measure_lists(database) for database in databases]
    for name in found[0]:
        seconds = [each[name] for each in found]
        _line(name, [f"{one * 1000:.0f}" for one in seconds], "" if max(seconds) <= LIST_SECONDS else "  TOO MUCH")
    return all(second <= LIST_SECONDS for each in found for second in each.values())


def report_disk(databases: list[GrownDatabase]) -> None:
    """Print the bytes that a registration takes, and what stays of them."""
    found = [bytes_per_registration(database) for database in databases]
    for name in found[-1]:
        _line(name, [f"{each[name]:.0f}" for each in found])
    print("no table is partitioned: new rows take the room of those that retention deletes")


def report_imports(postmaster: int, databases: list[GrownDatabase], folder: Path) -> bool:
    """Print the processor milliseconds of an imported line; whether they are within bounds."""
    costs = [measure_advisers_imported(postmaster, database, folder) for database in databases]
    ratio = sum(costs[-1]) / sum(costs[0])
    _line(
        "import, a line of a new adviser",
        [f"{program:.2f}+{server:.2f}" for program, server in costs],
        f"  x {ratio:.2f}",
    )
    return ratio <= MOST


def run(cluster: Cluster, folder: Path) -> bool:
    """Build, measure and print; whether everything is within bounds."""
    databases = [build(cluster, size, is_checked=size == SIZES[0]) for size in SIZES]
    _line(f"PostgreSQL {cluster.version}, {ROUNDS} rounds; advisers", [f"{each.advisers:,}" for each in databases])
    _line("built in seconds", [f"{each.seconds:.0f}" for each in databases])
    print("CPU in milliseconds: the program + the database")
    is_flat = report_requests(cluster.pid, databases)
    print("milliseconds")
    is_flat &= report_lists(databases)
    print("for each registration")
    report_disk(databases)
    is_flat &= report_imports(cluster.pid, databases, folder)
    stalled, seconds, writes = measure_stall(databases[-1])
    print(f"migrate: {seconds:.0f} s, {writes} writes, longest write stalled {stalled:.0f} ms", end="")
    print("" if stalled <= MOST_STALLED_MS else "  TOO MUCH")
    return is_flat and stalled <= MOST_STALLED_MS


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="growth-", ignore_cleanup_errors=True)))
        folder.chmod(0o755)
        cluster = stack.enter_context(running_cluster(folder / "data", settings=CLUSTER_SETTINGS))
        is_within_bounds = run(cluster, folder)
    sys.exit(not is_within_bounds)


if __name__ == "__main__":
    main()
