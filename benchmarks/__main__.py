"""`make bench`: the hot path beside pgbench and a bare ASGI app, then events, webhooks and imports, on one PostgreSQL
server, in one run."""

import json
import os
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from app.embedded.cluster import Cluster, running_cluster
from app.persistence.schema.migrations import migrate
from benchmarks.dataset import ADVISERS, populate
from benchmarks.event_latency import REGISTRATIONS, measure_latency, measure_sequencing
from benchmarks.http_load import Load, Result, choose_generator
from benchmarks.import_throughput import measure_imports
from benchmarks.pgbench_baseline import measure_pgbench
from benchmarks.server_processes import Server, running_bare_app, running_service, running_workers
from benchmarks.webhook_receiver import running_receiver
from benchmarks.webhook_throughput import ENDPOINTS, add_endpoints, measure_deliveries, skip_reminders

CLIENTS = 16
RELAY_COUNTS = (1, 2, 4)
ADVISERS_PER_ROW = 20_000  # advisers that a row of registrations may use up
SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))


def registration_load(base: str, authorization: str, first: int, seconds: int) -> Load:
    """Each request is a new adviser's first module: decided, written, committed, with its outbox row."""
    return Load(base, "register", authorization, first, seconds, CLIENTS)


def format_row(name: str, per_second: float, result: Result | None, cpu_ms: float | None) -> str:
    latency = f"{result.p50_ms:8.1f} {result.p99_ms:8.1f}" if result else f"{'':8} {'':8}"
    cpu = f"{cpu_ms:8.2f}" if cpu_ms is not None else f"{'':8}"
    return f"{name:<44} {per_second:9.0f} {latency} {cpu}"


def measure(server: Server, load: Load) -> tuple[Result, float]:
    """The result, and the server's processor time in milliseconds for each request."""
    before = server.cpu_seconds()
    result = choose_generator()(load)
    if result.failed:
        sys.exit(f"{result.failed} of {result.requests} requests of {load.name!r} failed")
    return result, (server.cpu_seconds() - before) * 1000 / max(result.requests, 1)


@dataclass(frozen=True, slots=True)
class Bench:
    """The database measured, the key of its client, and the `figures` found so far."""

    cluster: Cluster
    url: str
    authorization: str
    figures: dict[str, float]

    def record(self, **figures: float) -> None:
        self.figures.update({name: round(value, 3) for name, value in figures.items()})


def measure_hot_path(bench: Bench, app: Server) -> float:
    """Print the rows of a registration, between two of pgbench, and of the reads; return registrations a second."""
    authorization = bench.authorization
    measure(
        app, registration_load(app.base_url, authorization, first=0, seconds=2)
    )  # warms pools, statements and caches
    pg = measure_pgbench(bench.cluster, CLIENTS, SECONDS)
    print(format_row("pgbench, nine statements", pg, None, None))
    written, cpu_register = measure(app, registration_load(app.base_url, authorization, ADVISERS_PER_ROW, SECONDS))
    print(format_row("POST /v1/registrations", written.per_second, written, cpu_register))
    again = measure_pgbench(bench.cluster, CLIENTS, SECONDS)
    print(format_row("pgbench, nine statements, again", again, None, None))
    one, cpu_read = measure(app, Load(app.base_url, "read", authorization, 0, SECONDS, CLIENTS))
    print(format_row("GET /v1/registrations/{id}", one.per_second, one, cpu_read))
    page, cpu_page = measure(app, Load(app.base_url, "page", authorization, 0, SECONDS, CLIENTS))
    print(format_row("GET /v1/registrations, a page of 100", page.per_second, page, cpu_page))
    bench.record(ratio_pgbench=written.per_second / ((pg + again) / 2), registrations_per_s=written.per_second)
    bench.record(p50_ms=written.p50_ms, p99_ms=written.p99_ms)
    bench.record(cpu_ms_register=cpu_register, cpu_ms_read=cpu_read, cpu_ms_page=cpu_page)
    return written.per_second


def measure_events(bench: Bench, app: Server) -> None:
    """Print the rows of events: given a position, read in the feed, delivered."""
    events, placed_per_second = measure_sequencing(bench.url)
    print(format_row(f"events placed, {events} that waited", placed_per_second, None, None))
    skip_reminders(bench.url)
    with running_receiver() as receiver:
        add_endpoints(bench.url, receiver, 1)
        with running_workers(bench.url, 1):
            seen, received = measure_latency(
                app.base_url, bench.authorization, 4 * ADVISERS_PER_ROW - 2 * REGISTRATIONS, receiver
            )
        print(format_row("registration answered → event read", seen.per_second, seen, None))
        print(format_row("registration answered → webhook received", received.per_second, received, None))
        add_endpoints(bench.url, receiver, ENDPOINTS - 1)
        for count in RELAY_COUNTS:
            delivered_per_second, cpu = measure_deliveries(bench.url, receiver, count)
            print(
                format_row(f"webhooks, delivered by {count} relay{'s' * (count > 1)}", delivered_per_second, None, cpu)
            )
            bench.record(**{f"webhooks_per_s_by_{count}": delivered_per_second})
    bench.record(events_placed_per_s=placed_per_second, event_p50_ms=seen.p50_ms, event_p99_ms=seen.p99_ms)
    bench.record(webhook_p50_ms=received.p50_ms, webhook_p99_ms=received.p99_ms)


def measure_bare_app(bench: Bench) -> float:
    """Print the row of the bare app; return registrations a second."""
    with running_bare_app(bench.url) as server:
        measure(server, registration_load(server.base_url, bench.authorization, 2 * ADVISERS_PER_ROW, 2))
        plain, cpu = measure(
            server, registration_load(server.base_url, bench.authorization, 3 * ADVISERS_PER_ROW, SECONDS)
        )
    print(format_row("bare ASGI app, same statements by asyncpg", plain.per_second, plain, cpu))
    bench.record(cpu_ms_bare=cpu)
    return plain.per_second


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)))
        folder.chmod(0o755)
        cluster = stack.enter_context(running_cluster(folder / "data"))
        cluster.create_database("bench")
        url = cluster.url("bench")
        migrate(url)
        keys = populate(cluster, url)
        print(f"PostgreSQL {cluster.version}, {ADVISERS} advisers, {CLIENTS} clients, {SECONDS} s a row, ", end="")
        print(f"load by {choose_generator().__name__}, {os.cpu_count()} cores")
        print(f"{'':<44} {'per s':>9} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms':>8}")
        app = stack.enter_context(running_service(url))
        bench = Bench(cluster, url, f"Bearer {keys['admin']}", {})
        registered = measure_hot_path(bench, app)
        measure_events(bench, app)
        for kind, lines_per_second in measure_imports(url, folder):
            print(format_row(f"lines imported, {kind}", lines_per_second, None, None))
            bench.record(**{f"lines_per_s_{kind}": lines_per_second})
        bench.record(rss_mb=app.resident_mb())
        bench.record(ratio_bare=registered / measure_bare_app(bench))
        figures = bench.figures
        print(f"ratio to pgbench {figures['ratio_pgbench']:.2f}, to the bare app {figures['ratio_bare']:.2f}; ", end="")
        print(f"{figures['rss_mb']:.0f} MB")
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
