"""The load by wrk, where it is installed."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

THREADS = 2

# Each thread takes every second number, so that no adviser is registered twice.
SCRIPT = """
local threads = {}
function setup(thread) thread:set("turn", #threads); table.insert(threads, thread) end
function request()
  local number = FIRST + turn % SPAN
  turn = turn + THREADS
  return string.format(TEMPLATE, number, number, number)
end
function done(summary, latency, requests)
  local used = 0
  for _, thread in ipairs(threads) do used = math.max(used, thread:get("turn")) end
  io.write(string.format("Numbers used: %d\\n", used))
end
"""

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def play(base_url: str, template: str, numbers: range, seconds: float, clients: int) -> dict[str, float]:
    """The fields of a `Result`; wrk counts whole seconds. Raise CalledProcessError."""
    threads = min(THREADS, clients)
    values = {"FIRST": numbers.start, "SPAN": len(numbers), "THREADS": threads, "TEMPLATE": json.dumps(template)}
    script = SCRIPT
    for name, value in values.items():
        script = script.replace(name, str(value))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "load.lua"
        path.write_text(script)
        options = f"-t{threads} -c{clients} -d{max(1, round(seconds))}s --timeout 20s --latency".split()
        command = ["wrk", *options, "-s", str(path), base_url]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return parse_output(done.stdout)


def parse_output(output: str) -> dict[str, float]:
    """The fields of a `Result`. What timed out or was cut off failed. Raise ValueError."""

    def figure(pattern: str, otherwise: str | None = None) -> str:
        found = re.search(pattern, output)
        if found is None and otherwise is None:
            raise ValueError(output)
        return found[1] if found else str(otherwise)

    socket_errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    cut_off = sum(map(int, socket_errors.groups())) if socket_errors else 0
    return {
        "requests": int(figure(r"(\d+) requests in")),
        "failed": int(figure(r"Non-2xx or 3xx responses: (\d+)", "0")) + cut_off,
        "numbers": int(figure(r"Numbers used: (\d+)")),
        "per_second": float(figure(r"Requests/sec: +([\d.]+)")),
        "p50_ms": _milliseconds(figure(r"50%\s+([\d.]+[mu]?s?)\s")),
        "p99_ms": _milliseconds(figure(r"99%\s+([\d.]+[mu]?s?)\s")),
    }


def _milliseconds(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if found is None:
        raise ValueError(text)
    return float(found[1]) * _UNITS[found[2]]
