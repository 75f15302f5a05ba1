"""Who gets an e-mail about an event (section 9, the table)."""

from collections.abc import Mapping

from app.domain.events import EventType, Recipient

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
        EventType.SESSION_MOVED,
        EventType.SUPPORT_REQUEST_OPENED,
        EventType.SUPPORT_REQUEST_ANSWERED,
    }
)
EMPLOYER_TOLD_WHEN_IT_PAYS = frozenset(
    {
        EventType.REGISTRATION_KEPT_UNFUNDED,
        EventType.REGISTRATION_CANCELLED,
        EventType.REGISTRATION_DEROGATED,
        EventType.SESSION_CANCELLED,
        EventType.SUPPORT_REQUEST_OPENED,
        EventType.SUPPORT_REQUEST_ANSWERED,
    }
)
# It then acts as well: it frees the adviser, or needs to no more when nobody chose to cancel.
EMPLOYER_TOLD_WHEN_THE_STATE_PAYS = frozenset(
    {
        EventType.REGISTRATION_ACCEPTED,
        EventType.REGISTRATION_CANCELLED,
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
