"""Advisers who come back after they were anonymised: what they used under the earlier file counts in the new one."""

from collections.abc import Iterable
from datetime import date

from app.domain.facts.adviser_file import AdviserFile, EarlierUsage
from app.domain.facts.registration_terms import Unit, bucket_of
from app.domain.rights.entitlements import lowest_free


def merge_earlier_usage(earlier: Iterable[AdviserFile], present: AdviserFile | None) -> EarlierUsage:
    """The usage that counts in `present` (None for a new file): what counted there so far, and what `earlier` used.

    A unit held by two files was used twice: the earlier one counts under another ordinal, so that both are used up.
    """
    known = present.former if present and present.former else EarlierUsage()
    entries: list[date] = [*known.entries]
    units: list[Unit] = [*known.units]
    held = set(present.held_units if present else ())
    for file in earlier:
        entries += file.entries
        for unit in sorted(file.held_units):
            counted = lowest_free(bucket_of(unit), held) if unit in held else unit
            held.add(counted)
            units.append(counted)
    return EarlierUsage(tuple(sorted({*entries})), tuple(units))
