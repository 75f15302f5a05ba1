"""One measured row of one round, and what the rounds of a row come to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.http_load import Result
from benchmarks.process_cost import PostgresProcesses, RunningProcess
from benchmarks.table import format_line, median_and_spread, spread


@dataclass(frozen=True, slots=True)
class Measurement:
    """A result, and the processor time for each request in milliseconds: of Python, None where there is none, and of
    all processes of PostgreSQL."""

    result: Result
    python_ms: float | None
    postgres_ms: float


def measure(
    name: str, play: Callable[[], Result], postgres: PostgresProcesses, server: RunningProcess | None
) -> Measurement:
    """Raise ValueError when a request failed or there was none."""
    python_before = server.cpu_seconds() if server else 0.0
    postgres_before = postgres.cpu_seconds()
    result = play()
    if result.failed or not result.requests:
        raise ValueError(f"{result.failed} of {result.requests} requests of {name!r} failed")
    python = (server.cpu_seconds() - python_before) * 1000 / result.requests if server else None
    return Measurement(result, python, (postgres.cpu_seconds() - postgres_before) * 1000 / result.requests)


@dataclass(frozen=True, slots=True)
class Row:
    """The rounds of one row, oldest first."""

    name: str
    rounds: list[Measurement]

    @property
    def rates(self) -> list[float]:
        """Requests a second."""
        return [each.result.per_second for each in self.rounds]

    @property
    def p50_ms(self) -> float:
        return median(each.result.p50_ms for each in self.rounds)

    @property
    def p99_ms(self) -> float:
        return median(each.result.p99_ms for each in self.rounds)

    @property
    def python_ms(self) -> float | None:
        spent = [each.python_ms for each in self.rounds if each.python_ms is not None]
        return median(spent) if spent else None

    @property
    def postgres_ms(self) -> float:
        return median(each.postgres_ms for each in self.rounds)

    def ratios(self, other: "Row") -> list[float]:
        """Of the rates, round by round."""
        return [mine / theirs for mine, theirs in zip(self.rates, other.rates, strict=True)]

    def format(self, *ratios: Sequence[float]) -> str:
        python = f"{self.python_ms:.2f}" if self.python_ms is not None else ""
        cells = (f"{median(self.rates):.0f}", spread(self.rates), f"{self.p50_ms:.1f}", f"{self.p99_ms:.1f}")
        return format_line(self.name, (*cells, python, f"{self.postgres_ms:.2f}", *map(median_and_spread, ratios)))
