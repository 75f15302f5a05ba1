"""Who holds which unit of the funded rights, and which right a session takes (sections 4.2 and 4.3)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from itertools import count

from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.module import Module
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Unit, bucket_of
from app.domain.rights.buckets import CIVIL_YEAR, FIRST_YEAR, Bucket, candidate_buckets, civil_year


def holders(file: AdviserFile, buckets: Iterable[Bucket]) -> Mapping[str, tuple[Registration, ...]]:
    """By the name of each of these buckets, the registrations whose unit counts in it (section 4.2).

    A unit counts in the bucket of its name. When the file was corrected since, so that this bucket is gone or the
    session's first day lies outside its window, it counts in a bucket of the present category that is open on that day:
    the year's own first, as long as it has room. So a correction neither doubles nor eats rights.
    """
    named = {bucket.name: bucket for bucket in buckets}
    held: dict[str, list[Registration]] = {name: [] for name in named}
    strays: list[Registration] = []
    for item in file.registrations:
        name = item.entitlement
        if name is None:
            continue
        own = named.get(name)
        if own is not None and (not own.is_of_a_year or own.is_open(item.first_day)):
            held[name].append(item)
        elif name == FIRST_YEAR or name.startswith(CIVIL_YEAR):
            strays.append(item)
    for item in strays:
        stand_ins = [bucket for bucket in named.values() if bucket.is_of_a_year and bucket.is_open(item.first_day)]
        stand_ins.sort(key=lambda bucket: (bucket.name != civil_year(item.first_day.year), bucket.last_day))
        with_room = [bucket for bucket in stand_ins if bucket.units > len(held[bucket.name])]
        for bucket in (with_room or stand_ins)[:1]:
            held[bucket.name].append(item)
    return {name: tuple(items) for name, items in held.items()}


def used_before(file: AdviserFile, bucket: str) -> int:
    """How many of the bucket's units the same person used under an earlier file."""
    return sum(bucket_of(unit) == bucket for unit in file.units_used_before)


def units_left(file: AdviserFile, buckets: Collection[Bucket]) -> Mapping[str, int]:
    """By the name of each of these buckets, its units that nobody holds; below 0 when a correction left more held than
    the bucket has."""
    held = holders(file, buckets)
    return {bucket.name: bucket.units - len(held[bucket.name]) - used_before(file, bucket.name) for bucket in buckets}


def choose_bucket(file: AdviserFile, module: Module, day: date, policy: Policy) -> Bucket | None:
    """Among open buckets with a free unit, the one that expires first; then a carry-over, then by name."""
    candidates = candidate_buckets(file, module, day, policy)
    left = units_left(file, candidates)
    free = [bucket for bucket in candidates if bucket.is_open(day) and left[bucket.name] > 0]
    return min(free, key=lambda bucket: (bucket.last_day, not bucket.is_carry_over, bucket.name), default=None)


def free_unit(file: AdviserFile, bucket: Bucket) -> Unit:
    return lowest_free(bucket.name, file.held_units)


def lowest_free(bucket: str, held: Collection[Unit]) -> Unit:
    """The unit of the lowest ordinal, from 1, that is not held."""
    return next(unit for ordinal in count(1) if (unit := Unit(f"{bucket}#{ordinal}")) not in held)
