"""What was answered to the clients of a load shape, by kind of request, and what should not have been."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import quantiles

from benchmarks.keep_alive_connections import Answer
from benchmarks.table import format_line

SHOWN = 10  # of the unexpected answers
FIRST_SERVER_ERROR = 500


class UnexpectedAnswerError(Exception):
    """The story of this adviser cannot go on; the answer is recorded."""


@dataclass(slots=True)
class RecordedAnswers:
    """`took` is in seconds."""

    took: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict[str, list[float]](list))
    limited: Counter[str] = field(default_factory=Counter[str])
    server_errors: int = 0
    unexpected: list[str] = field(default_factory=list[str])

    def add(self, kind: str, answer: Answer, seconds: float) -> None:
        self.took[kind].append(seconds)
        self.server_errors += answer.status >= FIRST_SERVER_ERROR

    def refuse(self, kind: str, said: str) -> UnexpectedAnswerError:
        """Record what a client should not have been told, and return it, to be raised."""
        self.unexpected.append(f"{kind}: {said}")
        return UnexpectedAnswerError(said)

    def print(self, seconds: float) -> None:
        """A row for each kind; `seconds` is how long the shape was played."""
        for kind, took in sorted(self.took.items()):
            percentiles = [each * 1000 for each in (quantiles(took, n=100) if len(took) > 1 else took * 99)]
            limited = f"{self.limited[kind]} of {len(took)} answered 429" if self.limited[kind] else ""
            cells = (f"{len(took) / seconds:.1f}", "", f"{percentiles[49]:.1f}", f"{percentiles[98]:.1f}")
            print(f"{format_line(kind, cells)}  {limited}".rstrip())
        for said in self.unexpected[:SHOWN]:
            print(f"  unexpected: {said}")

    def p99_ms(self) -> float:
        """Of all requests together."""
        return quantiles((each * 1000 for took in self.took.values() for each in took), n=100)[98]
