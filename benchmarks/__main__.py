"""`make bench`: the hot path beside pgbench and a bare ASGI app, then events, webhooks and imports, on one PostgreSQL
server, in one run of some minutes. Each phase has a deadline, and the whole one of its own."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.embedded.cluster import Cluster, running_cluster
from app.persistence.schema.migrations import migrate
from benchmarks.dataset import ADVISERS, execute, populate
from benchmarks.deadline import deadline
from benchmarks.event_latency import (
    REGISTRATIONS,
    measure_latency,
    measure_sequencing,
)
from benchmarks.hot_path.adviser_numbers import AdviserNumbers
from benchmarks.hot_path.read_rows import Reader, measure_reads, print_reads
from benchmarks.hot_path.registration_rows import Contest, measure_registrations, print_registrations
from benchmarks.http_load import choose_player
from benchmarks.import_throughput import measure_imports
from benchmarks.process_cost import PostgresProcesses
from benchmarks.server_processes import Server, running_bare_app, running_service, running_workers
from benchmarks.table import format_row, header
from benchmarks.webhook_receiver import Receiver, running_receiver
from benchmarks.webhook_throughput import (
    SLOW_ANSWER_SECONDS,
    add_endpoints,
    measure_deliveries,
    measure_slow_receivers,
    skip_reminders,
)

SLOW_RELAY_COUNTS = (1, 2)
DELIVERIES = 1_500
# Registrations a second, on average, and what the names of their figures end with: calm, busy, and a rush.
EVENT_RATES = {20.0: "", 200.0: "_200", 500.0: "_rush"}
EVENT_SECONDS = 4.0  # of a rush
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))  # of a row of registrations; half of it for one of reads
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "4"))
WHOLE_SECONDS = 355 * max(1.0, SECONDS * ROUNDS / 12)
PHASE_SECONDS = 90
POSTGRES_SETTINGS = {"max_connections": "150"}  # pgbench opens one for each of its clients


@dataclass(frozen=True, slots=True)
class Bench:
    """The database measured, its service, the key of its client, and the `figures` found so far."""

    cluster: Cluster
    url: str
    app: Server
    authorization: str
    numbers: AdviserNumbers
    figures: dict[str, float]

    def record(self, **figures: float) -> None:
        self.figures.update({name: round(value, 3) for name, value in figures.items()})


def measure_hot_path(bench: Bench) -> None:
    """Print the rows of a registration, beside pgbench and the bare app."""
    with running_bare_app(bench.url) as bare_app:
        contest = Contest(bench.cluster, bench.app, bare_app, bench.authorization, bench.numbers)
        rows = measure_registrations(contest, SECONDS, ROUNDS)
    bench.record(**print_registrations(rows))


def measure_the_reads(bench: Bench) -> None:
    """Print the rows of reads, and the memory of the process that served all rows."""
    reader = Reader(bench.app, bench.authorization)
    rows = measure_reads(reader, PostgresProcesses(bench.cluster.pid), SECONDS / 2, ROUNDS)
    bench.record(**print_reads(rows))
    bench.record(rss_mb=bench.app.resident_mb(), pss_mb=bench.app.proportional_mb())
    print(f"memory of the process: {bench.app.resident_mb():.0f} MB, {bench.app.proportional_mb():.0f} MB of its own")


def measure_placing(bench: Bench) -> None:
    """Print the row of events that get their positions: those of all registrations so far."""
    with deadline(PHASE_SECONDS, "events placed"):
        events, placed_per_second = measure_sequencing(bench.url)
    print(format_row(f"events placed, {events} that waited", placed_per_second, None, None))
    # As autovacuum does within a minute: until then, statements are planned for tables that were empty.
    execute(bench.cluster, bench.url, "VACUUM ANALYZE", "CHECKPOINT")
    bench.record(events_placed_per_s=placed_per_second)


def measure_events(bench: Bench) -> None:
    """Print the rows of events: read in the feed, delivered."""
    skip_reminders(bench.url)
    with running_receiver() as receiver:
        add_endpoints(bench.url, receiver, 1)
        with deadline(PHASE_SECONDS, "webhooks"):
            per_second, cpu = measure_deliveries(bench.url, receiver, 1, endpoints=1, events=DELIVERIES)
        print(format_row("webhooks, delivered to 1 receiver by 1 relay", per_second, None, cpu))
        bench.record(webhooks_per_s=per_second)
        with deadline(PHASE_SECONDS, "events read and received"), running_workers(bench.url, 1):
            _measure_latencies(bench, receiver)


def _measure_latencies(bench: Bench, receiver: Receiver) -> None:
    for asked, suffix in EVENT_RATES.items():
        registrations = max(REGISTRATIONS, int(asked * EVENT_SECONDS))
        first = bench.numbers.take(registrations)
        seen, received = measure_latency(
            bench.app.base_url, bench.authorization, first, receiver, per_second=asked, registrations=registrations
        )
        for what, result in (("event read", seen), ("webhook received", received)):
            print(format_row(f"answered → {what}, {asked:.0f}/s asked", result.per_second, result, None))
        bench.record(**{f"event_p50_ms{suffix}": seen.p50_ms, f"event_p99_ms{suffix}": seen.p99_ms})
        bench.record(**{f"webhook_p50_ms{suffix}": received.p50_ms, f"webhook_p99_ms{suffix}": received.p99_ms})


def measure_the_slow_receivers(bench: Bench) -> None:
    """Print a row for each number of relays, and what the second one adds."""
    with deadline(PHASE_SECONDS, "webhooks to slow receivers"):
        rows = measure_slow_receivers(bench.url, SLOW_RELAY_COUNTS)
    for count, (per_second, cpu) in zip(SLOW_RELAY_COUNTS, rows, strict=True):
        name = f"webhooks, {SLOW_ANSWER_SECONDS} s to answer, by {count} relay{'s' * (count > 1)}"
        print(format_row(name, per_second, None, cpu))
        bench.record(**{f"slow_webhooks_per_s_by_{count}": per_second})
    ratio = rows[-1][0] / rows[0][0]
    print(f"two relays deliver {ratio:.2f} times what one does to receivers that take {SLOW_ANSWER_SECONDS} s")
    bench.record(slow_webhooks_ratio=ratio)


def measure_the_imports(bench: Bench, folder: Path) -> None:
    """Print a row for each kind of import."""
    with deadline(PHASE_SECONDS, "imports"):
        for kind, lines_per_second in measure_imports(bench.url, folder):
            print(format_row(f"lines imported, {kind}", lines_per_second, None, None))
            bench.record(**{f"lines_per_s_{kind}": lines_per_second})


@contextmanager
def running_bench(folder: Path) -> Generator[Bench]:
    """A populated database and its service, until the block ends."""
    with running_cluster(folder / "data", settings=POSTGRES_SETTINGS) as cluster:
        cluster.create_database("bench")
        url = cluster.url("bench")
        with deadline(PHASE_SECONDS, "the dataset"):
            migrate(url)
            keys = populate(cluster, url)
        with running_service(url) as app:
            yield Bench(cluster, url, app, f"Bearer {keys['admin']}", AdviserNumbers(), {})


def measure_all(bench: Bench, folder: Path) -> Generator[tuple[str, Callable[[], None]]]:
    """Each phase in turn, by its name."""
    yield "the hot path", partial(measure_hot_path, bench)
    yield "events placed", partial(measure_placing, bench)
    yield "reads", partial(measure_the_reads, bench)
    yield "events and webhooks", partial(measure_events, bench)
    yield "slow receivers", partial(measure_the_slow_receivers, bench)
    yield "imports", partial(measure_the_imports, bench, folder)


def run(folder: Path) -> bool:
    """Measure and print everything; whether every phase came to its end, and in time. The last line is the figures."""
    with running_bench(folder) as bench:
        print(
            f"PostgreSQL {bench.cluster.version}, {ADVISERS} advisers, {ROUNDS} rounds, {SECONDS:g} s a row, ", end=""
        )
        print(f"load {choose_player().__name__.replace('play_', '').replace('_', ' ')}, {os.cpu_count()} cores")
        print(header(), flush=True)
        failed = False
        for name, phase in measure_all(bench, folder):
            try:
                phase()
            except (TimeoutError, ValueError, LookupError) as trouble:  # what else was measured is worth its line
                failed = True
                print(f"{name}: {trouble}", flush=True)
        print(json.dumps(bench.figures))
        return not failed


def main() -> None:
    with ExitStack() as stack:
        stack.enter_context(deadline(WHOLE_SECONDS, "the benchmark"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)))
        folder.chmod(0o755)
        sys.exit(not run(folder))


if __name__ == "__main__":
    main()
