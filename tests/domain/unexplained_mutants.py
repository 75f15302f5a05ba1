"""Fails when a mutant of the domain survives without its reason in survivors.md. Run after `mutmut run`.

A mutant is known by its function and its changed lines, not by its number, which moves with the code.
"""

import subprocess
import sys
from pathlib import Path

EXPLAINED = Path(__file__).with_name("survivors.md")
MUTMUT = Path(sys.executable).with_name("mutmut")
KILLED = {"killed", "timeout"}


def mutmut(*arguments: str) -> str:
    return subprocess.run([MUTMUT, *arguments], check=True, capture_output=True, text=True).stdout


def survivors() -> list[str]:
    lines = (line.strip().rpartition(": ") for line in mutmut("results").splitlines() if ".x" in line)
    return [name for name, _, status in lines if status not in KILLED]


def changed_lines(mutant: str) -> str:
    lines = mutmut("show", mutant).splitlines()
    return "\n".join(line for line in lines if line[:1] in {"-", "+"} and line[:3] not in {"---", "+++"})


def is_explained(mutant: str, explained: str) -> bool:
    function = mutant.rpartition("__mutmut_")[0]
    entries = explained.split("\n## ")
    return any(entry.startswith(function) and changed_lines(mutant) in entry for entry in entries)


def main() -> None:
    explained = EXPLAINED.read_text(encoding="utf-8")
    unexplained = [mutant for mutant in survivors() if not is_explained(mutant, explained)]
    if unexplained:
        sys.exit("\n".join(f"unexplained survivor: {mutant}\n{changed_lines(mutant)}" for mutant in unexplained))


if __name__ == "__main__":
    main()
