"""The training organisation (organisme de formation) and the territories it covers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType
from uuid import UUID

from app.domain.facts.module import ModuleKind

TrainingOrganisationId = NewType("TrainingOrganisationId", UUID)


class Territory(StrEnum):
    MAINLAND = "mainland"
    OVERSEAS = "overseas"
    NATIONAL = "national"


def territory_of(department: str) -> Territory:
    """Overseas for the departments and collectivities 97x and 98x (R15)."""
    return Territory.OVERSEAS if department.startswith(("97", "98")) else Territory.MAINLAND


@dataclass(frozen=True, slots=True)
class TrainingDelivery:
    kind: ModuleKind
    territory: Territory


@dataclass(frozen=True, slots=True)
class TrainingOrganisation:
    id: TrainingOrganisationId
    deliveries: tuple[TrainingDelivery, ...]

    def delivers(self, kind: ModuleKind, department: str) -> bool:
        """Whether it delivers trainings of this kind in the department's territory; `national` covers both."""
        wanted = (Territory.NATIONAL, territory_of(department))
        return any(delivery.kind is kind and delivery.territory in wanted for delivery in self.deliveries)
