"""The lines of a file by transactions: about a hundred each, those about the same together; or one by one."""

from collections.abc import Iterator, Sequence

from app.imports.batch_context import ImportDefinition
from app.imports.lines.line_parsing import Line

BATCH_SIZE = 100  # lines of a transaction


def batches(lines: Sequence[Line], kind: ImportDefinition, *, dry_run: bool = False) -> Iterator[Sequence[Line]]:
    """Batches of about BATCH_SIZE lines; those that may be about the same follow one another, in the kind's order.

    Line by line, a batch is one line; in a dry run, those about the same, since each meets what those before it did.
    """
    size = 1 if kind.is_line_by_line and not dry_run else BATCH_SIZE
    batch: list[Line] = []
    for group in _group(lines, kind):
        ordered = sorted(group, key=kind.sort_key)
        for start in range(0, len(ordered), size):
            batch += ordered[start : start + size]
            if len(batch) >= size or kind.is_line_by_line:
                yield batch
                batch = []
    if batch:
        yield batch


def _group(lines: Sequence[Line], kind: ImportDefinition) -> list[list[Line]]:
    """Lines that have the same key, directly or through lines that have several keys."""
    keys = [kind.matching_keys(line) for line in lines]
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
