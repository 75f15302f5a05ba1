"""The load, from another process: wrk where it is installed, else a small generator of our own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.load import wrk
from benchmarks.load.request_templates import BODY

__all__ = ["BODY", "Load", "Result", "choose_player", "play_by_generator", "play_by_wrk"]


@dataclass(frozen=True, slots=True)
class Load:
    """So many `clients` send `template` (see `request_templates`) for `seconds`, with each of `numbers` in turn and
    again from the first."""

    base_url: str
    template: str
    numbers: range
    seconds: float
    clients: int


@dataclass(frozen=True, slots=True)
class Result:
    """`numbers` is how many numbers were used: those of requests without an answer included."""

    requests: int
    failed: int
    per_second: float
    p50_ms: float
    p99_ms: float
    numbers: int = 0


def play_by_wrk(load: Load) -> Result:
    """Raise CalledProcessError."""
    return _result(wrk.play(load.base_url, load.template, load.numbers, load.seconds, load.clients))


def play_by_generator(load: Load) -> Result:
    """Raise CalledProcessError, whose message is at the generator's standard error."""
    numbers = [str(load.numbers.start), str(load.numbers.stop), str(load.clients), str(load.seconds)]
    command = [sys.executable, "-m", "benchmarks.load.generator", load.base_url, load.template, *numbers]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return _result(json.loads(done.stdout))


def _result(figures: dict[str, float]) -> Result:
    requests, failed, numbers = (int(figures[name]) for name in ("requests", "failed", "numbers"))
    return Result(requests, failed, figures["per_second"], figures["p50_ms"], figures["p99_ms"], numbers)


def choose_player() -> Callable[[Load], Result]:
    return play_by_wrk if shutil.which("wrk") else play_by_generator
