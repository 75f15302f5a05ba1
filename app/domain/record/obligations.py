"""What an adviser must have followed in a period (obligation de suivi, section 7). It alerts; it never blocks."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from app.domain.decisions.entitlements import (
    FIRST_YEAR,
    annual_phase,
    civil_year,
    first_year_ends_on,
    first_year_entry,
    in_post_during,
)
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.calendar import first_day, last_day
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Status


class ObligationStatus(StrEnum):
    MET = "met"
    DUE = "due"
    LATE = "late"
    EXCUSED = "excused"


@dataclass(frozen=True, slots=True)
class Obligation:
    """`required` standard modules from `begins_on` to `due_on`, both included; named like a bucket."""

    period: str
    required: int
    followed: int
    begins_on: date
    due_on: date
    status: ObligationStatus = ObligationStatus.DUE

    @property
    def year(self) -> int:
        """The civil year that it is owed for, which a grace does not change; for the first year, that of W."""
        return self.due_on.year if self.period == FIRST_YEAR else self.begins_on.year


def _followed_on(file: AdviserFile) -> list[date]:
    """The first days of the completed standard modules, funded or not; Café IA does not count (R24)."""
    completed = (item for item in file.registrations if item.status is Status.COMPLETED)
    return sorted(item.first_day for item in completed if item.request.module.is_standard)


def _first_year_periods(file: AdviserFile, entered_on: date, policy: Policy, through: int) -> Iterator[Obligation]:
    """R20, R21: two in the first year; then one a year, from the year of W or, by the adviser's option, the next one
    when one of the two was followed in the year of W."""
    window_end = first_year_ends_on(entered_on, policy)
    yield Obligation(FIRST_YEAR, policy.two_modules.count, 0, entered_on, window_end)
    followed_in_the_year_of_w = any(
        first_day(window_end.year) <= day <= window_end and day >= entered_on for day in _followed_on(file)
    )
    begins_on = window_end + timedelta(days=1)
    first_due = window_end.year + 1 if followed_in_the_year_of_w else begins_on.year
    for year in range(first_due, through + 1):
        if in_post_during(file, year):
            begin = max(first_day(year), begins_on)
            yield Obligation(civil_year(year), policy.civil_year.count, 0, begin, last_day(year))


def _annual_periods(file: AdviserFile, policy: Policy, through: int) -> Iterator[Obligation]:
    """R22, R23: one per civil year in post, from the policy's first year; an exempt adviser who enters initial training
    owes the first year's two instead of the one of that civil year."""
    phase = annual_phase(file, policy)
    if phase is None:
        return
    since, until = phase
    for year in range(max(policy.civil_year.first_year, since.year), through + 1):
        if last_day(year) <= until and in_post_during(file, year):
            due_on = policy.civil_year.grace.get(year, last_day(year))
            yield Obligation(civil_year(year), policy.civil_year.count, 0, first_day(year), due_on)


def _counted(periods: list[Obligation], file: AdviserFile) -> list[Obligation]:
    """Each module followed counts once: for the open period due first that still lacks one, else for the last."""
    for day in _followed_on(file):
        open_periods = [place for place, period in enumerate(periods) if period.begins_on <= day <= period.due_on]
        lacking = [place for place in open_periods if periods[place].followed < periods[place].required]
        for place in (lacking or open_periods[-1:])[:1]:
            periods[place] = replace(periods[place], followed=periods[place].followed + 1)
    return periods


def _status(obligation: Obligation, file: AdviserFile, on: date) -> ObligationStatus:
    if obligation.followed >= obligation.required:
        return ObligationStatus.MET
    if any(carried.bucket == obligation.period for carried in file.carry_overs):
        return ObligationStatus.EXCUSED
    return ObligationStatus.DUE if on <= obligation.due_on else ObligationStatus.LATE


def obligations(file: AdviserFile, policy: Policy, on: date) -> tuple[Obligation, ...]:
    """The periods begun on `on`, oldest first, with their status on that day."""
    if not file.adviser.in_scheme:
        return ()
    periods = [*_annual_periods(file, policy, on.year)]
    entry = first_year_entry(file, policy)
    if entry is not None:
        periods += _first_year_periods(file, entry, policy, on.year)
    begun = [period for period in _counted(periods, file) if period.begins_on <= on]
    return tuple(replace(period, status=_status(period, file, on)) for period in begun)
