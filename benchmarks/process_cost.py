"""What processes cost: processor time and memory, as Linux accounts for them."""

import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

_CLOCK_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
# Places of the fields after the name of the command, in /proc/PID/stat.
_PARENT, _OWN, _OF_ENDED_CHILDREN = 1, slice(11, 13), slice(13, 15)


def _fields(pid: int) -> list[str]:
    """Raise OSError when there is no such process any more."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _seconds(fields: list[str], which: slice) -> float:
    """User and system time."""
    return sum(map(int, fields[which])) / _CLOCK_TICKS_PER_SECOND


@dataclass(frozen=True, slots=True)
class RunningProcess:
    pid: int

    def cpu_seconds(self) -> float:
        """User and system time since it started."""
        return _seconds(_fields(self.pid), _OWN)

    def resident_mb(self) -> float:
        """Memory in use, what it shares with others included."""
        return self._memory_mb("Rss")

    def proportional_mb(self) -> float:
        """Memory in use; what several processes share is divided among them."""
        return self._memory_mb("Pss")

    def _memory_mb(self, name: str) -> float:
        rollup = (_PROC / str(self.pid) / "smaps_rollup").read_text()
        return int(rollup.partition(f"\n{name}:")[2].split()[0]) / 1024


@dataclass(frozen=True, slots=True)
class PostgresProcesses:
    """A server by its first process, whose children are its backends, checkpointer, writers and workers."""

    postmaster: int

    def cpu_seconds(self) -> float:
        """User and system time of them all, those that have ended included: the first process waits for each."""
        living = sum(_seconds(fields, _OWN) for fields in self._children())
        fields = _fields(self.postmaster)
        return living + _seconds(fields, _OWN) + _seconds(fields, _OF_ENDED_CHILDREN)

    def _children(self) -> Generator[list[str]]:
        for entry in _PROC.iterdir():
            if entry.name.isdigit():
                try:
                    fields = _fields(int(entry.name))
                except OSError:
                    continue  # it ended meanwhile
                if int(fields[_PARENT]) == self.postmaster:
                    yield fields
