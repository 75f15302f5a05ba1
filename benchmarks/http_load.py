"""The load, from another process: wrk where it is installed, else a small generator of our own."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.seed.published_catalogue import LA_MEDNUM
from benchmarks.dataset import MODULE, WITH_HISTORY


@dataclass(frozen=True, slots=True)
class Load:
    """`name` is register, read or page; registering starts with adviser number `first`."""

    base_url: str
    name: str
    authorization: str
    first: int
    seconds: int
    clients: int


@dataclass(frozen=True, slots=True)
class Result:
    requests: int
    failed: int
    per_second: float
    p50_ms: float
    p99_ms: float


BODY = json.dumps(
    {
        "adviser_id": "ADVISER",
        "module_code": MODULE,
        "training_organisation_id": str(LA_MEDNUM),
        "session": {"starts_on": "2026-09-15", "ends_on": "2026-09-16", "format": "remote", "reference": "BENCH-1"},
        "requested_on": "2026-06-15",
    }
)

# Each wrk thread takes every second number, so that no adviser is registered twice.
SCRIPT = """
local threads = 0
function setup(thread) thread:set("offset", threads); threads = threads + 1 end
function init(args) number = FIRST + offset end
local headers = {["Authorization"] = "AUTHORIZATION", ["Content-Type"] = "application/json"}
function request()
  number = number + 2
  if "NAME" == "register" then
    local adviser = string.format("00000000-0000-7000-8000-%012x", number)
    headers["Idempotency-Key"] = "bench-" .. adviser
    return wrk.format("POST", "/v1/registrations", headers, (string.gsub(BODY, "ADVISER", adviser)))
  elseif "NAME" == "read" then
    local id = string.format("00000000-0000-7000-a000-%012x", number % HISTORY)
    return wrk.format("GET", "/v1/registrations/" .. id, headers)
  end
  return wrk.format("GET", "/v1/registrations?limit=100", headers)
end
"""

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def _milliseconds(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)(us|ms|s)", text)
    if found is None:
        raise ValueError(text)
    return float(found[1]) * _UNITS[found[2]]


def wrk(load: Load) -> Result:
    """Raise CalledProcessError."""
    values = {
        "FIRST": str(load.first),
        "AUTHORIZATION": load.authorization,
        "NAME": load.name,
        "HISTORY": str(WITH_HISTORY),
    }
    script = SCRIPT.replace("BODY", f"[[{BODY}]]")
    for name, value in values.items():
        script = script.replace(name, value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "load.lua"
        path.write_text(script)
        options = [f"-t2 -c{load.clients} -d{load.seconds}s --latency -s", str(path), load.base_url]
        done = subprocess.run(["wrk", *options[0].split(), *options[1:]], check=True, capture_output=True, text=True)
    return _parsed(done.stdout)


def _parsed(output: str) -> Result:
    def figure(pattern: str, otherwise: str | None = None) -> str:
        found = re.search(pattern, output)
        if found is None and otherwise is None:
            raise ValueError(output)
        return found[1] if found else str(otherwise)

    return Result(
        requests=int(figure(r"(\d+) requests in")),
        failed=int(figure(r"Non-2xx or 3xx responses: (\d+)", "0")),
        per_second=float(figure(r"Requests/sec: +([\d.]+)")),
        p50_ms=_milliseconds(figure(r"50%\s+([\d.]+[mu]?s)\s")),
        p99_ms=_milliseconds(figure(r"99%\s+([\d.]+[mu]?s)\s")),
    )


def generator(load: Load) -> Result:
    """Raise CalledProcessError."""
    arguments = [load.base_url, load.name, load.authorization, str(load.first), str(load.seconds), str(load.clients)]
    command = [sys.executable, "-m", "benchmarks.load_generator", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Result(**json.loads(done.stdout))


def choose_generator() -> Callable[[Load], Result]:
    return wrk if shutil.which("wrk") else generator
