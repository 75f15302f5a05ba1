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


_ADVISER, _EMPLOYER, _ORGANISATION, _SUPPORT = Recipient
# The table of section 9: whoever is always written to.
ALWAYS_TOLD: Mapping[EventType, tuple[Recipient, ...]] = {
    EventType.REGISTRATION_ACCEPTED: (_ADVISER, _ORGANISATION),
    EventType.REGISTRATION_REFUSED: (_ADVISER, _ORGANISATION),
    EventType.REGISTRATION_OVER_QUOTA: (_ADVISER, _ORGANISATION),
    EventType.REGISTRATION_KEPT_UNFUNDED: (_ADVISER, _ORGANISATION),
    EventType.REGISTRATION_CANCELLED: (_ADVISER, _ORGANISATION),
    EventType.REGISTRATION_FUNDED: (_ADVISER, _ORGANISATION),
    EventType.REGISTRATION_REGULARISABLE: (_ADVISER,),
    EventType.REGISTRATION_REGULARISATION_NOTIFIED: (_ORGANISATION,),
    EventType.REGISTRATION_RESCHEDULED: (_ADVISER, _ORGANISATION),
    EventType.REGISTRATION_COMPLETED: (_ORGANISATION,),
    EventType.REGISTRATION_ABSENCE_RECORDED: (_ADVISER, _EMPLOYER, _ORGANISATION),
    EventType.REGISTRATION_ATTENDANCE_CORRECTED: (_ADVISER, _EMPLOYER, _ORGANISATION),
    EventType.REGISTRATION_CHOICE_REMINDED: (_ADVISER,),
    EventType.REGISTRATION_DEROGATED: (_ADVISER, _ORGANISATION),
    EventType.REGISTRATION_PATH_DETERMINED: (_ADVISER, _EMPLOYER, _ORGANISATION),
    EventType.REGISTRATION_SEAT_GIVEN: (_ADVISER, _ORGANISATION),
    # To each person about their registration; the organisation gets one summary about the session.
    EventType.SESSION_CONFIRMED: (_ADVISER,),
    EventType.SESSION_CANCELLED: (_ADVISER,),
    EventType.SESSION_MOVED: (_ADVISER,),
    EventType.SESSION_PUBLISHED: (),
    EventType.SESSION_CHANGED: (),
    EventType.CERTIFICATION_RECORDED: (_ADVISER, _ORGANISATION),
    EventType.CERTIFICATION_ANNULLED: (_ADVISER, _ORGANISATION),
    EventType.CERTIFICATION_DUE: (_ADVISER, _EMPLOYER, _ORGANISATION),
    EventType.ENTITLEMENT_CARRIED_OVER: (_ADVISER, _EMPLOYER),
    EventType.ENTITLEMENT_EXPIRING: (_ADVISER,),
    EventType.INITIAL_TRAINING_OWED: (_ADVISER, _EMPLOYER),
    EventType.SUPPORT_REQUEST_OPENED: (_ADVISER, _ORGANISATION),
    EventType.SUPPORT_REQUEST_ANSWERED: (_ADVISER, _ORGANISATION),
    EventType.ADVISER_ANONYMISED: (),
    EventType.ADVISER_RETURNED: (_SUPPORT,),
}
EMPLOYER_TOLD_WHEN_IT_ACTS = frozenset(
    {
        EventType.REGISTRATION_REFUSED,
        EventType.REGISTRATION_DEROGATED,
        EventType.SUPPORT_REQUEST_OPENED,
        EventType.SUPPORT_REQUEST_ANSWERED,
    }
)
EMPLOYER_TOLD_WHEN_IT_PAYS = frozenset(
    {
        EventType.REGISTRATION_KEPT_UNFUNDED,
        EventType.REGISTRATION_CANCELLED,
        EventType.REGISTRATION_DEROGATED,
        EventType.SUPPORT_REQUEST_OPENED,
        EventType.SUPPORT_REQUEST_ANSWERED,
    }
)
# It then acts as well: it frees the adviser.
EMPLOYER_TOLD_WHEN_THE_STATE_PAYS = frozenset(
    {
        EventType.REGISTRATION_ACCEPTED,
        EventType.REGISTRATION_RESCHEDULED,
        EventType.REGISTRATION_DEROGATED,
        EventType.REGISTRATION_SEAT_GIVEN,
        EventType.SESSION_CONFIRMED,
        EventType.SESSION_CANCELLED,
        EventType.SESSION_MOVED,
    }
)


def email_recipients(
    event_type: EventType,
    *,
    employer_acts: bool = False,
    employer_pays: bool = False,
    state_pays: bool = False,
    days_missed: bool = False,
) -> tuple[Recipient, ...]:
    """Who gets an e-mail (section 9): the employer, of some events, only when it must act, when it pays, or when the
    State does. `days_missed`: a training was followed but for some days, which adviser and employer have to justify
    (R17)."""
    told = {*ALWAYS_TOLD[event_type]}
    if (
        (employer_acts and event_type in EMPLOYER_TOLD_WHEN_IT_ACTS)
        or (employer_pays and event_type in EMPLOYER_TOLD_WHEN_IT_PAYS)
        or (state_pays and event_type in EMPLOYER_TOLD_WHEN_THE_STATE_PAYS)
    ):
        told.add(_EMPLOYER)
    if days_missed and event_type is EventType.REGISTRATION_COMPLETED:
        told |= {_ADVISER, _EMPLOYER}
    return tuple(recipient for recipient in Recipient if recipient in told)


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
