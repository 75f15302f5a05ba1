"""A support request (demande au support): what a person is asked to look at, and the moves it allows (section 5bis)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from app.domain.errors import InvalidTransition
from app.domain.facts.policy import Policies


class SupportRequestKind(StrEnum):
    """A decision is contested; or an absence, modules not followed, an initial training not begun are justified."""

    CONTESTATION = "contestation"
    JUSTIFICATION = "justification"


class SupportRequestStatus(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class SupportEffect(StrEnum):
    """What granting a request does, beside saying so."""

    DEROGATION = "derogation"
    CARRY_OVER = "carry_over"
    ATTENDANCE = "attendance"
    ANNULMENT = "annulment"


class Requester(StrEnum):
    """Who opened it: the adviser by a personal link, or whoever did for them, named as roles are."""

    ADVISER = "adviser"
    PLATFORM = "platform"
    TRAINING_ORGANISATION = "training_organisation"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class SupportRequest:
    kind: SupportRequestKind
    status: SupportRequestStatus

    def _check_transition(self, move: str) -> None:
        if self.status is not SupportRequestStatus.OPEN:
            raise InvalidTransition(move, self.status)

    def answered(self, *, granted: bool) -> "SupportRequest":
        """Looked at by a person, once. Raise InvalidTransition unless open."""
        self._check_transition("answer")
        return replace(self, status=SupportRequestStatus.GRANTED if granted else SupportRequestStatus.REJECTED)

    def withdrawn(self) -> "SupportRequest":
        """Given up by whoever opened it. Raise InvalidTransition unless open."""
        self._check_transition("withdrawal")
        return replace(self, status=SupportRequestStatus.WITHDRAWN)


def answer_due_on(opened_on: date, policies: Policies) -> date:
    """The last day to answer, included: `support.answer_days` days after the civil day of the opening, by the policy in
    force on that day. A later policy does not move the deadline of a request already open."""
    return opened_on + timedelta(days=policies.on(opened_on).support.answer_days)
