"""The processor time of a service and of its sessions on the server, as Linux counts it in nanoseconds."""

import os
from dataclasses import dataclass
from pathlib import Path

NANOSECONDS = 1e9


def ended_children_seconds(process: int) -> float:
    """Of the children of this process that have ended: those of the first process of a server are its sessions."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _on_processor(folder: Path) -> float:
    return int((folder / "schedstat").read_text().split()[0]) / NANOSECONDS


@dataclass(frozen=True, slots=True)
class ProcessorTime:
    """Of the process `service`, and of all sessions of the database `name` on the server whose first process is
    `postmaster`."""

    postmaster: int
    name: str
    service: int

    def program_seconds(self) -> float:
        return sum(_on_processor(task) for task in Path(f"/proc/{self.service}/task").iterdir())

    def database_seconds(self) -> float:
        return sum(_on_processor(Path(f"/proc/{session}")) for session in self._sessions())

    def _sessions(self) -> list[int]:
        children = Path(f"/proc/{self.postmaster}/task/{self.postmaster}/children").read_text().split()
        return [int(child) for child in children if f" {self.name} " in Path(f"/proc/{child}/cmdline").read_text()]
