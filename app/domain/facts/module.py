"""A row of the catalogue of trainings (formation du catalogue)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NewType

ModuleCode = NewType("ModuleCode", str)


class ModuleKind(StrEnum):
    INITIAL_TRAINING = "initial_training"
    THEMATIC = "thematic"
    FULL_TITLE = "full_title"


class Prerequisite(StrEnum):
    NONE = "none"
    AIDANTS_CONNECT = "aidants_connect"


@dataclass(frozen=True, slots=True)
class Module:
    """Sessions may start from `open_from` to `open_until`, both included; None leaves that end open.

    `supplementary` marks a module with a right of its own beside the quota (Café IA, R24).
    """

    code: ModuleCode
    kind: ModuleKind
    open_from: date | None
    open_until: date | None
    supplementary: bool
    prerequisite: Prerequisite

    @property
    def is_standard(self) -> bool:
        """Whether it counts towards the quota and the obligation: thematic, and not a supplement."""
        return self.kind is ModuleKind.THEMATIC and not self.supplementary
