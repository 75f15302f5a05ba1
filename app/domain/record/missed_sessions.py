"""Sessions missed without justification, and what that costs (R17, section 7)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.module import ModuleKind
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Status


class Consequence(StrEnum):
    RIGHT_CONSUMED = "right_consumed"
    INITIAL_TRAINING_NOT_ENTERED = "initial_training_not_entered"
    NOT_FOLLOWED = "not_followed"


@dataclass(frozen=True, slots=True)
class MissedSession:
    """The session of this registration was missed without justification."""

    registration: Registration

    @property
    def consequence(self) -> Consequence:
        """A funded module keeps its unit as the policy of the day decided; initial training must be entered anew; in
        any case nothing was followed."""
        if self.registration.unit is not None:
            return Consequence.RIGHT_CONSUMED
        if self.registration.request.module.kind is ModuleKind.INITIAL_TRAINING:
            return Consequence.INITIAL_TRAINING_NOT_ENTERED
        return Consequence.NOT_FOLLOWED


def missed_sessions(file: AdviserFile, on: date) -> tuple[MissedSession, ...]:
    """The missed sessions that had begun on the day `on`, in order of creation."""
    missed = (item for item in file.registrations if item.status is Status.ABSENT_UNJUSTIFIED)
    return tuple(MissedSession(item) for item in missed if item.first_day <= on)
