"""What happened, in the past tense (section 9): ids, statuses and codes, never a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.domain.facts.adviser import AdviserId
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Funding, Status
from app.domain.facts.training_organisation import TrainingOrganisationId


class EventType(StrEnum):
    REGISTRATION_ACCEPTED = "registration.accepted"
    REGISTRATION_REFUSED = "registration.refused"
    REGISTRATION_OVER_QUOTA = "registration.over_quota"
    REGISTRATION_KEPT_UNFUNDED = "registration.kept_unfunded"
    REGISTRATION_CANCELLED = "registration.cancelled"
    REGISTRATION_FUNDED = "registration.funded"
    REGISTRATION_REGULARISABLE = "registration.regularisable"
    REGISTRATION_REGULARISATION_NOTIFIED = "registration.regularisation_notified"
    REGISTRATION_RESCHEDULED = "registration.rescheduled"
    REGISTRATION_COMPLETED = "registration.completed"
    REGISTRATION_ABSENCE_RECORDED = "registration.absence_recorded"
    REGISTRATION_ATTENDANCE_CORRECTED = "registration.attendance_corrected"
    REGISTRATION_CHOICE_REMINDED = "registration.choice_reminded"
    REGISTRATION_DEROGATED = "registration.derogated"
    REGISTRATION_PATH_DETERMINED = "registration.path_determined"
    REGISTRATION_SEAT_GIVEN = "registration.seat_given"
    SESSION_PUBLISHED = "session.published"
    SESSION_CHANGED = "session.changed"
    SESSION_CONFIRMED = "session.confirmed"
    SESSION_CANCELLED = "session.cancelled"
    SESSION_MOVED = "session.moved"
    CERTIFICATION_RECORDED = "certification.recorded"
    CERTIFICATION_ANNULLED = "certification.annulled"
    CERTIFICATION_DUE = "certification.due"
    ENTITLEMENT_CARRIED_OVER = "entitlement.carried_over"
    ENTITLEMENT_EXPIRING = "entitlement.expiring"
    INITIAL_TRAINING_OWED = "initial_training.owed"
    SUPPORT_REQUEST_OPENED = "support_request.opened"
    SUPPORT_REQUEST_ANSWERED = "support_request.answered"
    ADVISER_ANONYMISED = "adviser.anonymised"
    ADVISER_RETURNED = "adviser.returned"


# About the person rather than one registration: sent to every training organisation with a registration of the adviser
# that is not cancelled; an anonymisation, also to those with a cancelled one.
SENT_TO_ALL_CONCERNED = frozenset(
    {
        EventType.CERTIFICATION_RECORDED,
        EventType.CERTIFICATION_ANNULLED,
        EventType.CERTIFICATION_DUE,
        EventType.ADVISER_ANONYMISED,
    }
)

# An organisation can cause these again and again with the same outcome: the same outcome is e-mailed once.
EMAILED_ONCE = frozenset(
    {
        EventType.REGISTRATION_REFUSED,
        EventType.REGISTRATION_REGULARISATION_NOTIFIED,
        EventType.REGISTRATION_PATH_DETERMINED,
    }
)

# Their e-mails convene whoever has a seat in a session that will be held.
CONVENING = frozenset({EventType.SESSION_CONFIRMED, EventType.SESSION_MOVED, EventType.REGISTRATION_SEAT_GIVEN})

WILDCARD_SUFFIX = ".*"


def types_matching(pattern: str) -> frozenset[EventType]:
    """`registration.accepted` names one type, `registration.*` all that begin so; none when there is no such type."""
    if pattern.endswith(WILDCARD_SUFFIX):
        return frozenset(item for item in EventType if item.startswith(pattern.removesuffix("*")))
    return frozenset(item for item in EventType if item == pattern)


class Subject(StrEnum):
    REGISTRATION = "registration"
    CERTIFICATION = "certification"
    ADVISER = "adviser"
    SESSION = "session"
    SUPPORT_REQUEST = "support_request"


class Recipient(StrEnum):
    """Who may be written to (section 9). `support` is whoever administers."""

    ADVISER = "adviser"
    EMPLOYER = "employer"
    TRAINING_ORGANISATION = "training_organisation"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class Event:
    """`adviser_id` is None when it is about a session as a whole; `training_organisation_id` is the organisation
    concerned, None when there is none. `recipients` get an e-mail
    (section 9) and webhooks are called, unless `is_history`: it then happened before this service existed."""

    type: EventType
    subject_type: Subject
    subject_id: UUID
    subject_version: int
    adviser_id: AdviserId | None
    training_organisation_id: TrainingOrganisationId | None
    data: Mapping[str, object]
    recipients: tuple[Recipient, ...] = ()
    is_history: bool = False


def event_type_of_change(before: Registration | None, after: Registration) -> EventType | None:
    """The event that announces what a decision changed; None when nobody has to be told."""
    if before is not None and (before.status, before.entitlement) == (after.status, after.entitlement):
        return None
    if after.status is Status.ACCEPTED:
        waited = before is not None and before.status is Status.AWAITING_CHOICE
        promoted = waited and after.funding is Funding.STATE
        return EventType.REGISTRATION_FUNDED if promoted else EventType.REGISTRATION_ACCEPTED
    return event_type_of_decision(after)


def event_type_of_decision(registration: Registration) -> EventType | None:
    """The event of a registration just decided, whatever it was before; None for a status that no decision gives."""
    return {
        Status.ACCEPTED: EventType.REGISTRATION_ACCEPTED,
        Status.REFUSED: EventType.REGISTRATION_REFUSED,
        Status.AWAITING_CHOICE: EventType.REGISTRATION_OVER_QUOTA,
    }.get(registration.status)
