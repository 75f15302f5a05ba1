"""What a change of the file opens again: each cause only the reasons that it concerns (section 4.5, the table)."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.decisions.recorded_decisions import Cause
from app.domain.decisions.refusals import Reason
from app.domain.facts.adviser_file import AdviserFile

CONTRACT_REASONS = frozenset(
    {
        Reason.NOT_IN_POST,
        Reason.DS_FILE_MISSING,
        Reason.CONTRACT_NOT_UPLOADED,
        Reason.RECRUITMENT_NOT_VALIDATED,
        Reason.RENEWAL_NOT_VALIDATED,
        Reason.ACCREDITATION_MISSING,
    }
)
INITIAL_TRAINING_REASONS = frozenset({Reason.INITIAL_TRAINING_ALREADY_FUNDED, Reason.INITIAL_TRAINING_NOT_STARTED})
EXEMPTION_REASONS = frozenset({Reason.INITIAL_TRAINING_NOT_STARTED})
DEPARTMENT_REASONS = frozenset({Reason.TERRITORY_NOT_COVERED})
LEAVING_REASONS = frozenset({Reason.OUTSIDE_SCHEME})
EVERY_REASON = frozenset(Reason)
NO_REASON = frozenset[Reason]()


@dataclass(frozen=True, slots=True)
class Reopening:
    """The reasons that are read again, and the cause that the decisions name."""

    cause: Cause
    reasons: frozenset[Reason]

    @property
    def in_order(self) -> tuple[Reason, ...]:
        """As the table of section 3 has them."""
        return tuple(reason for reason in Reason if reason in self.reasons)


def _reopenings(before: AdviserFile, after: AdviserFile) -> Iterator[Reopening]:
    if before.adviser.in_scheme != after.adviser.in_scheme:
        yield Reopening(Cause.SCHEME_CHANGED, EVERY_REASON if after.adviser.in_scheme else LEAVING_REASONS)
    entries = before.entries, after.entries
    if entries[0] != entries[1] and sorted(entries[0]) != sorted(entries[1]):
        yield Reopening(Cause.INITIAL_TRAINING_CHANGED, INITIAL_TRAINING_REASONS)
    if before.certifications is not after.certifications and before.exempted_on != after.exempted_on:
        yield Reopening(Cause.EXEMPTION_CHANGED, EXEMPTION_REASONS)
    if before.contracts is not after.contracts and frozenset(before.contracts) != frozenset(after.contracts):
        yield Reopening(Cause.FILE_CHANGED, CONTRACT_REASONS)
    if before.adviser.department != after.adviser.department:
        yield Reopening(Cause.DEPARTMENT_CHANGED, DEPARTMENT_REASONS)
    if before.former != after.former:
        yield Reopening(Cause.FILE_CHANGED, NO_REASON)


def reopening(before: AdviserFile, after: AdviserFile) -> Reopening | None:
    """All that the change from one file to the other opens again, under its first cause; None when no rule reads what
    changed."""
    found = tuple(_reopenings(before, after))
    return Reopening(found[0].cause, frozenset[Reason]().union(*(each.reasons for each in found))) if found else None
