"""The events of one registration: what they say of it, and to whom (section 9)."""

from collections.abc import Mapping

from app.domain.decisions.refusals import Actor, Refusal
from app.domain.event_recipients import email_recipients
from app.domain.events import Event, EventType, Subject
from app.domain.facts.adviser import AdviserId
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Funding, Payer

# An OPCO pays for an employer, which has to ask it.
PAID_BY_EMPLOYER = frozenset({Payer.EMPLOYER, Payer.OPCO})
BETWEEN_ADVISER_AND_PLATFORM = frozenset({EventType.REGISTRATION_REGULARISABLE, EventType.REGISTRATION_CHOICE_REMINDED})
# The State paid for days that the employer had freed, and that are not those any more.
LEAVES_DAYS = frozenset({EventType.REGISTRATION_RESCHEDULED, EventType.SESSION_MOVED, EventType.SESSION_CANCELLED})
NOTHING_ELSE: Mapping[str, object] = {}


def registration_event(
    event_type: EventType,
    adviser: AdviserId,
    registration: Registration,
    refusals: tuple[Refusal, ...],
    before: Registration | None = None,
    said_besides: Mapping[str, object] = NOTHING_ELSE,
) -> Event:
    """`before` is the registration as it was: an employer that would have paid for it is told as well, and so is one
    that was to free the adviser on days that a funded session leaves, or that nobody chose to give up. `said_besides`
    is what the event says that the registration does not, such as days missed (`absences`)."""
    moved_from = before if event_type in LEAVES_DAYS or "cancelled_because" in said_besides else None
    concerns_organisation = event_type not in BETWEEN_ADVISER_AND_PLATFORM
    return Event(
        event_type,
        Subject.REGISTRATION,
        registration.id,
        registration.version,
        adviser,
        registration.request.organisation.id if concerns_organisation else None,
        {
            "status": registration.status,
            "funding": registration.funding,
            "payer": registration.payer,
            "entitlement": registration.entitlement,
            "module_code": registration.request.module.code,
            "session_starts_on": registration.first_day,
            "reasons": [refusal.code for refusal in refusals],
            **_of_published_session(registration),
            **said_besides,
        },
        email_recipients(
            event_type,
            employer_acts=any(refusal.code.who_acts is Actor.EMPLOYER for refusal in refusals),
            employer_pays=any(item is not None and item.payer in PAID_BY_EMPLOYER for item in (before, registration)),
            state_pays=any(item is not None and item.funding is Funding.STATE for item in (moved_from, registration)),
            days_missed=bool(said_besides.get("absences")),
        ),
    )


def _of_published_session(registration: Registration) -> Mapping[str, object]:
    """Nothing when the registration carries its own dates."""
    session = registration.request.session.id
    return {"session_id": session, "seat": registration.seat} if session is not None else {}
