"""One delivery of a training (session), carried by the registration."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class SessionFormat(StrEnum):
    REMOTE = "remote"
    ON_SITE = "on_site"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class Session:
    """From `starts_on` to `ends_on`, both included. No rule reads its place, and no decision stores it."""

    starts_on: date
    ends_on: date
    format: SessionFormat

    def shares_a_day_with(self, other: "Session") -> bool:
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on
