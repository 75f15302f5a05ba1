"""The row lock that a transaction opens with: one adviser's, named directly, or by a registration, contract or
result of an exam.

Whoever locks an adviser raises the version of the file, written or not: registrations that were decided without a lock
are written only while the version is the one that was read (persistence/registration_batches.py).
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

# Complete it by WHERE. It locks as `FOR NO KEY UPDATE` does: the lock of `FOR UPDATE` would deadlock with the
# foreign-key checks of inserts.
LOCK_ADVISER = "UPDATE adviser SET file_version = file_version + 1"


class LockTarget(StrEnum):
    ADVISER = "adviser"
    REGISTRATION = "registration"
    CONTRACT = "contract"
    CERTIFICATION = "certification"


_ADVISER_OF = {
    LockTarget.ADVISER: "{id}::uuid",
    LockTarget.REGISTRATION: "(SELECT adviser_id FROM registration WHERE id = {id}::uuid{owner})",
    LockTarget.CONTRACT: "(SELECT adviser_id FROM contract WHERE id = {id}::uuid)",
    LockTarget.CERTIFICATION: "(SELECT adviser_id FROM certification WHERE id = {id}::uuid{owner})",
}


@dataclass(frozen=True, slots=True)
class AdviserLock:
    """The adviser's row is locked until the transaction ends (LOCK_ADVISER).

    `owner` is the training organisation that asks: registrations and results of others are not found. None finds all.
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
