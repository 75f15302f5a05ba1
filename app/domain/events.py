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
    SUPPORT_REQUEST = "support_request"


class Recipient(StrEnum):
    """Who may be written to (section 9). `support` is whoever administers."""

    ADVISER = "adviser"
    EMPLOYER = "employer"
    TRAINING_ORGANISATION = "training_organisation"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class Event:
    """`training_organisation_id` is the organisation concerned, None when there is none. `recipients` get an e-mail
    (section 9) and webhooks are called, unless `is_history`: it then happened before this service existed."""

    type: EventType
    subject_type: Subject
    subject_id: UUID
    subject_version: int
    adviser_id: AdviserId
    training_organisation_id: TrainingOrganisationId | None
    data: Mapping[str, object]
    recipients: tuple[Recipient, ...] = ()
    is_history: bool = False


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
    (R17).

    Of a derogation that the State funds the employer must act as well: it frees the adviser.
    """
    adviser, employer, organisation, support = Recipient
    match event_type:
        case (
            EventType.REGISTRATION_OVER_QUOTA
            | EventType.REGISTRATION_FUNDED
            | EventType.CERTIFICATION_RECORDED
            | EventType.CERTIFICATION_ANNULLED
        ):
            tells_employer = False
        case EventType.REGISTRATION_ACCEPTED | EventType.REGISTRATION_RESCHEDULED:
            tells_employer = state_pays
        case EventType.REGISTRATION_REFUSED:
            tells_employer = employer_acts
        case EventType.REGISTRATION_KEPT_UNFUNDED | EventType.REGISTRATION_CANCELLED:
            tells_employer = employer_pays
        case EventType.REGISTRATION_DEROGATED:
            tells_employer = employer_acts or employer_pays or state_pays
        case EventType.SUPPORT_REQUEST_OPENED | EventType.SUPPORT_REQUEST_ANSWERED:
            tells_employer = employer_acts or employer_pays
        case (
            EventType.REGISTRATION_ABSENCE_RECORDED
            | EventType.REGISTRATION_ATTENDANCE_CORRECTED
            | EventType.REGISTRATION_PATH_DETERMINED
            | EventType.CERTIFICATION_DUE
        ):
            tells_employer = True
        case EventType.REGISTRATION_COMPLETED:
            return (adviser, employer, organisation) if days_missed else (organisation,)
        case (
            EventType.REGISTRATION_REGULARISABLE
            | EventType.REGISTRATION_CHOICE_REMINDED
            | EventType.ENTITLEMENT_EXPIRING
        ):
            return (adviser,)
        case EventType.REGISTRATION_REGULARISATION_NOTIFIED:
            return (organisation,)
        case EventType.ENTITLEMENT_CARRIED_OVER | EventType.INITIAL_TRAINING_OWED:
            return adviser, employer
        case EventType.ADVISER_ANONYMISED:
            return ()
        case EventType.ADVISER_RETURNED:  # pragma: no branch  # the last type
            return (support,)
    return (adviser, employer, organisation) if tells_employer else (adviser, organisation)


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
