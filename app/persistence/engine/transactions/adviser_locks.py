"""The row lock that a transaction opens with: one adviser's, named directly or by a registration or contract."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class LockTarget(StrEnum):
    ADVISER = "adviser"
    REGISTRATION = "registration"
    CONTRACT = "contract"


_ADVISER_OF = {
    LockTarget.ADVISER: "{id}::uuid",
    LockTarget.REGISTRATION: "(SELECT adviser_id FROM registration WHERE id = {id}::uuid{owner})",
    LockTarget.CONTRACT: "(SELECT adviser_id FROM contract WHERE id = {id}::uuid)",
}


@dataclass(frozen=True, slots=True)
class AdviserLock:
    """The adviser's row is locked `FOR NO KEY UPDATE`: `FOR UPDATE` deadlocks with the foreign-key checks of inserts.

    `owner` is the training organisation that asks: registrations of others are not found. None finds all.
    """

    target: LockTarget
    id: UUID
    owner: UUID | None = None

    @property
    def adviser(self) -> str:
        """SQL for the adviser's id. Only the hexadecimal digits of UUIDs are written into it."""
        owner = f" AND training_organisation_id = '{self.owner.hex}'" if self.owner else ""
        return _ADVISER_OF[self.target].format(id=f"'{self.id.hex}'", owner=owner)

    @property
    def audit_subjects(self) -> tuple[str, ...]:
        """SQL for the ids that the audit entry keeps: the adviser's, and the one given."""
        return (self.adviser,) if self.target is LockTarget.ADVISER else (self.adviser, f"'{self.id.hex}'")

    @property
    def adviser_from_parameter(self) -> str:
        """SQL for the adviser's id with the id given as `$1`: one text for every id, so that it is prepared once."""
        return _ADVISER_OF[self.target].format(id="$1", owner="")


class NotFound(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The target of the lock does not exist, or is not the caller's."""

    def __init__(self, target: str) -> None:
        super().__init__(f"no such {target}")
        self.target = target
