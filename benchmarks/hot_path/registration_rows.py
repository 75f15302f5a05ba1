"""A registration beside its two measures, in alternating rounds: pgbench's nine statements and the bare ASGI app.

A machine is never the same for two minutes. So a ratio is of two rates of one round, and what is printed is the median
of the rounds, with their spread. Rounds go to and fro, so that none always comes after the same other.
"""

from dataclasses import dataclass
from functools import partial
from statistics import median

from app.embedded.cluster import Cluster
from benchmarks.dataset import execute
from benchmarks.deadline import deadline
from benchmarks.hot_path.adviser_numbers import AdviserNumbers
from benchmarks.hot_path.measurement import Measurement, Row, measure
from benchmarks.hot_path.pgbench_baseline import measure_pgbench
from benchmarks.http_load import Load, Result, choose_player
from benchmarks.load.request_templates import Requests
from benchmarks.process_cost import PostgresProcesses
from benchmarks.server_processes import Server

CLIENTS = (16, 64)
WARMING_SECONDS = 2.0
SPARE_SECONDS = 40  # that a row may take beyond its own, for a process to start and the last answers to come
PGBENCH, SERVICE, BARE_APP = "pgbench, nine statements", "POST /v1/registrations", "bare ASGI app, same statements"

Key = tuple[str, int]  # what is measured, and by how many clients


@dataclass(frozen=True, slots=True)
class Contest:
    """What is compared, on one database; `authorization` is that of a client of the service."""

    cluster: Cluster
    service: Server
    bare_app: Server
    authorization: str
    numbers: AdviserNumbers

    def measure(self, what: str, clients: int, seconds: float) -> Measurement:
        """Raise ValueError when a request fails, TimeoutError, LookupError without advisers left."""
        play, postgres = partial(self.play, what, clients, seconds), PostgresProcesses(self.cluster.pid)
        return measure(what, play, postgres, self._server(what))

    def play(self, what: str, clients: int, seconds: float) -> Result:
        """Register new advisers. Raise TimeoutError, LookupError without advisers left."""
        numbers, server = self.numbers.all_left(), self._server(what)
        with deadline(seconds + SPARE_SECONDS, f"{what}, {clients} clients"):
            if server is None:
                result = measure_pgbench(self.cluster, numbers, seconds, clients)
            else:
                template = Requests(server.base_url, self.authorization).registration()
                result = choose_player()(Load(server.base_url, template, numbers, seconds, clients))
        self.numbers.used(result)
        return result

    def _server(self, what: str) -> Server | None:
        return {PGBENCH: None, SERVICE: self.service, BARE_APP: self.bare_app}[what]

    def settle(self, *, vacuum: bool) -> None:
        """Have the database do now what it owes, so that the next row does not pay for the former one."""
        execute(self.cluster, self.cluster.url("bench"), *(["VACUUM ANALYZE"] if vacuum else []), "CHECKPOINT")


def measure_registrations(contest: Contest, seconds: float, rounds: int) -> dict[Key, Row]:
    """The rows, `seconds` each but that of one client. Raise as `Contest.measure` does."""
    keys: list[Key] = [(what, clients) for clients in CLIENTS for what in (PGBENCH, SERVICE, BARE_APP)]
    keys.append((SERVICE, 1))
    rows: dict[Key, Row] = {key: Row(f"{key[0]}, {key[1]} client{'s' * (key[1] > 1)}", []) for key in keys}
    for clients in CLIENTS:
        for what in (SERVICE, BARE_APP):
            # Pools, statements and caches. A cold service may be busy for longer than it lets clients wait.
            contest.play(what, clients, WARMING_SECONDS)
    for number in range(rounds):
        contest.settle(vacuum=True)
        for what, clients in keys if number % 2 == 0 else reversed(keys):
            contest.settle(vacuum=False)
            row_seconds = seconds if clients > 1 else max(1.0, seconds / 2)
            rows[what, clients].rounds.append(contest.measure(what, clients, row_seconds))
    return rows


def best_of_pgbench(rows: dict[Key, Row]) -> int:
    """The number of clients at which pgbench was faster: the service is compared with that, at each of its own."""
    return max(CLIENTS, key=lambda clients: median(rows[PGBENCH, clients].rates))


def print_registrations(rows: dict[Key, Row]) -> dict[str, float]:
    """Print the rows; return the figures of the last line."""
    best = rows[PGBENCH, best_of_pgbench(rows)]
    figures: dict[str, float] = {}
    for (what, clients), row in rows.items():
        if clients == 1 or what == PGBENCH:
            print(row.format())
            continue
        bare = row.ratios(rows[BARE_APP, clients])
        print(row.format(row.ratios(best), bare if what == SERVICE else ()))
        if what == SERVICE:
            figures |= _figures_at(clients, row, median(row.ratios(best)), median(bare))
    print(f"/ pgbench: its rate with {best_of_pgbench(rows)} clients, the better of {CLIENTS[0]} and {CLIENTS[1]}")
    single, few = rows[SERVICE, 1], rows[SERVICE, CLIENTS[0]]
    print(f"p99 / p50 with {CLIENTS[0]} clients: {few.p99_ms / few.p50_ms:.1f}")
    return figures | {"p50_ms_1": single.p50_ms, "p50_ms_16": few.p50_ms, "p99_ms_16": few.p99_ms}


def _figures_at(clients: int, row: Row, to_pgbench: float, to_bare: float) -> dict[str, float]:
    return {
        f"ratio_pgbench_{clients}": to_pgbench,
        f"ratio_bare_{clients}": to_bare,
        f"cpu_ms_register_{clients}": row.python_ms or 0.0,
        f"pg_cpu_ms_register_{clients}": row.postgres_ms,
        f"registrations_per_s_{clients}": median(row.rates),
    }
