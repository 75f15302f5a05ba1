"""The lines of a file by transactions: about a hundred each, those of one person together."""

from collections.abc import Iterator, Sequence

from app.imports.batch_context import ImportDefinition
from app.imports.lines.adviser_matching import PersonReference
from app.imports.lines.line_parsing import Line

BATCH_SIZE = 100  # lines of a transaction


def batches(lines: Sequence[Line], kind: ImportDefinition) -> Iterator[Sequence[Line]]:
    """Batches of about BATCH_SIZE lines; those that may be about one person follow one another, in the kind's order."""
    batch: list[Line] = []
    for group in _group_by_person(lines, kind):
        ordered = sorted(group, key=kind.sort_key)
        for start in range(0, len(ordered), BATCH_SIZE):
            batch += ordered[start : start + BATCH_SIZE]
            if len(batch) >= BATCH_SIZE:
                yield batch
                batch = []
    if batch:
        yield batch


def _group_by_person(lines: Sequence[Line], kind: ImportDefinition) -> list[list[Line]]:
    """Lines that name the person by the same key, directly or through lines that have several keys."""
    keys = [
        PersonReference.from_values(line.values, kind.person_column).matching_keys or (f"line:{line.number}",)
        for line in lines
    ]
    leaders = {key: key for of_line in keys for key in of_line}

    def leader(key: str) -> str:
        while leaders[key] != key:
            leaders[key] = key = leaders[leaders[key]]
        return key

    for first, *others in keys:
        for other in others:
            leaders[leader(other)] = leader(first)
    groups: dict[str, list[Line]] = {}
    for line, (first, *_) in zip(lines, keys, strict=True):
        groups.setdefault(leader(first), []).append(line)
    return [*groups.values()]
