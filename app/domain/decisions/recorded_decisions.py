"""A decision with the facts that it read: enough to take it again."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.decisions.admission import Decision, decide, decide_past_registration, promote
from app.domain.decisions.derogations import Derogation, derogate
from app.domain.decisions.refusals import Reason
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Request
from app.domain.facts.registration_terms import RegistrationId

RULES_VERSION = 2
"""Of the rules in this room: raised whenever one of them would answer otherwise. A decision names the version that took
it; those of an earlier one are kept, shown as such, and not taken again."""


class Cause(StrEnum):
    """Why a decision was taken."""

    REQUEST = "request"
    RE_EXAMINATION = "re_examination"
    RESCHEDULED = "rescheduled"
    FILE_CHANGED = "file_changed"
    """The contracts, or what the person had used under an earlier file."""
    INITIAL_TRAINING_CHANGED = "initial_training_changed"
    EXEMPTION_CHANGED = "exemption_changed"
    SCHEME_CHANGED = "scheme_changed"
    DEPARTMENT_CHANGED = "department_changed"
    PROMOTION = "promotion"
    DEROGATION = "derogation"
    """A person decided."""
    IMPORT = "import"
    """Its session was held before this service knew of it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a decision read, but the policy that its version names. `reopened` are the only reasons that were
    read again (section 4.5), None: all; `derogation` is what a person decided, None when the rules did."""

    file: AdviserFile
    request: Request
    reopened: tuple[Reason, ...] | None = None
    derogation: Derogation | None = None


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A decision of one registration, and its cause."""

    registration_id: RegistrationId
    cause: Cause
    facts: Facts
    decision: Decision


def replay(cause: Cause, facts: Facts, policies: Policies) -> Decision | None:
    """Take a past decision of this version of the rules again from its facts; None when a promotion would not be made.

    Raise ReasonsRemain when a derogation would not be granted.
    """
    policy = policies.on(facts.request.session.starts_on)
    if facts.derogation is not None:
        return derogate(facts.file, facts.request, facts.derogation, policy)
    if cause is Cause.PROMOTION:
        return promote(facts.file, facts.request, policy)
    if cause is Cause.IMPORT:
        return decide_past_registration(facts.file, facts.request, policy)
    return decide(facts.file, facts.request, policy, facts.reopened)
