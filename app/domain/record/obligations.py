"""What an adviser must have followed in a period (obligation de suivi, section 7). It alerts; it never blocks.

Source: the help article of 19/12/2024 on thematic modules (R19 to R24, R27); for the initial training, section 7 (R10).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.calendar import first_day, last_day, months_after
from app.domain.facts.contract import covering_contract
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Status
from app.domain.rights.buckets import (
    CARRY_OVER,
    FIRST_YEAR,
    annual_phase,
    civil_year,
    first_year_ends_on,
    first_year_entry,
    in_post_during,
)

INITIAL_TRAINING = "initial_training"


class ObligationStatus(StrEnum):
    MET = "met"
    DUE = "due"
    LATE = "late"
    EXCUSED = "excused"


class Excuse(StrEnum):
    """Why a duty that was not met is no reproach."""

    CARRY_OVER = "carry_over"
    NOT_IN_POST = "not_in_post"
    JUSTIFICATION = "justification"


@dataclass(frozen=True, slots=True)
class Obligation:
    """`required` standard modules from `begins_on` to `due_on`, both included (None: no deadline); named like a bucket,
    or INITIAL_TRAINING. `excused_by` is None unless it is excused."""

    period: str
    required: int
    followed: int
    begins_on: date
    due_on: date | None
    status: ObligationStatus = ObligationStatus.DUE
    excused_by: Excuse | None = None

    @property
    def last_day(self) -> date:
        return self.due_on or date.max

    def is_owed_for(self, year: int, on: date) -> bool:
        """Whether it is owed for this civil year, which a grace does not change: for the first year, that of W. Initial
        training, owed until it is entered, is so for each year from the first one in post to that of the day `on`."""
        if self.period == INITIAL_TRAINING:
            return self.begins_on.year <= year <= on.year
        return year == (self.last_day if self.period == FIRST_YEAR else self.begins_on).year


def _carried_from(registration: Registration) -> str | None:
    """The bucket that its carried right came from; None when it is on none."""
    entitlement = registration.entitlement or ""
    return entitlement.removeprefix(CARRY_OVER) if entitlement.startswith(CARRY_OVER) else None


def _followed(file: AdviserFile) -> list[Registration]:
    """The completed standard modules, funded or not, by first day, those on a carried right first; Café IA does not
    count (R24)."""
    completed = (item for item in file.registrations if item.status is Status.COMPLETED)
    standard = (item for item in completed if item.request.module.is_standard)
    return sorted(standard, key=lambda item: (_carried_from(item) is None, item.first_day))


def _first_year_periods(file: AdviserFile, entered_on: date, policy: Policy, through: int) -> Iterator[Obligation]:
    """R20, R21: two in the first year; then one a year, from the year of W or, by the adviser's option, the next one
    when one of the two was followed in the year of W. One on a carried right is none of the two."""
    window_end = first_year_ends_on(entered_on, policy)
    yield Obligation(FIRST_YEAR, policy.two_modules.count, 0, entered_on, window_end)
    followed_in_the_year_of_w = any(
        max(first_day(window_end.year), entered_on) <= module.first_day <= window_end
        for module in _followed(file)
        if _carried_from(module) is None
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
    """Each module followed counts once: on a carried right, for the period that the right came from, when it is owed;
    else for the period open on its first day that is due first and still lacks one, or for the last one open."""
    for module in _followed(file):
        source, day = _carried_from(module), module.first_day
        places = [place for place, period in enumerate(periods) if period.period == source]
        open_periods = [place for place, period in enumerate(periods) if period.begins_on <= day <= period.last_day]
        places += [place for place in open_periods if periods[place].followed < periods[place].required]
        for place in [*places, *open_periods[-1:]][:1]:
            periods[place] = replace(periods[place], followed=periods[place].followed + 1)
    return periods


def _excuse(period: Obligation, file: AdviserFile, on: date) -> Excuse | None:
    """R27: a carry-over from the period; else, from the day it is due on, not having been in post that day."""
    if any(carried.bucket == period.period for carried in file.carry_overs):
        return Excuse.CARRY_OVER
    if on >= period.last_day and covering_contract(file.contracts, period.last_day) is None:
        return Excuse.NOT_IN_POST
    return None


def _with_status(period: Obligation, excuse: Excuse | None, on: date) -> Obligation:
    """What it has become on the day `on`, met whatever excuses it."""
    if period.followed >= period.required:
        return replace(period, status=ObligationStatus.MET)
    if excuse is not None:
        return replace(period, status=ObligationStatus.EXCUSED, excused_by=excuse)
    return replace(period, status=ObligationStatus.DUE if on <= period.last_day else ObligationStatus.LATE)


def initial_training_duty(file: AdviserFile, policy: Policy, on: date) -> tuple[Obligation, ...]:
    """R10: initial training, owed by an adviser of the scheme who is in post on the day `on` and neither entered nor
    exempt by then; none otherwise. It runs from the first day of the first contract, whatever contracts follow; only
    a granted justification excuses it."""
    known = any(day is not None and day <= on for day in (file.entered_on, file.exempted_on))
    if not file.adviser.in_scheme or known or covering_contract(file.contracts, on) is None:
        return ()
    begins_on, months = min(item.starts_on for item in file.contracts), policy.initial_training.enter_within_months
    due_on = None if months is None else months_after(begins_on, months)
    excuse = Excuse.JUSTIFICATION if INITIAL_TRAINING in file.excused_periods else None
    return (_with_status(Obligation(INITIAL_TRAINING, 1, 0, begins_on, due_on), excuse, on),)


def obligations(file: AdviserFile, policy: Policy, on: date) -> tuple[Obligation, ...]:
    """The periods begun on `on`, initial training then the oldest first, with their status on that day."""
    if not file.adviser.in_scheme:
        return ()
    periods = [*_annual_periods(file, policy, on.year)]
    entry = first_year_entry(file, policy)
    if entry is not None:
        periods += _first_year_periods(file, entry, policy, on.year)
    begun = [period for period in _counted(periods, file) if period.begins_on <= on]
    judged = tuple(_with_status(period, _excuse(period, file, on), on) for period in begun)
    return (*initial_training_duty(file, policy, on), *judged)
