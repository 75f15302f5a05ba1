"""Buckets of funded rights (droits financés): who has them, and in which window (section 4.2).

Source of R20 to R24 and R27: the help article of 19/12/2024 on thematic modules.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.calendar import first_day, last_day, months_after
from app.domain.facts.module import Module, ModuleCode
from app.domain.facts.policy import Policy
from app.domain.facts.registration_terms import Unit

FIRST_YEAR = "first_year"
CIVIL_YEAR = "civil_year:"
CARRY_OVER = "carry_over:"
SUPPLEMENTARY = "supplementary:"
DEROGATION = "derogation"
"""Section 5bis: what a person funds holds a unit of this name, without limit and outside every window."""


class Category(StrEnum):
    FIRST_YEAR = "first_year"
    ANNUAL = "annual"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Bucket:
    """`units` usable for sessions whose first day is from `opens_on` to `expires_on`, both included (None: no end)."""

    name: str
    units: int
    opens_on: date
    expires_on: date | None
    rule: str

    @property
    def last_day(self) -> date:
        return self.expires_on or date.max

    @property
    def is_of_a_year(self) -> bool:
        """Of a first year or of a civil year, as the adviser's category gives them: not carried, nor supplementary."""
        return self.name == FIRST_YEAR or self.name.startswith(CIVIL_YEAR)

    @property
    def is_carry_over(self) -> bool:
        return self.name.startswith(CARRY_OVER)

    def is_open(self, day: date) -> bool:
        return self.opens_on <= day <= self.last_day


def civil_year(year: int) -> str:
    return f"{CIVIL_YEAR}{year}"


def first_year_entry(file: AdviserFile, policy: Policy) -> date | None:
    """The entry that makes the adviser N, on the policy's cut-off or later (4.1, R20); None when it does not."""
    entered_on = file.entered_on
    return entered_on if entered_on is not None and entered_on >= policy.two_modules.entered_on_or_after else None


def category_on(file: AdviserFile, day: date, policy: Policy) -> Category:
    """N from entry on; E when entered before the cut-off, or exempt (section 4.1)."""
    if file.entered_on is not None and file.entered_on <= day:
        return Category.FIRST_YEAR if first_year_entry(file, policy) else Category.ANNUAL
    return Category.ANNUAL if file.exempted_on is not None and file.exempted_on <= day else Category.NONE


def first_year_ends_on(entered_on: date, policy: Policy) -> date:
    """W, the anniversary of entry, included (R20)."""
    return months_after(entered_on, policy.two_modules.window_months)


def in_post_during(file: AdviserFile, year: int) -> bool:
    return any(contract.runs_during(first_day(year), last_day(year)) for contract in file.contracts)


def _first_year_buckets(file: AdviserFile, entered_on: date, policy: Policy, through: int) -> Iterator[Bucket]:
    """N: two modules from entry to W (R20), then one per civil year from the day after W (R21)."""
    window_end = first_year_ends_on(entered_on, policy)
    yield Bucket(FIRST_YEAR, policy.two_modules.count, entered_on, window_end, "R20")
    for year in range(window_end.year, through + 1):
        opens_on = max(first_day(year), window_end + timedelta(days=1))
        if opens_on <= last_day(year) and in_post_during(file, year):
            yield Bucket(civil_year(year), policy.civil_year.count, opens_on, last_day(year), "R21")


def annual_phase(file: AdviserFile, policy: Policy) -> tuple[date, date] | None:
    """From when to when, both included, the adviser is E: an exempt one who enters later is E until the day before."""
    entered_on, exempted_on = file.entered_on, file.exempted_on
    if entered_on is not None and entered_on < policy.two_modules.entered_on_or_after:
        return entered_on, date.max
    if exempted_on is None:
        return None
    last = entered_on - timedelta(days=1) if entered_on else date.max
    return (exempted_on, last) if exempted_on <= last else None


def _annual_buckets(file: AdviserFile, policy: Policy, through: int) -> Iterator[Bucket]:
    """E: one module per civil year in post and in the category (R22), with the policy's grace for some years (R23),
    which counts as no day of the year."""
    phase = annual_phase(file, policy)
    if phase is None:
        return
    since, until = phase
    for year in range(policy.civil_year.first_year, through + 1):
        expires_on = min(policy.civil_year.grace.get(year, last_day(year)), until)
        if first_day(year) <= until and since <= last_day(year) and in_post_during(file, year):
            yield Bucket(civil_year(year), policy.civil_year.count, first_day(year), expires_on, "R22")


def _carried_units(file: AdviserFile, bucket: str) -> int:
    return sum(carried.units for carried in file.carry_overs if carried.bucket == bucket)


def _carried_buckets(file: AdviserFile) -> Iterator[Bucket]:
    """R27: one for each bucket that units were carried from. Those of a first year whose entry was corrected between
    two carry-overs have two windows: the bucket is open from the first day of both to the last, so that no unit loses
    any."""
    for name in dict.fromkeys(carried.bucket for carried in file.carry_overs):
        opens_on = min(carried.opens_on for carried in file.carry_overs if carried.bucket == name)
        expires_on = max(carried.expires_on for carried in file.carry_overs if carried.bucket == name)
        yield Bucket(f"{CARRY_OVER}{name}", _carried_units(file, name), opens_on, expires_on, "R27")


def quota_buckets(file: AdviserFile, policy: Policy, *, through: int) -> tuple[Bucket, ...]:
    """The buckets of standard modules: those that the file gives up to the civil year `through`, less the units carried
    over; and the carried ones, whatever became of the bucket that they came from (4.2)."""
    own = [*_annual_buckets(file, policy, through)]
    entry = first_year_entry(file, policy)
    if entry is not None:
        own += _first_year_buckets(file, entry, policy, through)
    left = (replace(bucket, units=max(bucket.units - _carried_units(file, bucket.name), 0)) for bucket in own)
    return (*left, *_carried_buckets(file))


def funded_rights(file: AdviserFile, policy: Policy, *, through: int) -> tuple[frozenset[Bucket], frozenset[Unit]]:
    """What the adviser may use, whoever holds it, and what was used under an earlier file; nothing outside the scheme
    (R29)."""
    buckets = frozenset(quota_buckets(file, policy, through=through)) if file.adviser.in_scheme else frozenset[Bucket]()
    return buckets, file.units_used_before


def supplementary_bucket(module: ModuleCode, policy: Policy) -> Bucket:
    """R24: a module marked in the catalogue has a right of its own, once per adviser, without end."""
    return Bucket(f"{SUPPLEMENTARY}{module}", policy.supplementary.count, policy.supplementary.since, None, "R24")


def candidate_buckets(file: AdviserFile, module: Module, day: date, policy: Policy) -> tuple[Bucket, ...]:
    """The buckets that this module may use: its own when supplementary, else the quota's (4.3)."""
    if module.supplementary:
        return (supplementary_bucket(module.code, policy),)
    return counting_buckets(file, policy, through=day.year)


def counting_buckets(file: AdviserFile, policy: Policy, *, through: int) -> tuple[Bucket, ...]:
    """The buckets of standard modules up to the civil year `through`, and to that of the latest unit held: each unit
    then counts in its own."""
    years = (item.first_day.year for item in file.registrations if item.unit)
    return quota_buckets(file, policy, through=max((through, *years)))


def buckets_for(file: AdviserFile, module: Module, day: date, policy: Policy) -> tuple[Bucket, ...]:
    """Of these, those open on `day`."""
    return tuple(bucket for bucket in candidate_buckets(file, module, day, policy) if bucket.is_open(day))
