"""`make bench`: the hot path beside pgbench and beside a bare ASGI app, on one server, in one run."""

import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from app.embedded.cluster import running_cluster
from app.persistence.migrations import migrate
from benchmarks.feed import REGISTRATIONS, place_all, visible
from benchmarks.load import Load, Result, choose_generator
from benchmarks.pgbench import nine_statements
from benchmarks.population import ADVISERS, populate
from benchmarks.servers import Server, bare_server, service

CLIENTS = 16
SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))


def register(base: str, authorization: str, first: int, seconds: int) -> Load:
    """Each request is a new adviser's first module: decided, written, committed, with its outbox row."""
    return Load(base, "register", authorization, first, seconds, CLIENTS)


def row(name: str, per_second: float, result: Result | None, cpu_ms: float | None) -> str:
    latency = f"{result.p50_ms:8.1f} {result.p99_ms:8.1f}" if result else f"{'':8} {'':8}"
    cpu = f"{cpu_ms:8.2f}" if cpu_ms is not None else f"{'':8}"
    return f"{name:<44} {per_second:9.0f} {latency} {cpu}"


def measure(server: Server, load: Load) -> tuple[Result, float]:
    """The result, and the server's own processor time in milliseconds for each request."""
    before = server.cpu_seconds()
    result = choose_generator()(load)
    if result.failed:
        sys.exit(f"{result.failed} of {result.requests} requests of {load.name!r} failed")
    return result, (server.cpu_seconds() - before) * 1000 / max(result.requests, 1)


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
        app = stack.enter_context(service(url))
        authorization = f"Bearer {keys['admin']}"
        measure(app, register(app.base_url, authorization, first=0, seconds=2))  # warms pools, statements and caches
        used = 20_000
        pg = nine_statements(cluster, CLIENTS, SECONDS)
        print(row("pgbench, nine statements", pg, None, None))
        written, cpu_register = measure(app, register(app.base_url, authorization, used, SECONDS))
        print(row("POST /v1/registrations", written.per_second, written, cpu_register))
        again = nine_statements(cluster, CLIENTS, SECONDS)
        print(row("pgbench, nine statements, again", again, None, None))
        one, cpu_read = measure(app, Load(app.base_url, "read", authorization, 0, SECONDS, CLIENTS))
        print(row("GET /v1/registrations/{id}", one.per_second, one, cpu_read))
        page, cpu_page = measure(app, Load(app.base_url, "page", authorization, 0, SECONDS, CLIENTS))
        print(row("GET /v1/registrations, a page of 100", page.per_second, page, cpu_page))
        events, placed_per_second = place_all(url)
        print(row(f"events placed, {events} that waited", placed_per_second, None, None))
        seen = visible(app.base_url, authorization, 4 * used - 2 * REGISTRATIONS)
        print(row("registration answered → event read", seen.per_second, seen, None))
        memory = app.resident_mb()
        bare = stack.enter_context(bare_server(url))
        measure(bare, register(bare.base_url, authorization, 2 * used, 2))
        plain, cpu_bare = measure(bare, register(bare.base_url, authorization, 3 * used, SECONDS))
        print(row("bare ASGI app, same statements by asyncpg", plain.per_second, plain, cpu_bare))
        ratio = written.per_second / ((pg + again) / 2)
        print(
            f"ratio to pgbench {ratio:.2f}, to the bare app {written.per_second / plain.per_second:.2f}; {memory:.0f} MB"
        )
        figures = {
            "ratio_pgbench": round(ratio, 3),
            "cpu_ms_register": round(cpu_register, 3),
            "cpu_ms_read": round(cpu_read, 3),
            "cpu_ms_page": round(cpu_page, 3),
            "p50_ms": round(written.p50_ms, 2),
            "p99_ms": round(written.p99_ms, 2),
            "registrations_per_s": round(written.per_second, 1),
            "rss_mb": round(memory, 1),
            "ratio_bare": round(written.per_second / plain.per_second, 3),
            "cpu_ms_bare": round(cpu_bare, 3),
            "events_placed_per_s": round(placed_per_second, 1),
            "event_p50_ms": round(seen.p50_ms, 1),
            "event_p99_ms": round(seen.p99_ms, 1),
        }
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
