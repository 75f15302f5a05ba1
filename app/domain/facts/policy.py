"""The funding policy (politique de financement): effective-dated numbers and dates, never constants (section 8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.errors import PolicyExists
from app.domain.facts.calendar import Dated


@dataclass(frozen=True, slots=True)
class TwoModules:
    """R20: `count` modules within `window_months` months of an entry on `entered_on_or_after` (included) or later."""

    entered_on_or_after: date
    count: int
    window_months: int


@dataclass(frozen=True, slots=True)
class CivilYear:
    """R21, R22: `count` modules per civil year from `first_year`; R23: `grace` prolongs a year to a day, included."""

    count: int
    first_year: int
    grace: Mapping[int, date]


@dataclass(frozen=True, slots=True)
class Supplementary:
    """R24: `count` units per adviser of each module that the catalogue marks, from the day `since`."""

    since: date
    count: int


def last_reply(reply_days: int | None, first_day: date, asked_on: date) -> date:
    """The last day to answer over quota: the eve of the session, or `reply_days` days after it was asked."""
    eve = first_day - timedelta(days=1)
    return eve if reply_days is None else min(eve, asked_on + timedelta(days=reply_days))


@dataclass(frozen=True, slots=True)
class OverQuota:
    """Days an adviser has to answer; None waits for ever (R26 gives no deadline). Unanswered, they are reminded
    `remind_days` days before the session's first day."""

    reply_days: int | None
    remind_days: int

    def last_reply(self, first_day: date, asked_on: date) -> date:
        """The last day to answer: the eve of the session, or sooner."""
        return last_reply(self.reply_days, first_day, asked_on)


@dataclass(frozen=True, slots=True)
class Requests:
    """A session starts at most `months_ahead` months after the day of the request."""

    months_ahead: int


@dataclass(frozen=True, slots=True)
class AttendancePolicy:
    """R17: what an organisation recorded it may put right within `correction_days` days, that day included; a justified
    absence names one of the `valid_absence_motives`."""

    correction_days: int
    valid_absence_motives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Support:
    """A support request is answered within `answer_days` days (section 5bis)."""

    answer_days: int


@dataclass(frozen=True, slots=True)
class InitialTrainingPolicy:
    """R11: `max_funded` paths per adviser. R12: the path lengths, in hours, that a positioning test may give. It is
    entered within `enter_within_months` months of the first day in post (None: whenever); an unjustified absence is an
    entry all the same when `unjustified_absence_counts`."""

    max_funded: int
    path_hours: tuple[Dated[tuple[int, ...]], ...]
    enter_within_months: int | None
    unjustified_absence_counts: bool


@dataclass(frozen=True, slots=True)
class CertificationPolicy:
    """R37: months from the end of initial training to present the exams. R38: valid motives of absence."""

    presentation_months: tuple[Dated[int], ...]
    valid_absence_motives: tuple[Dated[tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """In force from `effective_from` (included) until the next version; that date is also its name."""

    effective_from: date
    two_modules: TwoModules
    civil_year: CivilYear
    supplementary: Supplementary
    over_quota: OverQuota
    requests: Requests
    attendance: AttendancePolicy
    support: Support
    initial_training: InitialTrainingPolicy
    certification: CertificationPolicy
    unjustified_absence_consumes: bool
    support_email: str

    @property
    def version(self) -> str:
        return self.effective_from.isoformat()


@dataclass(frozen=True, slots=True)
class Policies:
    """Every version, oldest first; never empty."""

    versions: tuple[Policy, ...]

    def on(self, day: date) -> Policy:
        """The version in force on `day`; the oldest one before them all."""
        begun = [policy for policy in self.versions if policy.effective_from <= day]
        return begun[-1] if begun else self.versions[0]

    def with_version(self, policy: Policy) -> "Policies":
        """With one version more. Raise PolicyExists."""
        if any(version.effective_from == policy.effective_from for version in self.versions):
            raise PolicyExists(policy.version)
        return Policies(tuple(sorted((*self.versions, policy), key=lambda version: version.effective_from)))

    def period_of(self, policy: Policy) -> tuple[date, date]:
        """The first and the last day, both included, that this version, one of these, is in force `on`."""
        place = self.versions.index(policy)
        following = self.versions[place + 1 :]
        first = policy.effective_from if place else date.min
        return first, following[0].effective_from - timedelta(days=1) if following else date.max
