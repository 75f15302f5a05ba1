"""Whoever comes back after having been anonymised: what the earlier file had used counts in the new one."""

from collections.abc import Iterable
from datetime import date

from app.domain.decisions.entitlements import lowest_free
from app.domain.facts.adviser_file import AdviserFile, Former
from app.domain.facts.registration import Unit, bucket_of


def handed_over(earlier: Iterable[AdviserFile], present: AdviserFile | None) -> Former:
    """All that counts from these files in `present`, None for a new one, beside what did so far.

    A unit that both hold was used twice: the earlier one counts under another ordinal, so that nothing more is left.
    """
    known = present.former if present and present.former else Former()
    entries: list[date] = [*known.entries]
    units: list[Unit] = [*known.units]
    held = set(present.held_units if present else ())
    for file in earlier:
        entries += file.entries
        for unit in sorted(file.held_units):
            counted = lowest_free(bucket_of(unit), held) if unit in held else unit
            held.add(counted)
            units.append(counted)
    return Former(tuple(sorted({*entries})), tuple(units))
