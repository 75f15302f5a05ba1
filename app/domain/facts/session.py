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
    """From `starts_on` to `ends_on`, both included. Where it is held no rule reads, and no decision keeps."""

    starts_on: date
    ends_on: date
    format: SessionFormat
