"""One delivery of a training (session): published by its organisation, or carried by a registration."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NewType
from uuid import UUID

SessionId = NewType("SessionId", UUID)


class SessionFormat(StrEnum):
    REMOTE = "remote"
    ON_SITE = "on_site"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class Session:
    """From `starts_on` to `ends_on`, both included; `id` is that of the published session, None when the registration
    carries its own. No rule reads its place, and no decision stores it."""

    starts_on: date
    ends_on: date
    format: SessionFormat
    id: SessionId | None = field(default=None)

    def shares_a_day_with(self, other: "Session") -> bool:
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on
