"""The adviser (conseiller numérique), without identity: the rules never read a name."""

from dataclasses import dataclass
from datetime import date
from typing import NewType
from uuid import UUID

AdviserId = NewType("AdviserId", UUID)


@dataclass(frozen=True, slots=True)
class InitialTraining:
    """The funded initial training followed before this service; `ended_on` is None while it lasts or is unknown."""

    entered_on: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Adviser:
    """`department` is an INSEE code ("35", "2A", "974"), None when unknown; `in_scheme` is False for a mediator."""

    id: AdviserId
    department: str | None = None
    in_scheme: bool = True
    initial_training: InitialTraining | None = None
